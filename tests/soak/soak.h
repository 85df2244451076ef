#ifndef ENOS_TESTS_SOAK_SOAK_H_
#define ENOS_TESTS_SOAK_SOAK_H_

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/soak/callers.h"
#include "tests/soak/options.h"
#include "tests/soak/process_stats.h"
#include "tests/soak/report.h"
#include "tests/soak/upstream.h"
#include "tests/support/programs.h"

namespace enos::soak {

// One run: callers at work all the time, EnOS restarted and its tokens revoked every few seconds,
// and three gateways one after the other: the first drained by SIGTERM under load, the second
// killed, the third left to come to rest before its SIGTERM.
class Soak {
 public:
  explicit Soak(const Options& options);

  // False: it could not even begin, and said why.
  bool Begin();
  Report Run();

 private:
  using Clock = std::chrono::steady_clock;

  bool StartGateway();
  void LoadUntil(Clock::time_point end);
  void Disturb(Clock::time_point now);
  void Sample();
  void EndGateway(const std::string& how, int signal, int expected_status);
  void ComeToRest();
  bool Probe(const std::shared_ptr<grpc::Channel>& channel);
  std::chrono::milliseconds Random(int low_ms, int high_ms);

  const Options options_;
  std::mt19937_64 random_;
  Upstream upstream_;
  Callers callers_;
  std::unique_ptr<GatewayProcess> gateway_;
  std::string address_;
  GatewayFacts facts_;  // of the gateway that runs
  std::vector<ProcessStats> samples_;
  std::uint64_t probes_ = 0;
  std::vector<Told> probes_told_;
  Clock::time_point next_restart_;
  Clock::time_point next_revocation_;
  Clock::time_point next_sample_;
  Report report_;
};

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_SOAK_H_
