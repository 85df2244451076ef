#include "server/enos/answer_json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <string>

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
        BodyCase{"RawLineBreak", "{\"msg\":\"a\nb\"}"}, BodyCase{"BadEscape", R"({"msg":"\x41"})"},
        BodyCase{"HighSurrogateAlone", R"({"msg":"\ud800"})"},
        BodyCase{"NotUtf8", "{\"msg\":\"\xFF\"}"}, BodyCase{"NotUtf8InKey", "{\"\xC0\xAF\":1}"},
        BodyCase{"NotUtf8InIgnored", "{\"x\":[\"\xED\xA0\x80\"],\"code\":0}"},
        BodyCase{"Utf16", "{\0\"\0c\0\"\0:\0001\0}\0"s},
        BodyCase{"NulThenMore", "{\"code\":0}\0{\"code\":1}"s},
        BodyCase{"NulAfterwards", "{\"code\":0}\0"s}, BodyCase{"NulInside", "{\"msg\":\"\0\"}"s},
        BodyCase{"TooDeep", R"({"x":)" + Repeat("[", 64) + Repeat("]", 64) + "}"},
        BodyCase{"MillionBrackets", Repeat("[", 1 << 20)},
        BodyCase{"MillionNestedObjects", Repeat(R"({"a":)", 1 << 18)},
        BodyCase{"NumberTooBig", R"({"code":1e999})"}),
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
