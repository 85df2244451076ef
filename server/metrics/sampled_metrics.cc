#include "server/metrics/sampled_metrics.h"

#include <utility>

namespace enos::gateway {

void SampledMetrics::AddGauge(std::string name, std::string help, Value value) {
  metrics_.push_back(
      {std::move(name), std::move(help), prometheus::MetricType::Gauge, std::move(value)});
}

void SampledMetrics::AddCounter(std::string name, std::string help, Value value) {
  metrics_.push_back(
      {std::move(name), std::move(help), prometheus::MetricType::Counter, std::move(value)});
}

std::vector<prometheus::MetricFamily> SampledMetrics::Collect() const {
  std::vector<prometheus::MetricFamily> families;
  families.reserve(metrics_.size());
  for (const Sampled& sampled : metrics_) {
    const std::optional<double> value = sampled.value();
    if (!value) continue;
    prometheus::ClientMetric metric;
    if (sampled.type == prometheus::MetricType::Gauge) {
      metric.gauge.value = *value;
    } else {
      metric.counter.value = *value;
    }
    families.push_back({sampled.name, sampled.help, sampled.type, {std::move(metric)}});
  }
  return families;
}

}  // namespace enos::gateway
