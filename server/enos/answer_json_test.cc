#include "server/enos/answer_json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "server/enos/mend_json.h"

namespace enos::gateway {
namespace {

using namespace std::string_literals;

std::string Repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

struct BodyCase {
  std::string name;
  std::string body;
};

void PrintTo(const BodyCase& c, std::ostream* out) { *out << c.name; }

class NoAnswerTest : public testing::TestWithParam<BodyCase> {};

TEST_P(NoAnswerTest, IsNotReadAtAll) {
  EXPECT_FALSE(ReadAnswerMembers(GetParam().body).has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, NoAnswerTest,
    testing::Values(
        BodyCase{"Empty", ""}, BodyCase{"Spaces", "  \r\n"}, BodyCase{"Html", "<html>503</html>"},
        BodyCase{"Text", "Service Unavailable"}, BodyCase{"Null", "null"}, BodyCase{"Number", "0"},
        BodyCase{"String", R"("{}")"}, BodyCase{"Array", R"([{"code":0}])"},
        BodyCase{"Truncated", R"({"code":0,"msg":"OK")"},
        BodyCase{"TruncatedString", R"({"code":0,"msg":"O)"},
        BodyCase{"TrailingComma", R"({"code":0,})"},
        BodyCase{"TwoObjects", R"({"code":0}{"code":1})"},
        BodyCase{"TrailingText", R"({"code":0} OK)"}, BodyCase{"SingleQuotes", "{'code':0}"},
        BodyCase{"Comment", R"({"code":0/**/})"}, BodyCase{"NaN", R"({"code":NaN})"},
        BodyCase{"LeadingZero", R"({"code":007})"}, BodyCase{"Plus", R"({"code":+1})"},
        BodyCase{"NotUtf8OutsideStrings", "{\"code\":0,\xFF\"msg\":1}"},
        BodyCase{"BackslashOutsideStrings", R"({"code":\u0030})"},
        BodyCase{"ControlOutsideStrings", "{\"code\":0\x01}"},
        BodyCase{"BackslashBeforeTheEnd", R"({"code":0,"msg":"C:\"})"},
        BodyCase{"CutAfterASpoiltText", R"({"code":0,"msg":"\ud83d)"},
        BodyCase{"CutInAnEscape", R"({"code":0,"msg":"\ud8)"},
        BodyCase{"TooBigAndBroken", R"({"code":0,"x":1e999.5})"},
        BodyCase{"SpoiltAndTooDeep",
                 R"({"m":"\ud83d","x":)" + Repeat("[", 64) + Repeat("]", 64) + "}"},
        BodyCase{"TooBigBehindAPlus", R"({"code":0,"x":+1e999})"},
        BodyCase{"SpoiltArray", R"(["\ud83d"])"}, BodyCase{"SpoiltString", R"("\ud83d")"},
        BodyCase{"TooBigAlone", "1e999"}, BodyCase{"TwoMarks", "\xEF\xBB\xBF\xEF\xBB\xBF{}"},
        BodyCase{"Utf16", "{\0\"\0c\0\"\0:\0001\0}\0"s},
        BodyCase{"NulThenMore", "{\"code\":0}\0{\"code\":1}"s},
        BodyCase{"NulAfterwards", "{\"code\":0}\0"s},
        BodyCase{"TooDeep", R"({"x":)" + Repeat("[", 64) + Repeat("]", 64) + "}"},
        BodyCase{"MillionBrackets", Repeat("[", 1 << 20)},
        BodyCase{"MillionNestedObjects", Repeat(R"({"a":)", 1 << 18)}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(ReadAnswerMembersTest, PicksEveryWantedMember) {
  const auto members = ReadAnswerMembers(
      R"({"code":1,"status":"2","stauts":3,"msg":"m","submsg":"s","requestId":"r","x":{"code":9},)"
      R"("data":{"flowInstanceId":"f","accessToken":"t","expire":7.5,"code":8}})");
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(members->code, JsonScalar(int64_t{1}));
  EXPECT_EQ(members->status, JsonScalar("2"s));
  EXPECT_EQ(members->stauts, JsonScalar(int64_t{3}));
  EXPECT_EQ(members->msg, JsonScalar("m"s));
  EXPECT_EQ(members->submsg, JsonScalar("s"s));
  EXPECT_EQ(members->request_id, JsonScalar("r"s));
  EXPECT_EQ(members->flow_instance_id, JsonScalar("f"s));
  EXPECT_EQ(members->access_token, JsonScalar("t"s));
  EXPECT_EQ(members->expire, JsonScalar(7.5));
}

TEST(ReadAnswerMembersTest, EmptyObjectHasNone) {
  const auto members = ReadAnswerMembers("{}");
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(members->code, JsonScalar());
  EXPECT_EQ(members->flow_instance_id, JsonScalar());
}

struct CodeCase {
  std::string name;
  std::string body;
  JsonScalar code = {};
  JsonScalar id = {};
};

void PrintTo(const CodeCase& c, std::ostream* out) { *out << c.name; }

class PickedMembersTest : public testing::TestWithParam<CodeCase> {};

TEST_P(PickedMembersTest, AreTheseOnes) {
  const auto members = ReadAnswerMembers(GetParam().body);
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(members->code, GetParam().code);
  EXPECT_EQ(members->flow_instance_id, GetParam().id);
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, PickedMembersTest,
    testing::Values(
        CodeCase{"Negative", R"({"code":-5})", int64_t{-5}},
        CodeCase{"Largest", R"({"code":9223372036854775807})", INT64_MAX},
        CodeCase{"Smallest", R"({"code":-9223372036854775808})", INT64_MIN},
        CodeCase{"AboveInt64", R"({"code":9223372036854775808})", 9223372036854775808.0},
        CodeCase{"AboveUint64", R"({"code":99999999999999999999})", 1e20},
        CodeCase{"Double", R"({"code":0.0})", 0.0}, CodeCase{"True", R"({"code":true})"},
        CodeCase{"Null", R"({"code":null})"}, CodeCase{"Object", R"({"code":{"code":1}})"},
        CodeCase{"Array", R"({"code":[1]})"},
        CodeCase{"OtherCase", R"({"Code":1,"CODE":2,"code ":3})"},
        CodeCase{"EscapedName", R"({"\u0063ode":4})", int64_t{4}},
        CodeCase{"InArrayOnly", R"({"x":[{"code":1}]})"},
        CodeCase{"LastOneCounts", R"({"code":1,"code":2})", int64_t{2}},
        CodeCase{"LastOneCountsOfAnyType", R"({"code":1,"code":[2]})"},
        CodeCase{"AfterNesting", R"({"x":{"data":{"flowInstanceId":"no"}},"code":1})", int64_t{1}},
        CodeCase{"DataArray", R"({"data":[{"flowInstanceId":"no"}]})"},
        CodeCase{"DataString", R"({"data":"{\"flowInstanceId\":\"no\"}"})"},
        CodeCase{"IdAtTheTop", R"({"flowInstanceId":"no"})"},
        CodeCase{"IdTooDeep", R"({"data":{"data":{"flowInstanceId":"no"}}})"},
        CodeCase{"OtherObject", R"({"data":{},"x":{"flowInstanceId":"no"}})"},
        CodeCase{"LastDataCounts",
                 R"({"data":{"flowInstanceId":"a"},"data":{"flowInstanceId":"b"}})",
                 {},
                 "b"s},
        CodeCase{"LastDataCountsAsAWhole", R"({"data":{"flowInstanceId":"a"},"data":null})"},
        CodeCase{"IdEscapes",
                 R"({"data":{"flowInstanceId":"\u00fc\ud83d\ude00\"\u0000"}})",
                 {},
                 "ü😀\"\0"s},
        CodeCase{
            "LowSurrogateAlone", R"({"data":{"flowInstanceId":"\udc00"}})", {}, "\xED\xB0\x80"s},
        CodeCase{"ByteOrderMark", "\xEF\xBB\xBF{\"code\":1}", int64_t{1}},
        CodeCase{"Spaces", " \r\n\t{ \"code\" : 1 } \n", int64_t{1}},
        CodeCase{"DeepestAllowed", R"({"x":)" + Repeat("[", 63) + Repeat("]", 63) + R"(,"code":1})",
                 int64_t{1}}),
    [](const auto& param_info) { return param_info.param.name; });

// What may stand for PART in a body: a JSON value that cannot be read.
struct SpoiltPart {
  std::string name;
  std::string json;
};

void PrintTo(const SpoiltPart& part, std::ostream* out) { *out << part.name; }

std::vector<SpoiltPart> SpoiltParts() {
  return {{"HighSurrogateAlone", R"("\ud83d")"},
          {"HighSurrogateTwice", R"("\ud83d\ud83d\ude00")"},
          {"LineBreak", "\"a\r\nb\""},
          {"Tab", "\"a\tb\""},
          {"Nul", "\"a\0b\""s},
          {"NoEscape", R"("\x41")"},
          {"NoUnicodeEscape", R"("\u12")"},
          {"NotUtf8", "\"\xFF\""},
          {"Latin1",
           "\"Stra\xDF"
           "e\""},
          {"CutCharacter", "\"\xE5\xAE\""},
          {"OverlongQuote", "\"\xC0\xA2\""},
          {"SurrogateBytes", "\"\xED\xA0\x80\""},
          {"NumberTooBig", "1e999"},
          {"NumberFarBelow", "-1e999"},
          {"NumberOfManyDigits", std::string(400, '9')},
          {"Member", "{\"\\ud83d\xFF\n\":1e999}"},
          {"CodeInside", R"({"code":7,"status":7,"x":"\ud83d"})"},
          {"Deep", Repeat("[", 60) + R"({"code":"\ud83d"})" + Repeat("]", 60)}};
}

class SpoiltPartTest : public testing::TestWithParam<SpoiltPart> {
 protected:
  // The body with the spoilt part for each PART in it.
  static std::optional<AnswerMembers> Read(std::string body) {
    const std::string part = "PART";
    for (size_t at = body.find(part); at != std::string::npos; at = body.find(part)) {
      body.replace(at, part.size(), GetParam().json);
    }
    return ReadAnswerMembers(body);
  }
};

TEST_P(SpoiltPartTest, SpoilsNothingBeforeIt) {
  const auto members =
      Read(R"({"code":5,"status":"6","data":{"flowInstanceId":"i"},"msg":PART,"submsg":PART})");
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(members->code, JsonScalar(int64_t{5}));
  EXPECT_EQ(members->status, JsonScalar("6"s));
  EXPECT_EQ(members->flow_instance_id, JsonScalar("i"s));
}

TEST_P(SpoiltPartTest, SpoilsNothingBehindIt) {
  const auto members =
      Read(R"({"msg":PART,"data":{"x":PART,"flowInstanceId":"i","y":[PART]},"status":5})");
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(members->code, JsonScalar());
  EXPECT_EQ(members->status, JsonScalar(int64_t{5}));
  EXPECT_EQ(members->flow_instance_id, JsonScalar("i"s));
}

TEST_P(SpoiltPartTest, IsNoInteger) {
  const auto members = Read(R"({"code":PART,"data":{"expire":PART}})");
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(IntegerOf(members->code), std::nullopt);
  EXPECT_EQ(IntegerOf(members->expire), std::nullopt);
}

TEST_P(SpoiltPartTest, IsNoPrintableWord) {
  const auto members = Read(R"({"data":{"flowInstanceId":PART}})");
  ASSERT_TRUE(members.has_value());
  EXPECT_FALSE(IsPrintableWord(StringOf(members->flow_instance_id), 1000));
}

TEST_P(SpoiltPartTest, ReplacesAnEarlierMember) {
  const auto members = Read(R"({"code":5,"code":PART})");
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(IntegerOf(members->code), std::nullopt);
}

TEST_P(SpoiltPartTest, IsReplacedByALaterMember) {
  const auto members = Read(R"({"code":PART,"data":PART,"code":5,"data":{"flowInstanceId":"i"}})");
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(members->code, JsonScalar(int64_t{5}));
  EXPECT_EQ(members->flow_instance_id, JsonScalar("i"s));
}

INSTANTIATE_TEST_SUITE_P(Parts, SpoiltPartTest, testing::ValuesIn(SpoiltParts()),
                         [](const auto& param_info) { return param_info.param.name; });

TEST(SpoiltNames, AreNoneOfTheWantedOnes) {
  const auto members = ReadAnswerMembers(
      "{\"code\":1,\"code\n\":2,\"co\\de\":3,\"code\\ud83d\":4,\"code\xFF\":5,\"\\code\":6,"
      "\"code\0\":7}"s);
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(members->code, JsonScalar(int64_t{1}));
}

// Random bodies, in pairs: one with parts that are spoilt, and the same one without them.
class RandomBodies {
 public:
  struct Pair {
    std::string spoilt;
    std::string clean;
  };

