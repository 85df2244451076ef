#include "sandbox/faults/spoil.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

constexpr char kBody[] = R"({"code":0,"msg":"OK","data":{"flowInstanceId":"1-2"}})";

Answer Spoiled(const std::string& fault) {
  const auto parsed = ParseFault(fault);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return Spoil(Answer::Json(200, kBody), *parsed, {"code", "/flows?x=y"});
}
std::string Bytes(const Answer& answer) { return AnswerBytes(answer, false, true); }

struct ContentCase {
  std::string name;
  std::string fault;
  int status;
  std::string body;
};
class SpoilContentTest : public testing::TestWithParam<ContentCase> {};

TEST_P(SpoilContentTest, IsAsOrdered) {
  const Answer answer = Spoiled(GetParam().fault);
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_THAT(answer.body, testing::StartsWith(GetParam().body));
  EXPECT_EQ(answer.ending, Ending::kServeNext);
}

INSTANTIATE_TEST_SUITE_P(
    All, SpoilContentTest,
    testing::Values(
        ContentCase{"Nothing", "latency=1s", 200, kBody},
        ContentCase{"Http", "http-503", 503, "injected fault\n"},
        ContentCase{"Code", "code-429", 200, R"({"code":429,"msg":"Resource Exhausted"})"},
        ContentCase{"HttpAndCode", "http-500+code-99400", 500,
                    R"({"code":99400,"msg":"Invalid Argument"})"},
        ContentCase{"Html", "html-502", 502, "<html>"},
        ContentCase{"NotJson", "not-json", 200, "success!"},
        ContentCase{"NotUtf8", "not-utf8", 200, "{\"code\":0,\"msg\":\"\xff"},
        ContentCase{"NoCode", "no-code", 200, R"({"msg":"OK","data":)"},
        ContentCase{"EmptyId", "empty-id", 200,
                    R"({"code":0,"msg":"OK","data":{"flowInstanceId":""}})"},
        ContentCase{"Data", "data=GMT", 200, R"({"code":0,"msg":"OK","data":"GMT"})"},
        ContentCase{"DataEmpty", "data=", 200, R"({"code":0,"msg":"OK","data":""})"},
        ContentCase{"DataNull", "data-null", 200, R"({"code":0,"msg":"OK","data":null})"},
        ContentCase{"DataObject", "data-object", 200, R"({"code":0,"msg":"OK","data":{}})"},
        ContentCase{"DataAbsent", "data-absent", 200, R"({"code":0,"msg":"OK"})"},
        ContentCase{"Deep", "deep", 200, R"({"code":0,"data":[[[[)"},
        ContentCase{"Redirect", "redirect", 307, ""}),
    [](const auto& test) { return test.param.name; });

TEST(Spoil, TooLargeIsTooLarge) { EXPECT_GT(Spoiled("too-large").body.size(), 2'000'000U); }

TEST(Spoil, DateStays) {
  Answer proper = Answer::Json(200, "{}");
  proper.headers.emplace_back("Date", "today");
  for (const char* kind : {"code-497", "http-500", "not-json", "html-502", "trickle"}) {
    const Answer answer = Spoil(proper, *ParseFault(kind), {"status", "/"});
    EXPECT_EQ(FindHeader(answer.headers, "Date"), "today") << kind;
  }
}

TEST(Spoil, HeadersAreAdded) {
  EXPECT_EQ(FindHeader(Spoiled("http-503+retry-after=2").headers, "Retry-After"), "2");
  EXPECT_EQ(FindHeader(Spoiled("redirect").headers, "Location"), "/flows?x=y");
}

struct WireCase {
  std::string fault;
  std::size_t bytes;
  Ending ending;
};
class SpoilWireTest : public testing::TestWithParam<WireCase> {};

TEST_P(SpoilWireTest, IsAsOrdered) {
  const Answer answer = Spoiled(GetParam().fault);
  EXPECT_EQ(Bytes(answer).size(), GetParam().bytes);
  EXPECT_EQ(answer.ending, GetParam().ending);
}

const std::size_t kHead = HeadSize(Answer::Json(200, kBody));
const std::size_t kWhole = kHead + sizeof(kBody) - 1;

INSTANTIATE_TEST_SUITE_P(
    All, SpoilWireTest,
    testing::Values(WireCase{"reset", 0, Ending::kReset}, WireCase{"close", 0, Ending::kClose},
                    WireCase{"hang", 0, Ending::kHold},
                    WireCase{"half-head", kHead / 2, Ending::kClose},
                    WireCase{"half-answer", kHead + (sizeof(kBody) - 1) / 2, Ending::kClose},
                    WireCase{"half-answer-reset", kHead + (sizeof(kBody) - 1) / 2, Ending::kReset},
                    WireCase{"length-too-long", kWhole, Ending::kClose},
                    WireCase{"length-too-short", kWhole, Ending::kClose},
                    WireCase{"trickle", kWhole, Ending::kServeNext},
                    WireCase{"close-silently", kWhole, Ending::kClose},
                    WireCase{"reset-silently", kWhole, Ending::kReset}),
    [](const auto& test) {
      std::string name;
      for (const char c : test.param.fault) name += std::isalnum(c) != 0 ? c : '_';
      return name;
    });

TEST(Spoil, WrongLengthsAreWrong) {
  const std::size_t size = sizeof(kBody) - 1;
  EXPECT_GT(Spoiled("length-too-long").content_length, size);
  EXPECT_LT(Spoiled("length-too-short").content_length, size);
}

TEST(Spoil, TrickleAndAnnouncedClose) {
  EXPECT_EQ(Spoiled("trickle=3ms").trickle_interval, std::chrono::milliseconds(3));
  EXPECT_GT(Spoiled("trickle").trickle_bytes, 0U);
  EXPECT_FALSE(Spoiled("close-after").keep_alive);
}

}  // namespace
}  // namespace enos::sandbox
