#include "server/log/log_line.h"

#include <gtest/gtest.h>

#include <string>

namespace enos::gateway {
namespace {

using std::chrono::nanoseconds;

std::string Line(LogFormat format) {
  LogLine line(format, LogLevel::kWarning, "call \"failed\"");
  line.Add("text", "a b");
  line.Add({"odd key", -1});
  line.Add({"big", ~uint64_t{0}});
  line.Add({"flag", true});
  line.Add({"took_ms", LogMilliseconds(nanoseconds(1234567))});
  return line.text();
}

TEST(LogLine, Logfmt_IsReadable) {
  EXPECT_EQ(Line(LogFormat::kLogfmt),
            "warning call \\\"failed\\\" text=\"a b\" odd_key=-1 big=18446744073709551615 "
            "flag=true took_ms=1.234");
}

TEST(LogLine, Json_HasTheSameNames) {
  EXPECT_EQ(Line(LogFormat::kJson),
            R"("level":"warning","event":"call \"failed\"","text":"a b","odd_key":-1,)"
            R"("big":18446744073709551615,"flag":true,"took_ms":1.234)");
}

struct SpanCase {
  nanoseconds span;
  const char* written;
};
class LogSpans : public testing::TestWithParam<SpanCase> {};

TEST_P(LogSpans, AreMillisecondsWithThreeDecimals) {
  LogLine line(LogFormat::kLogfmt, LogLevel::kInfo, "x");
  line.Add({"ms", LogMilliseconds(GetParam().span)});
  EXPECT_EQ(line.text(), std::string("info  x ms=") + GetParam().written);
}

INSTANTIATE_TEST_SUITE_P(All, LogSpans,
                         testing::Values(SpanCase{nanoseconds(0), "0.000"},
                                         SpanCase{nanoseconds(999), "0.000"},
                                         SpanCase{nanoseconds(1000), "0.001"},
                                         SpanCase{nanoseconds(10'000), "0.010"},
                                         SpanCase{std::chrono::seconds(30), "30000.000"},
                                         SpanCase{nanoseconds(-1'500'000), "-1.500"}));

}  // namespace
}  // namespace enos::gateway
