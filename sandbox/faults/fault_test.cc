#include "sandbox/faults/fault.h"

#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

TEST(ParseFault, CombinationIsReadWhole) {
  const auto fault = ParseFault("http-503+code-503+retry-after=2+latency=1s-2sx3");
  ASSERT_TRUE(fault.ok()) << fault.status();
  EXPECT_EQ(fault->name, "http-503+code-503+retry-after=2+latency=1s-2s");
  EXPECT_EQ(fault->http_status, 503);
  EXPECT_EQ(fault->code, 503);
  EXPECT_EQ(fault->retry_after, "2");
  EXPECT_EQ(fault->latency->high, absl::Seconds(2));
  EXPECT_EQ(fault->times, 3U);
}

TEST(ParseFault, TrickleTakesAnInterval) {
  EXPECT_EQ(ParseFault("trickle")->trickle_interval, std::chrono::milliseconds(20));
  EXPECT_EQ(ParseFault("trickle=5ms")->trickle_interval, std::chrono::milliseconds(5));
  EXPECT_EQ(ParseFault("trickle=5ms")->wire, Fault::Wire::kTrickle);
}

struct RunCase {
  std::string text;
  bool runs;
};
class FaultExecutionTest : public testing::TestWithParam<RunCase> {};

TEST_P(FaultExecutionTest, IsHonest) {
  const auto fault = ParseFault(GetParam().text);
  ASSERT_TRUE(fault.ok()) << fault.status();
  EXPECT_EQ(RunsFlow(*fault), GetParam().runs);
}

INSTANTIATE_TEST_SUITE_P(
    All, FaultExecutionTest,
    testing::Values(
        RunCase{"reset", true}, RunCase{"reset+before", false}, RunCase{"close+after", true},
        RunCase{"half-answer", true}, RunCase{"half-answer+before", false},
        RunCase{"latency=1s", true}, RunCase{"close-silently", true}, RunCase{"http-401", false},
        RunCase{"code-429", false}, RunCase{"http-503", false}, RunCase{"http-503+after", true},
        RunCase{"code-503+after", true}, RunCase{"http-500", true},
        RunCase{"http-500+before", false}, RunCase{"html-502", true}, RunCase{"code-62109", true},
        RunCase{"code-62104", false}, RunCase{"http-401+code-99500", true},
        RunCase{"not-json", true}, RunCase{"redirect+before", false}, RunCase{"data-null", true},
        RunCase{"retry-after=1", true}, RunCase{"code-429+reset+after", true}),
    [](const auto& test) {
      std::string name;
      for (const char c : test.param.text) name += std::isalnum(c) != 0 ? c : '_';
      return name;
    });

struct ErrorCase {
  std::string name;
  std::string text;
  std::string message;
};
class FaultErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(FaultErrorTest, IsNamed) {
  const auto fault = ParseFault(GetParam().text);
  ASSERT_FALSE(fault.ok());
  EXPECT_EQ(fault.status().message(), GetParam().message);
}

ErrorCase Unknown(std::string name, std::string text, const std::string& culprit) {
  return {std::move(name), std::move(text), "\"" + culprit + "\" is no kind of fault"};
}
ErrorCase Untrue(std::string name, const std::string& text) {
  return {std::move(name), text,
          "\"" + text + "\" would answer what is not true: no EnOS does that"};
}

INSTANTIATE_TEST_SUITE_P(
    All, FaultErrorTest,
    testing::Values(Unknown("Empty", "", ""), Unknown("Misspelt", "rest", "rest"),
                    Unknown("SecondOfTwo", "reset+wait", "wait"),
                    Unknown("StatusTooSmall", "http-99", "http-99"),
                    Unknown("StatusTooLarge", "http-600", "http-600"),
                    Unknown("StatusNoNumber", "http-x", "http-x"),
                    Unknown("NegativeCode", "code--1", "code--1"),
                    Unknown("LatencyWrong", "latency=soon", "latency=soon"),
                    Unknown("LatencyMissing", "latency", "latency"),
                    Unknown("HeaderInjection", "retry-after=1\r\nX: y", "retry-after=1\r\nX: y"),
                    Unknown("DataWithAQuote", "data=a\"b", "data=a\"b"),
                    Unknown("ArgumentToKindWithout", "reset=1", "reset=1"),
                    Untrue("SuccessNotStarted", "latency=1s+before"),
                    Untrue("RefusalStarted", "code-429+after")),
    [](const auto& test) { return test.param.name; });

TEST(FaultKindsHelp, EveryKindInItCanBeParsed) {
  for (const char* kind : {"reset",
                           "close",
                           "hang",
                           "half-head",
                           "half-answer",
                           "half-answer-reset",
                           "length-too-long",
                           "length-too-short",
                           "trickle",
                           "close-after",
                           "close-silently",
                           "reset-silently",
                           "not-json",
                           "not-utf8",
                           "deep",
                           "no-code",
                           "empty-id",
                           "too-large",
                           "redirect",
                           "data=",
                           "data-absent",
                           "data-null",
                           "data-object",
                           "retry-after=2",
                           "latency=2s"}) {
    EXPECT_TRUE(ParseFault(kind).ok()) << kind;
    EXPECT_NE(FaultKindsHelp().find(kind), std::string::npos) << kind;
  }
}

}  // namespace
}  // namespace enos::sandbox
