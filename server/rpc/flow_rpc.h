#ifndef ENOS_SERVER_RPC_FLOW_RPC_H_
#define ENOS_SERVER_RPC_FLOW_RPC_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "server/access/access_control.h"
#include "server/base/id_source.h"
#include "server/errors/call_outcome.h"
#include "server/loop/event_loop.h"
#include "server/rpc/connection_table.h"
#include "server/rpc/open_calls.h"
#include "server/rpc/rpc_queue.h"
#include "server/rpc/rpc_reference.h"
#include "server/trigger/admission.h"
#include "server/trigger/flow_trigger.h"

namespace enos::gateway {

// Told of every RPC, for metrics and logs; thread-safe.
struct CallEvents {
  std::function<void()> on_arrived = [] {};
  // Before the answer goes out.
  std::function<void(const CallOutcome&, const CallRecord&)> on_ended = [](const CallOutcome&,
                                                                           const CallRecord&) {};
};

// How callers are looked at, at the door. All off: no call pays for it.
struct CallerChecks {
  const AccessControl* access = nullptr;  // null: everybody may do everything
  bool certificates = false;     // client certificates are asked for and verified, at the TCP port
  CallerSlots* slots = nullptr;  // null: no limit for each caller
};

// What every RPC needs. The references must outlive the RPCs.
struct FlowRpcEnvironment {
  dataflow::v1::FlowService::AsyncService& service;
  EventLoop& loop;
  FlowTrigger& trigger;
  Admission& admission;
  OpenCalls& open_calls;
  const std::atomic<bool>& shutting_down;
  Duration upstream_timeout;
  bool early_headers;  // --early_headers
  const CallEvents& events;
  IdSource& ids;
  const CallerChecks callers;
  ConnectionTable& connections;
};

// With no more calls in flight than this the loop's thread answers by itself: nobody is in its way,
// and the hop to the queue's thread would only take time.
inline constexpr int64_t kFewCalls = 2;

// One UpdateAndTriggerFlow RPC, from the offer to take one to its end. A state machine driven by a
// completion queue:
//
//   offered --> at the door: valid? in time? a slot? --no--> answered
//                   |yes
//               early headers on their way, within the call's time --no--> answered
//                   |yes
//               handed over to the upstream loop --> answered
//
// Threads: until the hand-over everything happens on the completion queue's thread, after it on the
// loop's; that the caller is gone is posted there. The answer is given to gRPC on the queue's
// thread again, because gRPC does all of its work on the thread that calls it, and two threads that
// work on one connection get into each other's way.
class FlowRpc : public CountedRpc {
 public:
  // Offers to take one RPC from `queue`; each that arrives offers the next.
  static void Offer(FlowRpcEnvironment& environment, RpcQueue& queue);

 private:
  using Reference = RpcReference<FlowRpc>;
  friend Reference;

  FlowRpc(FlowRpcEnvironment& environment, RpcQueue& queue);
  ~FlowRpc() = default;
  Reference Self() { return Reference(this); }

  void OnArrived(bool ok);
  std::optional<CallError> Refusal();
  std::optional<CallError> Identify();
  std::optional<CallError> Authorize();
  bool TakeCallerSlot();
  void SendHeaders();
  void OnHeadersSent(bool ok);
  void OnHeadersDue();
  void HandOver();
  void StartCall();
  void OnDone(bool ok);
  void OnAnswered(bool /*ok*/) {}
  void OnResult(TriggerResult result);
  void OnCallerGone();
  // What came of a call; for one whose caller is gone, whether it may have been executed.
  using Result = std::variant<FlowStarted, CallError, Execution>;
  void AnswerUnsent(Result result);
  void AnswerFromLoop(Result result);
  void AnswerResult();
  void Succeed(FlowStarted started);
  void Fail(const CallError& error);
  void Cancel(Execution execution);
  void Answer(const grpc::Status& status, CallOutcome outcome);
  void AddEnosRequestId(const std::string& enos_request_id);
  void RecordArrival();

  OpenCall open_;  // the first: see OpenCall
  FlowRpcEnvironment& env_;
  RpcQueue& queue_;
  RpcOperation<FlowRpc> arrived_{&FlowRpc::OnArrived};
  RpcOperation<FlowRpc> headers_sent_{&FlowRpc::OnHeadersSent};
  RpcOperation<FlowRpc> answered_{&FlowRpc::OnAnswered};
  RpcOperation<FlowRpc> done_{&FlowRpc::OnDone};

  SteadyTime arrived_at_;

  grpc::ServerContext context_;
  dataflow::v1::UpdateAndTriggerFlowRequest request_;
  grpc::ServerAsyncResponseWriter<dataflow::v1::UpdateAndTriggerFlowResponse> responder_{&context_};
  dataflow::v1::UpdateAndTriggerFlowResponse response_;

  // Of the completion queue's thread.
  std::vector<std::string> identities_;  // the caller's, verified
  bool is_front_ = false;                // it came through the front socket
  TimerId headers_due_ = 0;              // the queue's
  bool handed_over_ = false;
  int socket_ = -1;  // of its connection; -1: not known

  // Handed over with the call.
  TriggerJob job_;
  // Of the thread that the RPC is at, as the job, with which it is shared until the answer.
  const std::shared_ptr<CallRecord> record_ = job_.record;
  bool is_answered_ = false;
  // Of the loop's thread.
  FlowTrigger::CallId call_ = 0;
  Result result_;  // on its way from the loop's thread to the queue's
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_FLOW_RPC_H_