  Pair Next() {
    pair_ = {};
    Object(3);
    return pair_;
  }

 private:
  size_t Below(size_t limit) { return random_() % limit; }

  void Both(const std::string& text) {
    pair_.spoilt += text;
    pair_.clean += text;
  }

  void Object(int depth) {
    Both("{");
    for (size_t left = Below(6); left > 0; --left) {
      Name();
      Both(":");
      Value(depth);
      Both(left > 1 ? "," : "");
    }
    Both("}");
  }

  void Name() {
    static const std::vector<std::string> names = {"code", "status", "data", "flowInstanceId"};
    if (Below(4) == 0) return Text();
    Both("\"" + names[Below(names.size())] + "\"");
  }

  void Value(int depth) {
    static const std::vector<std::string> scalars = {
        "0",       "7",     "62104", "-1",   "\"62104\"",           "\"0\"",
        "\"1-2\"", "1.5e3", "true",  "null", "99999999999999999999"};
    const size_t kind = Below(6);
    if (kind == 0) return Text();
    if (kind == 1) return Spoil("1e999", "null");
    if (kind > 3 || depth == 0) return Both(scalars[Below(scalars.size())]);
    if (kind == 2) return Object(depth - 1);
    Both("[");
    Value(depth - 1);
    Both("]");
  }

