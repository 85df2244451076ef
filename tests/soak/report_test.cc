#include "tests/soak/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace enos::soak {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Report GoodReport() {
  Report report;
  report.ledger.outcomes["OK"] = {1, 1};
  GatewayFacts gateway;
  gateway.end = "SIGTERM";
  gateway.status = 0;
  gateway.descriptors_start = 20;
  gateway.descriptors_end = 20;
  gateway.upstream_end = 2;
  gateway.threads_start = gateway.threads_end = 9;
  gateway.rss_middle = gateway.rss_end = 100'000;
  report.gateways.push_back(gateway);
  return report;
}

struct Case {
  const char* name;
  std::function<void(Report&)> spoil;
};

class JudgeTest : public testing::TestWithParam<Case> {};

TEST_P(JudgeTest, OneThingWrong_IsOneFailureInTextAndJson) {
  Report report = GoodReport();
  GetParam().spoil(report);
  Judge(report, true);
  ASSERT_THAT(report.failures, SizeIs(1));
  EXPECT_THAT(ToText(report), HasSubstr("FAILED: " + report.failures[0]));
  EXPECT_THAT(ToJson(report), HasSubstr("\"failures\":[\"" + report.failures[0] + "\"]"));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, JudgeTest,
    testing::Values(Case{"Duplicate", [](Report& r) { r.ledger.duplicates = 1; }},
                    Case{"Lie", [](Report& r) { r.ledger.not_executed_but_was = 1; }},
                    Case{"NoSuccess", [](Report& r) { r.ledger.outcomes.clear(); }},
                    Case{"Unaccounted", [](Report& r) { r.unaccounted = 1; }},
                    Case{"Hung", [](Report& r) { r.hung = 1; }},
                    Case{"WrongStatus", [](Report& r) { r.gateways[0].status = 1; }},
                    Case{"GatewayHung", [](Report& r) { r.gateways[0].status = std::nullopt; }},
                    Case{"EndedByItself", [](Report& r) { r.gateways[0].ended_by_itself = true; }},
                    Case{"SanitizerReport", [](Report& r) { r.gateways[0].reports = {"report"}; }},
                    Case{"LeakedDescriptor", [](Report& r) { r.gateways[0].descriptors_end = 21; }},
                    Case{"LeakedConnection", [](Report& r) { r.gateways[0].upstream_end = 5; }},
                    Case{"LeakedThread", [](Report& r) { r.gateways[0].threads_end = 12; }},
                    Case{"Memory", [](Report& r) { r.gateways[0].rss_end = 125'001; }}),
    [](const auto& test) { return test.param.name; });

TEST(JudgeTest, NothingWrong_Passes) {
  Report report = GoodReport();
  report.gateways[0].rss_end = 125'000;
  Judge(report, true);
  EXPECT_THAT(report.failures, IsEmpty());
  EXPECT_THAT(ToText(report), HasSubstr("PASSED"));
}

TEST(JudgeTest, MemoryUnderASanitizer_IsNotJudged) {
  Report report = GoodReport();
  report.gateways[0].rss_end = 1'000'000;
  Judge(report, false);
  EXPECT_THAT(report.failures, IsEmpty());
}

}  // namespace
}  // namespace enos::soak
