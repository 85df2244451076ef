#include "server/metrics/process_metrics.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <string>

namespace enos::gateway {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Gt;
using ::testing::Le;

std::map<std::string, double> Values(const SampledMetrics& metrics) {
  std::map<std::string, double> values;
  for (const auto& family : metrics.Collect()) {
    const auto& metric = family.metric.at(0);
    const bool is_gauge = family.type == prometheus::MetricType::Gauge;
    values[family.name] = is_gauge ? metric.gauge.value : metric.counter.value;
  }
  return values;
}

double UnixNow() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

TEST(ProcessMetrics, TellWhatTheSystemKnows) {
  const double before = UnixNow();
  SampledMetrics metrics;
  AddProcessMetrics(metrics);
  auto values = Values(metrics);
  EXPECT_THAT(values["process_start_time_seconds"], AllOf(Ge(before), Le(UnixNow())));
  EXPECT_THAT(values["process_cpu_seconds_total"], Gt(0));
  EXPECT_THAT(values["process_resident_memory_bytes"], Gt(4096));
  EXPECT_THAT(values["process_virtual_memory_bytes"], Ge(values["process_resident_memory_bytes"]));
  EXPECT_THAT(values["process_threads"], Ge(1));
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(values["process_max_fds"], static_cast<double>(limit.rlim_cur));
}

TEST(ProcessMetrics, DescriptorsThatAreOpened_AreCounted) {
  SampledMetrics metrics;
  AddProcessMetrics(metrics);
  const double before = Values(metrics)["process_open_fds"];
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(Values(metrics)["process_open_fds"], before + 1);
  ::close(fd);
}

}  // namespace
}  // namespace enos::gateway