  void Text() {
    static const std::vector<std::string> spoilt = {"\n", "\\ud83d", "\\x", "\xFF", "\xE5", "\0"s};
    static const std::vector<std::string> good = {"a", "\\n", "\\\"", "\\\\", "\\ud83d\\ude00",
                                                  "ü", "7"};
    Both("\"");
    for (size_t left = Below(4); left > 0; --left) {
      if (Below(3) == 0) {
        Spoil(spoilt[Below(spoilt.size())], "?");
      } else {
        Both(good[Below(good.size())]);
      }
    }
    Both("\"");
  }

  void Spoil(const std::string& spoilt, const std::string& clean) {
    pair_.spoilt += spoilt;
    pair_.clean += clean;
  }

  std::mt19937 random_{11};  // the same bodies in every run
  Pair pair_;
};

TEST(RandomBodies, SpoiltPartsChangeNeitherCodeNorId) {
  RandomBodies bodies;
  for (int i = 0; i < 20'000; ++i) {
    const auto [spoilt, clean] = bodies.Next();
    const auto members = ReadAnswerMembers(spoilt);
    const auto expected = ReadAnswerMembers(clean);
    ASSERT_TRUE(members.has_value() && expected.has_value()) << spoilt;
    EXPECT_EQ(ResultCodeOf(members->code, members->status),
              ResultCodeOf(expected->code, expected->status))
        << spoilt;
    if (IsPrintableWord(StringOf(members->flow_instance_id), 256)) {
      EXPECT_EQ(members->flow_instance_id, expected->flow_instance_id) << spoilt;
    }
  }
}

TEST(RandomBodies, WhatIsValidReadsTheSameInBothWays) {
  RandomBodies bodies;
  for (int i = 0; i < 20'000; ++i) {
    const std::string clean = bodies.Next().clean;
    EXPECT_EQ(MendJson(clean), clean);
    const auto lenient = ReadAnswerMembersLeniently(clean);
    const auto members = ReadAnswerMembers(clean);
    ASSERT_TRUE(lenient.has_value() && members.has_value()) << clean;
    EXPECT_EQ(*lenient, *members) << clean;
  }
}

struct IntegerCase {
  JsonScalar scalar;
  std::optional<int64_t> value;
};

class IntegerOfTest : public testing::TestWithParam<IntegerCase> {};

TEST_P(IntegerOfTest, CountsOnlyIntegers) {
  EXPECT_EQ(IntegerOf(GetParam().scalar), GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    Scalars, IntegerOfTest,
    testing::Values(IntegerCase{int64_t{7}, 7}, IntegerCase{"7"s, 7}, IntegerCase{"-7"s, -7},
                    IntegerCase{"+7"s, 7}, IntegerCase{"007"s, 7}, IntegerCase{"-0"s, 0},
                    IntegerCase{"9223372036854775807"s, INT64_MAX},
                    IntegerCase{"-9223372036854775808"s, INT64_MIN},
                    IntegerCase{"9223372036854775808"s, std::nullopt},
                    IntegerCase{""s, std::nullopt}, IntegerCase{"+"s, std::nullopt},
                    IntegerCase{"-"s, std::nullopt}, IntegerCase{"+-7"s, std::nullopt},
                    IntegerCase{"--7"s, std::nullopt}, IntegerCase{" 7"s, std::nullopt},
                    IntegerCase{"7 "s, std::nullopt}, IntegerCase{"7.0"s, std::nullopt},
                    IntegerCase{"7e0"s, std::nullopt}, IntegerCase{"0x7"s, std::nullopt},
                    IntegerCase{"7\0"s, std::nullopt}, IntegerCase{"OK"s, std::nullopt},
                    IntegerCase{7.0, std::nullopt}, IntegerCase{{}, std::nullopt}));

struct ResultCodeCase {
  JsonScalar first;
  JsonScalar second;
  std::optional<int64_t> code;
};

class ResultCodeOfTest : public testing::TestWithParam<ResultCodeCase> {};

TEST_P(ResultCodeOfTest, FollowsTheContract) {
  EXPECT_EQ(ResultCodeOf(GetParam().first, GetParam().second), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(
    Pairs, ResultCodeOfTest,
    testing::Values(ResultCodeCase{{}, {}, std::nullopt}, ResultCodeCase{int64_t{0}, {}, 0},
                    ResultCodeCase{{}, int64_t{0}, 0}, ResultCodeCase{{}, int64_t{5}, 5},
                    ResultCodeCase{int64_t{5}, {}, 5}, ResultCodeCase{int64_t{0}, int64_t{0}, 0},
                    ResultCodeCase{int64_t{0}, int64_t{5}, 5},
                    ResultCodeCase{int64_t{5}, int64_t{0}, 5},
                    ResultCodeCase{int64_t{5}, int64_t{6}, 5}, ResultCodeCase{"0"s, "5"s, 5},
                    ResultCodeCase{"OK"s, int64_t{5}, 5}, ResultCodeCase{int64_t{5}, "OK"s, 5},
                    ResultCodeCase{0.0, "x"s, std::nullopt}));

}  // namespace
}  // namespace enos::gateway
