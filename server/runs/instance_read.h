#ifndef ENOS_SERVER_RUNS_INSTANCE_READ_H_
#define ENOS_SERVER_RUNS_INSTANCE_READ_H_

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/enos/api_version.h"
#include "server/enos/instance_answer.h"
#include "server/enos/instance_call.h"
#include "server/runs/read_call.h"
#include "server/runs/zone_source.h"

namespace enos::gateway {

// What a read is told to do.
struct RunRequest {
  InstanceTarget target;
  std::vector<std::string> headers;  // beside ours, "name: value": the caller's trace
  std::shared_ptr<CallRecord> record = std::make_shared<CallRecord>();  // never null
  SteadyTime answer_by;
};

using InstanceResult = std::variant<InstanceAnswer, CallError>;

// A run, read once, with its times in EnOS's zone. Loop thread only.
class InstanceRead {
 public:
  using Done = absl::AnyInvocable<void(InstanceResult)>;

  // `once`: --max_attempts is not for it. `done` is called once, unless the read is destroyed
  // before; it may destroy it.
  InstanceRead(UpstreamEnvironment& environment, ZoneSource& zones, ApiVersion api_version,
               RunRequest request, bool once, Done done);
  ~InstanceRead();
  InstanceRead(const InstanceRead&) = delete;
  InstanceRead& operator=(const InstanceRead&) = delete;

  // Once. May call `done` at once.
  void Start() { call_.Start(); }

  // Ends at once: for the end of the process.
  void EndNow();

 private:
  void OnEnded(std::optional<CallError> error);
  void OnZone(const std::optional<absl::TimeZone>& zone);

  Scheduler& scheduler_;
  ZoneSource& zones_;
  const SteadyTime answer_by_;
  Done done_;
  InstanceAnswer answer_;
  ZoneSource::WaitId zone_wait_ = 0;
  TimerId due_timer_ = 0;  // for the zone
  ReadCall call_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RUNS_INSTANCE_READ_H_
