#ifndef ENOS_SERVER_RPC_INBOUND_CALL_H_
#define ENOS_SERVER_RPC_INBOUND_CALL_H_

#include <grpcpp/server_context.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "server/access/access_control.h"
#include "server/base/id_source.h"
#include "server/contract/call_error.h"
#include "server/contract/call_outcome.h"
#include "server/idempotency/keyed_trigger.h"
#include "server/listener/connection_table.h"
#include "server/loop/event_loop.h"
#include "server/rpc/call_times.h"
#include "server/rpc/open_calls.h"
#include "server/runs/flow_runs.h"
#include "server/trigger/admission.h"
#include "server/trigger/caller_slots.h"
#include "server/trigger/flow_trigger.h"
#include "server/upstream/call_record.h"

namespace enos::gateway {

// Called for every RPC, for metrics, logs and traces; thread-safe.
struct CallEvents {
  bool with_user_id = false;  // --log_user_id: records have it
  std::function<void(RpcMethod)> on_arrived = [](RpcMethod) {};
  // Before the answer is sent.
  std::function<void(const CallOutcome&, const CallRecord&)> on_ended = [](const CallOutcome&,
                                                                           const CallRecord&) {};
  Tracer* tracer = nullptr;  // null: nothing is traced
};

// How callers are checked. If everything is off, no call pays for it.
struct CallerChecks {
  const AccessControl* access = nullptr;  // null: everybody may do everything
  bool certificates = false;     // client certificates are requested and verified, at the TCP port
  CallerSlots* slots = nullptr;  // null: no per-caller limit
};

// What every RPC needs. The references must outlive the RPCs.
struct RpcEnvironment {
  dataflow::v1::FlowService::AsyncService& service;
  EventLoop& loop;
  FlowTrigger& trigger;
  KeyedTrigger* keyed;  // null: idempotency keys are refused
  FlowRuns& runs;
  Admission& admission;
  Admission& watches;  // --max_watches
  OpenCalls& open_calls;
  const std::atomic<bool>& shutting_down;
  Duration upstream_timeout;
  bool early_headers;  // --early_headers
  const CallEvents& events;
  IdSource& ids;
  const CallerChecks callers;
  ConnectionTable& connections;
};

// What belongs to an RPC whatever its method: who calls and for what, whether it is accepted, its
// times and slots, and what is reported at its end. Used by one thread at a time, the RPC's.
class InboundCall {
 public:
  explicit InboundCall(const RpcEnvironment& environment) : env_(environment) {}
  InboundCall(const InboundCall&) = delete;
  InboundCall& operator=(const InboundCall&) = delete;

  grpc::ServerContext& context() { return context_; }
  const RpcEnvironment& environment() const { return env_; }

  // It arrived, with a message of this size, for `target`. First.
  void Arrive(const FlowAccess& target, size_t message_bytes, bool has_key = false);

  // Why it cannot be accepted, found before anything is sent; otherwise its times are set, with at
  // most `longest` for all of it. `validate` finds what is wrong with the message.
  std::optional<CallError> Refusal(const FlowAccess& target, Duration longest,
                                   absl::FunctionRef<std::optional<CallError>()> validate);
  // After that, the slots of a call or of a watch; or why there are none.
  std::optional<CallError> TakeSlots();
  std::optional<CallError> TakeWatch();

  // Why the policy of now does not let its caller do this. Thread-safe, once it was accepted.
  std::optional<CallError> RefusalNow(const FlowAccess& target) const;

  // What is handed over with the call.
  const CallTimes& times() const { return times_; }
  std::vector<std::string> TakeTraceHeaders() { return std::move(trace_headers_); }
  Slot TakeSlot() { return std::move(slot_); }
  CallerSlot TakeCallerSlot() { return std::move(caller_slot_); }
  // Releases them, if they were not handed over.
  void ReleaseSlots();

  // Initial metadata by which a caller knows that its key counts; no effect once that is sent.
  void SayThatKeysAreKept();

  // The call's log line, shared with whatever continues the call; never null.
  const std::shared_ptr<CallRecord>& record() const { return record_; }
  // Of its connection; -1: not known.
  int socket() const { return socket_; }

  // How it ends; one of these, before the answer is sent with the status that they give.
  grpc::Status Succeed(const std::string& enos_request_id);
  grpc::Status Fail(CallError error);
  // Its caller is gone; whether it may have been executed.
  grpc::Status Cancel(Execution execution);

 private:
  void BeginTrace();
  void TellEnosRequestId(const std::string& enos_request_id);
  void End(const grpc::Status& status, CallOutcome outcome);
  std::optional<CallError> Identify();
  std::optional<CallError> Authorize(const FlowAccess& target);

  const RpcEnvironment& env_;
  grpc::ServerContext context_;
  const std::shared_ptr<CallRecord> record_ = std::make_shared<CallRecord>();
  SteadyTime arrived_at_;
  std::vector<std::string> identities_;  // the caller's, verified
  bool is_front_ = false;                // it came through the front socket
  int socket_ = -1;
  CallTimes times_;
  std::vector<std::string> trace_headers_;  // "name: value", for EnOS
  Slot slot_;
  CallerSlot caller_slot_;
  bool said_that_keys_are_kept_ = false;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_INBOUND_CALL_H_
