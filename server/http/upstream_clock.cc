#include "server/http/upstream_clock.h"

#include <cstdint>
#include <optional>

#include "server/http/http_date.h"
#include "server/log/log.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Two measurements of the same offset differ by at most this.
constexpr seconds kNoise{2};

// How far EnOS is ahead of this machine, to the nearest second; nullopt if that is not credible.
std::optional<seconds> Measure(std::string_view date, WallTime now) {
  const std::optional<int64_t> unix_seconds = ParseHttpDate(date);
  if (!unix_seconds) return std::nullopt;
  // On average half of the second that Date names has passed.
  const milliseconds theirs = seconds(*unix_seconds) + milliseconds(500);
  const auto ours = std::chrono::floor<milliseconds>(now.time_since_epoch());
  const auto ahead = std::chrono::round<seconds>(theirs - ours);
  if (std::chrono::abs(ahead) > UpstreamClock::kMost) return std::nullopt;
  return ahead;
}

}  // namespace

bool UpstreamClock::OnRefusal(std::string_view date) {
  const auto ahead = Measure(date, scheduler_.WallNow());
  if (!ahead) return false;
  if (std::chrono::abs(*ahead) <= kNoise) return Correct(seconds(0));
  const bool is_small = correction_ == seconds(0) && std::chrono::abs(*ahead) <= kIgnored;
  if (is_small || std::chrono::abs(*ahead - correction_) <= kNoise) return false;
  return Correct(*ahead);
}

void UpstreamClock::OnAnswer(std::string_view date) {
  if (correction_ == seconds(0)) return;
  const auto ahead = Measure(date, scheduler_.WallNow());
  if (ahead && std::chrono::abs(*ahead) <= kNoise) Correct(seconds(0));
}

bool UpstreamClock::Correct(seconds by) {
  if (by == correction_) return false;
  correction_ = by;
  if (by == seconds(0)) {
    Log(LogLevel::kWarning, "this machine's clock agrees with that of EnOS again");
  } else {
    Log(LogLevel::kWarning,
        "this machine's clock differs from that of EnOS: timestamps are corrected",
        {{"enos_is_ahead_s", by.count()}});
  }
  return true;
}

}  // namespace enos::gateway
