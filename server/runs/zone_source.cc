#include "server/runs/zone_source.h"

#include <string>
#include <utility>

#include "server/enos/instance_call.h"
#include "server/enos/time_answer.h"
#include "server/log/log.h"

namespace enos::gateway {

ZoneSource::WaitId ZoneSource::Ask(Done done) {
  const WaitId id = ++last_id_;
  waiting_.emplace(id, std::move(done));
  if (fetch_ == nullptr && tell_timer_ == 0) Fetch();
  return id;
}

void ZoneSource::Fetch() {
  SignedRequest request = SignedRequestTo(UpstreamOperation::kTimeZone, TimePath(api_version_),
                                          TimeQuery("getTimeZone"));
  request.has_own_trace = true;
  auto zone = std::make_shared<std::optional<absl::TimeZone>>();
  fetch_ = std::make_unique<ReadCall>(
      env_, std::move(request), env_.scheduler.Now() + kMostWait, std::make_shared<CallRecord>(),
      [zone](const HttpResult& result) -> std::optional<Refusal> {
        return ReadZoneAnswer(result.status, result.body, KnownSecrets(), zone.get());
      },
      [this, zone](const std::optional<CallError>& error) {
        if (error) {
          Log(LogLevel::kWarning, "EnOS does not tell its time zone, so times of runs are left out",
              {{"reason", ErrorReason_Name(error->reason)}, {"error", error->message}});
        }
        OnFetched(*zone);
      });
  fetch_->Start();
}

// An old zone is better than none.
void ZoneSource::OnFetched(std::optional<absl::TimeZone> zone) {
  const SteadyTime now = env_.scheduler.Now();
  ask_at_ = now + (zone ? SteadyTime::duration(kKept) : SteadyTime::duration(kRetryAfter));
  if (zone) zone_ = zone;
  fetch_.reset();
  tell_timer_ = env_.scheduler.RunAt(now, [this] {
    tell_timer_ = 0;
    Tell();
  });
}

// One by one: who is told may forget another one.
void ZoneSource::Tell() {
  while (!waiting_.empty()) {
    Done done = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    done(zone_);
  }
}

}  // namespace enos::gateway
