#ifndef ENOS_FLOW_INSTANCE_H_
#define ENOS_FLOW_INSTANCE_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "enos/dataflow/v1/flow_service.pb.h"
#include "enos/flow/error.h"
#include "enos/flow/repeat.h"

namespace enos::flow {

// Plain values: several threads may read one, none may write while another reads.

// One run of a flow; the proto says what its fields mean, above all `ended`.
using FlowInstance = enos::dataflow::v1::FlowInstance;
using FlowInstanceState = enos::dataflow::v1::FlowInstanceState;

// Which run, and on whose behalf. All three are required.
struct InstanceRequest {
  std::string user_id;
  std::string org_id;
  std::string flow_instance_id;  // as TriggeredFlow has it
};

// The result of reading or watching a run: either the run or an error. The error has no execution
// (kStartsNothing): calling again is always safe.
class InstanceResult {
 public:
  InstanceResult(FlowInstance instance, std::string request_id = "")  // NOLINT: meant to convert
      : outcome_(std::move(instance)), request_id_(std::move(request_id)) {}
  InstanceResult(FlowError error) : outcome_(std::move(error)) {}  // NOLINT: meant to convert

  bool ok() const { return std::holds_alternative<FlowInstance>(outcome_); }

  // Only if ok(); throws std::bad_variant_access otherwise.
  const FlowInstance& instance() const { return std::get<FlowInstance>(outcome_); }

  // Only if !ok(); throws std::bad_variant_access otherwise.
  const FlowError& error() const { return std::get<FlowError>(outcome_); }

  // If ok(): the id of the call in the gateway's log; may be empty.
  const std::string& request_id() const { return request_id_; }

 private:
  std::variant<FlowInstance, FlowError> outcome_;
  std::string request_id_;
};

struct WatchOptions {
  // How long to watch at most. Without it: until the run has ended.
  std::optional<std::chrono::milliseconds> timeout;
  // How long to wait before watching again if the gateway does not say; max_attempts is not used.
  RepeatOptions backoff;
  std::string request_id = {};  // as in CallOptions, the same on every stream
};

// Called on threads of the gRPC library, one at a time and `done` last: they must not block or
// throw, and may start and cancel calls. While on_state runs nothing more is read, and states in
// between are left out.
struct WatchCallbacks {
  // The run's state at first, then whenever it has changed.
  std::function<void(const FlowInstance& instance)> on_state;
  // Called exactly once: the run, which has ended, or the error that ended the watch.
  std::function<void(InstanceResult result)> done;
  // May be empty. The connection was lost, or the gateway is shutting down; the run will be watched
  // again after the wait.
  std::function<void(const FlowError& error, std::chrono::milliseconds wait)> on_interruption;
};

}  // namespace enos::flow

#endif  // ENOS_FLOW_INSTANCE_H_
