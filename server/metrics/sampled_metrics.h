#ifndef ENOS_SERVER_METRICS_SAMPLED_METRICS_H_
#define ENOS_SERVER_METRICS_SAMPLED_METRICS_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace enos::gateway {

// Metrics whose values are held elsewhere: they are sampled at each scrape, and cost nothing in
// between. Once all are added, Collect is as thread-safe as the functions are.
class SampledMetrics : public prometheus::Collectable {
 public:
  // The current value; nullopt leaves the metric out of this scrape.
  using Value = std::function<std::optional<double>()>;

  void AddGauge(std::string name, std::string help, Value value);
  // A value that only grows while the process lives.
  void AddCounter(std::string name, std::string help, Value value);

  // In the order in which they were added.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  struct Sampled {
    std::string name;
    std::string help;
    prometheus::MetricType type;
    Value value;
  };
  std::vector<Sampled> metrics_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_METRICS_SAMPLED_METRICS_H_
