#ifndef ENOS_SERVER_RUNS_INSTANCE_WATCHES_H_
#define ENOS_SERVER_RUNS_INSTANCE_WATCHES_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "enos/dataflow/v1/flow_service.pb.h"
#include "server/base/descriptors.h"
#include "server/runs/instance_read.h"
#include "server/trigger/admission.h"

namespace enos::gateway {

struct WatchOptions {
  std::chrono::milliseconds interval{5000};  // --watch_interval
  int failures = 5;                          // --watch_failures: polls that fail in a row
  std::chrono::milliseconds poll_timeout{30000};
};

// How a watch ends.
struct InstanceEnd {
  std::optional<CallError> error;  // nothing: the run has ended
  std::string enos_request_id;     // then: of the last poll, as in CallError
};

// One who watches a run. Called on the loop's thread; none may call InstanceWatches back.
struct Watcher {
  using Message = std::shared_ptr<const dataflow::v1::WatchFlowInstanceResponse>;
  // Before each poll: why the watch may not go on, or nothing.
  absl::AnyInvocable<std::optional<CallError>()> check;
  // The run's state, and each that differs from the one before.
  absl::AnyInvocable<void(Message)> on_state;
  // Once, last.
  absl::AnyInvocable<void(InstanceEnd)> on_end;
};

// Runs that are watched: each is polled once for all who watch it for the same user and
// organization, at jittered intervals, so that watches that began together do not poll together.
// Loop thread only.
class InstanceWatches {
 public:
  using WatchId = uint64_t;  // 0 is never one
  // What a poll read, for metrics.
  using OnPolled = std::function<void(const InstanceResult&)>;

  // The references must outlive it.
  InstanceWatches(UpstreamEnvironment& environment, ZoneSource& zones, ApiVersion api_version,
                  WatchOptions options, OnPolled on_polled);
  ~InstanceWatches();
  InstanceWatches(const InstanceWatches&) = delete;
  InstanceWatches& operator=(const InstanceWatches&) = delete;

  // May call `watcher` at once.
  WatchId Start(const InstanceTarget& target, Watcher watcher);

  // The watcher is gone, and is not called any more. One that ended is ignored.
  void Stop(WatchId id);

  // Ends every watch, and from now on each that begins (GATEWAY_SHUTTING_DOWN).
  void EndAll();

 private:
  // A run, and who watches it.
  struct Watched {
    std::map<WatchId, Watcher> watchers;
    Watcher::Message last;  // null: not seen yet
    std::string last_bytes;
    int failures = 0;  // polls in a row
    Slot slot;         // of the poll
    std::unique_ptr<InstanceRead> poll;
    TimerId timer = 0;       // for the next poll
    bool is_queued = false;  // for a slot
  };
  // The runs stay where they are while others come and go.
  using Runs = absl::flat_hash_map<InstanceTarget, std::unique_ptr<Watched>>;

  void Poll(const InstanceTarget& target);
  void OnPoll(const InstanceTarget& target, InstanceResult result);
  void OnAnswer(const InstanceTarget& target, Watched& watched, InstanceAnswer answer);
  void OnFailure(const InstanceTarget& target, Watched& watched, CallError error);
  void PollLater(const InstanceTarget& target, Watched& watched, Duration at_least);
  void ServeQueueSoon();
  void End(const InstanceTarget& target, const InstanceEnd& end);

  UpstreamEnvironment& env_;
  ZoneSource& zones_;
  const ApiVersion api_version_;
  const WatchOptions options_;
  const OnPolled on_polled_;
  Admission polls_{kMostPolls};       // those beyond that wait in the queue
  std::deque<InstanceTarget> queue_;  // those that wait for a slot, and some that do no longer
  TimerId queue_timer_ = 0;
  Runs runs_;
  absl::flat_hash_map<WatchId, InstanceTarget> targets_;
  WatchId last_id_ = 0;
  bool ended_ = false;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RUNS_INSTANCE_WATCHES_H_
