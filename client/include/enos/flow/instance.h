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

// What asking about a run came to: the run, or an error. Exactly one of the two is there. The error
// has no execution (kStartsNothing): calling again is always safe.
class InstanceResult {
 public:
  InstanceResult(FlowInstance instance, std::string request_id = "")  // NOLINT: meant to convert
      : outcome_(std::move(instance)), request_id_(std::move(request_id)) {}
  InstanceResult(FlowError error) : outcome_(std::move(error)) {}  // NOLINT: meant to convert

  bool ok() const { return std::holds_alternative<FlowInstance>(outcome_); }

  // Only where ok(); throws std::bad_variant_access otherwise.
  const FlowInstance& instance() const { return std::get<FlowInstance>(outcome_); }

  // Only where !ok(); throws std::bad_variant_access otherwise.
  const FlowError& error() const { return std::get<FlowError>(outcome_); }

  // Where ok(): under which the gateway's log has the call; may be empty.
  const std::string& request_id() const { return request_id_; }

 private:
  std::variant<FlowInstance, FlowError> outcome_;
  std::string request_id_;
};

struct WatchOptions {
  // The longest to watch. Without it: until the run has ended.
  std::optional<std::chrono::milliseconds> timeout;
  // How long to wait before watching again where the gateway does not say; max_attempts means
  // nothing here.
  RepeatOptions backoff;
  std::string request_id = {};  // as in CallOptions, the same on every stream
};

// Called on threads of the gRPC library, one at a time and `done` last: they must not block or
// throw, and may start and cancel calls. While on_state runs nothing more is read, and states in
// between are left out.
struct WatchCallbacks {
  // The run's state at first, then whenever it has changed.
  std::function<void(const FlowInstance& instance)> on_state;
  // Exactly once: the run, ended, or why it is watched no longer.
  std::function<void(InstanceResult result)> done;
  // May be empty. The connection was lost, or the gateway sent us elsewhere; the run is watched
  // again after the wait.
  std::function<void(const FlowError& error, std::chrono::milliseconds wait)> on_interruption;
};

}  // namespace enos::flow

#endif  // ENOS_FLOW_INSTANCE_H_
