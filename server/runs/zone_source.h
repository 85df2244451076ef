#ifndef ENOS_SERVER_RUNS_ZONE_SOURCE_H_
#define ENOS_SERVER_RUNS_ZONE_SOURCE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/enos/api_version.h"
#include "server/runs/read_call.h"

namespace enos::gateway {

// The zone in which EnOS tells times (time?action=getTimeZone), kept for an hour. Loop thread only.
class ZoneSource {
 public:
  // Nothing where EnOS names none, or none that is known here.
  using Done = absl::AnyInvocable<void(const std::optional<absl::TimeZone>&)>;
  using WaitId = uint64_t;  // 0 is never one

  // The environment must outlive it.
  ZoneSource(UpstreamEnvironment& environment, ApiVersion api_version)
      : env_(environment), api_version_(api_version) {}
  ~ZoneSource() { env_.scheduler.Cancel(tell_timer_); }
  ZoneSource(const ZoneSource&) = delete;
  ZoneSource& operator=(const ZoneSource&) = delete;

  // Whether EnOS need not be asked now: the zone is known, or was asked for in vain a moment ago.
  bool is_current() const { return env_.scheduler.Now() < ask_at_; }
  const std::optional<absl::TimeZone>& zone() const { return zone_; }

  // Asks EnOS, and calls back once it said the zone or kMostWait has passed; never from within.
  WaitId Ask(Done done);
  // Forgets who waits.
  void Forget(WaitId id) { waiting_.erase(id); }

  static constexpr std::chrono::hours kKept{1};
  static constexpr std::chrono::seconds kRetryAfter{30};
  static constexpr std::chrono::seconds kMostWait{5};

 private:
  void Fetch();
  void OnFetched(std::optional<absl::TimeZone> zone);
  void Tell();

  UpstreamEnvironment& env_;
  const ApiVersion api_version_;
  std::optional<absl::TimeZone> zone_;
  SteadyTime ask_at_ = SteadyTime::min();
  std::unique_ptr<ReadCall> fetch_;
  WaitId last_id_ = 0;
  std::map<WaitId, Done> waiting_;
  TimerId tell_timer_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RUNS_ZONE_SOURCE_H_
