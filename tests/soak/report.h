// What a soak found, as text for people and JSON for programs.
#ifndef ENOS_TESTS_SOAK_REPORT_H_
#define ENOS_TESTS_SOAK_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/soak/ledger.h"

namespace enos::soak {

// One gateway process, from start to end. Memory in KiB.
struct GatewayFacts {
  std::string end;  // how the soak ended it
  int expected_status = 0;
  std::optional<int> status;  // minus the signal it died of; nothing: it hung and was killed
  bool ended_by_itself = false;
  long rss_start = 0;   // when it had answered its first call
  long rss_middle = 0;  // after a third of its samples: everything is warm
  long rss_end = 0;
  long rss_peak = 0;
  int threads_start = 0;
  int threads_peak = 0;
  int threads_end = 0;
  // Open descriptors but for connections to EnOS, both times with one client connected; the end is
  // known only of a gateway that had time to come to rest.
  int descriptors_start = 0;
  std::optional<int> descriptors_end;
  int upstream_end = 0;  // connections to EnOS kept at the end
  std::vector<std::string> reports;
  std::string log;
};

struct Report {
  std::uint64_t seed = 0;
  std::int64_t seconds = 0;
  Ledger ledger;
  std::vector<GatewayFacts> gateways;
  std::uint64_t received = 0;  // requests for flows that EnOS received, those of probes included
  std::uint64_t faults = 0;
  std::uint64_t restarts = 0;
  std::uint64_t revocations = 0;
  std::uint64_t tokens_fetched = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t unaccounted = 0;  // see Upstream::unaccounted
  std::uint64_t hung = 0;
  std::int64_t slowest_ms = 0;
  std::vector<std::string> failures;
};

// gRPC starts a thread of its own now and then when it first needs it.
inline constexpr int kLateThreads = 2;

// Fills `failures`; empty means that the soak passed. Memory is judged where it says something.
void Judge(Report& report, bool judge_memory);

// Lines that a sanitizer wrote, the first of them.
std::vector<std::string> ReportsIn(const std::string& log);

std::string ToText(const Report& report);
std::string ToJson(const Report& report);

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_REPORT_H_
