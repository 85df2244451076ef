#include "server/metrics/sampled_metrics.h"

#include <gtest/gtest.h>

namespace enos::gateway {
namespace {

TEST(SampledMetrics, EachCollect_AsksForTheValuesOfNow) {
  double held = 1;
  SampledMetrics metrics;
  metrics.AddGauge("a_gauge", "help", [&] { return held; });
  metrics.AddCounter("a_counter_total", "help", [&] { return held; });
  held = 2;
  const auto families = metrics.Collect();
  ASSERT_EQ(families.size(), 2U);
  EXPECT_EQ(families[0].name, "a_gauge");
  EXPECT_EQ(families[0].help, "help");
  EXPECT_EQ(families[0].type, prometheus::MetricType::Gauge);
  EXPECT_EQ(families[0].metric.at(0).gauge.value, 2);
  EXPECT_EQ(families[1].type, prometheus::MetricType::Counter);
  EXPECT_EQ(families[1].metric.at(0).counter.value, 2);
}

TEST(SampledMetrics, ValueThatCannotBeHad_IsLeftOut) {
  SampledMetrics metrics;
  metrics.AddGauge("unknown", "help", [] { return std::nullopt; });
  metrics.AddGauge("known", "help", [] { return 1.0; });
  const auto families = metrics.Collect();
  ASSERT_EQ(families.size(), 1U);
  EXPECT_EQ(families[0].name, "known");
}

}  // namespace
}  // namespace enos::gateway
