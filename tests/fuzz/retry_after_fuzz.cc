// ParseRetryAfter, ParseHttpDate and UpstreamClock keep their promises whatever the header holds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/http/http_date.h"
#include "server/http/retry_after.h"
#include "server/http/upstream_clock.h"
#include "tests/fuzz/fuzz_check.h"

namespace enos::gateway {
namespace {

using std::chrono::system_clock;

// A clock that stands still; nothing is ever due.
class StandingClock : public Scheduler {
 public:
  explicit StandingClock(WallTime now) : now_(now) {}
  SteadyTime Now() const override { return SteadyTime(); }
  WallTime WallNow() const override { return now_; }
  TimerId RunAt(SteadyTime /*when*/, Task /*task*/) override { return 1; }
  void Cancel(TimerId /*id*/) override {}

 private:
  const WallTime now_;
};

// However hostile a Date is: within bounds, and the same one changes the time once at most.
void CheckClock(std::string_view date, WallTime now) {
  const StandingClock scheduler(now);
  UpstreamClock clock(scheduler);
  clock.OnAnswer(date);
  FUZZ_CHECK(clock.Now() == now);
  const bool is_changed = clock.OnRefusal(date);
  const auto correction = clock.Now() - now;
  FUZZ_CHECK(is_changed == (correction != Duration::zero()));
  FUZZ_CHECK(std::chrono::abs(correction) <= UpstreamClock::kMost);
  FUZZ_CHECK(!is_changed || std::chrono::abs(correction) > UpstreamClock::kIgnored);
  FUZZ_CHECK(!clock.OnRefusal(date));
  clock.OnAnswer(date);
  FUZZ_CHECK(clock.Now() - now == correction);
}

void Check(std::string_view value, system_clock::time_point now) {
  const auto wait = ParseRetryAfter(value, now);
  FUZZ_CHECK(!wait.has_value() || wait->count() >= 0);
  FUZZ_CHECK(!wait.has_value() || *wait <= std::chrono::hours(24));

  const auto date = ParseHttpDate(value);
  if (!date.has_value()) return;
  FUZZ_CHECK(wait.has_value());  // every date is a Retry-After
  FUZZ_CHECK(*date >= 0 && *date <= 253'402'300'799);
}

}  // namespace
}  // namespace enos::gateway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  using enos::gateway::Check;
  using enos::gateway::system_clock;
  Check(value, system_clock::time_point(std::chrono::milliseconds(784'111'777'250)));
  Check(value, system_clock::time_point());
  enos::gateway::CheckClock(value, system_clock::time_point(std::chrono::seconds(784'111'777)));
  Check(value, system_clock::time_point::min());
  Check(value, system_clock::time_point::max());
  return 0;
}
