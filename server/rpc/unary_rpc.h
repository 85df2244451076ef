#ifndef ENOS_SERVER_RPC_UNARY_RPC_H_
#define ENOS_SERVER_RPC_UNARY_RPC_H_

#include <grpcpp/support/async_unary_call.h>

#include <optional>
#include <utility>
#include <variant>

#include "server/contract/gateway_errors.h"
#include "server/rpc/inbound_call.h"
#include "server/rpc/open_calls.h"
#include "server/rpc/rpc_queue.h"
#include "server/rpc/rpc_reference.h"

namespace enos::gateway {

// With no more calls in flight than this the loop's thread answers directly: nothing competes with
// it, and the hop to the queue's thread would only take time.
inline constexpr int64_t kFewCalls = 2;

// One RPC of a unary method, from its request to gRPC until its end. A state machine driven by a
// completion queue:
//
//   requested --> checks: valid? in time? a slot? --no--> answered
//                   |yes
//               early headers sent within the call's time? --no--> answered
//                   |yes
//               handed over to the upstream loop --> answered
//
// With an idempotency key it is handed over at once, and the early headers are sent when its method
// asks for them (Announce).
//
// Threads: until the hand-over everything happens on the completion queue's thread, after it on the
// loop's; a disconnected caller is reported by a task posted there. The answer is passed to gRPC on
// the queue's thread again, because gRPC does all of its work on the thread that calls it, and two
// threads that work on one connection get in each other's way.
//
// What is specific to a method is in `Method`, a stateless struct such as
// update_and_trigger_flow.h:
//
//   Request, Response          messages
//   kRequest                   the member of AsyncService that requests a call
//   TargetOf(request)          what the policy is asked about
//   HasKey(request)            whether it has an idempotency key, valid or not
//   Validate(request)          INVALID_REQUEST, or nothing
//   Job, Encode(request, call) what is handed over to the loop
//   HeadersComeFirst(job)      whether early headers are sent before that
//   Answer                     the result: has an enos_request_id
//   CallId, Start, CallerGone  on the loop; like KeyedTrigger's
//   Respond(answer, record)    the response; sets what the log needs of it
template <typename Method>
class UnaryRpc : public CountedRpc {
 public:
  // Requests one RPC from `queue`; each that arrives requests the next.
  static void Offer(RpcEnvironment& environment, RpcQueue& queue) {
    const Reference rpc(new UnaryRpc(environment, queue));
    (environment.service.*Method::kRequest)(&rpc->call_.context(), &rpc->request_, &rpc->responder_,
                                            &queue.grpc_queue(), &queue.grpc_queue(),
                                            rpc->arrived_.Begin(rpc->Self()));
  }

 private:
  using Request = typename Method::Request;
  using Response = typename Method::Response;
  using Answer = typename Method::Answer;
  using Reference = RpcReference<UnaryRpc>;
  friend Reference;
  // The result of a call; for one whose caller is gone, whether it may have been executed.
  using Result = std::variant<Answer, CallError, Execution>;

  UnaryRpc(RpcEnvironment& environment, RpcQueue& queue)
      : env_(environment), queue_(queue), call_(environment) {
    call_.context().AsyncNotifyWhenDone(&done_);
  }
  ~UnaryRpc() = default;
  Reference Self() { return Reference(this); }

  // -- On the queue's thread

  void OnArrived(bool ok) {
    if (!ok) return;      // the server shuts down
    done_.Begin(Self());  // which will arrive, now that the RPC has begun
    const FlowAccess target = Method::TargetOf(request_);
    call_.Arrive(target, request_.ByteSizeLong(), Method::HasKey(request_));
    open_.Begin(env_.open_calls);
    Offer(env_, queue_);

    auto refusal = call_.Refusal(target, env_.upstream_timeout,
                                 [this] { return Method::Validate(env_, request_); });
    if (!refusal) refusal = call_.TakeSlots();
    if (refusal) return AnswerUnsent(*std::move(refusal));
    job_ = Method::Encode(request_, call_);
    Request().Swap(&request_);  // its memory is not needed while EnOS works
    if (env_.early_headers && Method::HeadersComeFirst(*job_)) {
      SendHeaders();
    } else {
      HandOver();
    }
  }

  // Response headers rule out every automatic retry by the caller's library, so they are sent
  // before the first byte of the call goes upstream: if this gateway dies in mid-call, nobody
  // resends the call behind the caller's back. A caller that does not read has until its answer is
  // due.
  void SendHeaders() {
    headers_due_ = queue_.RunAt(call_.times().answer_by, [this] { OnHeadersDue(); });
    queue_.HoldWrites(call_.socket());
    responder_.SendInitialMetadata(headers_sent_.Begin(Self()));
  }

  void OnHeadersSent(bool ok) {
    queue_.Cancel(headers_due_);
    if (is_answered_) return;
    if (!ok) return AnswerUnsent(Execution::kNotExecuted);  // the caller is gone
    HandOver();
  }

  // Or the drain time is over.
  void OnHeadersDue() {
    const bool ending = env_.shutting_down.load(std::memory_order_relaxed);
    AnswerUnsent(ending ? GatewayShuttingDown() : NotSentInTime("the caller's connection"));
  }

  void OnAnnounced(bool ok) {
    env_.loop.Post([self = Self(), ok] { self->AnnouncementSent(ok); });
  }

  void HandOver() {
    handed_over_ = true;
    env_.loop.Post([self = Self()] { self->StartCall(); });
  }

  void OnDone(bool /*ok*/) {
    if (!call_.context().IsCancelled()) return;
    if (handed_over_) {
      env_.loop.Post([self = Self()] { self->OnCallerGone(); });
    } else if (!is_answered_) {
      AnswerUnsent(Execution::kNotExecuted);
    }
  }

  void OnAnswered(bool /*ok*/) {}

  // A call that was not handed over. The slots first: a caller that has its answer may call again.
  void AnswerUnsent(Result result) {
    is_answered_ = true;
    queue_.Cancel(headers_due_);
    job_.reset();
    call_.ReleaseSlots();
    result_ = std::move(result);
    AnswerResult();
  }

  // -- On the loop's thread

  void StartCall() {
    id_ = Method::Start(
        env_, *std::exchange(job_, std::nullopt),
        [self = Self()](Task sent) { self->Announce(std::move(sent)); },
        [self = Self()](std::variant<Answer, CallError> result) {
          self->OnResult(std::move(result));
        });
  }

  // Until the headers are sent, nothing else uses the responder.
  void Announce(Task sent) {
    if (!env_.early_headers) return sent();
    on_announced_ = std::move(sent);
    if (env_.admission.in_flight() <= kFewCalls) return SendAnnouncement();
    queue_.PostTogether(env_.loop, [self = Self()] {
      self->queue_.HoldWrites(self->call_.socket());
      self->SendAnnouncement();
    });
  }

  void AnnouncementSent(bool ok) {
    Task sent = std::exchange(on_announced_, nullptr);
    if (is_answered_) return;
    if (!ok) return OnCallerGone();
    sent();
  }

  void OnResult(std::variant<Answer, CallError> result) {
    is_answered_ = true;
    if (auto* answer = std::get_if<Answer>(&result)) {
      AnswerFromLoop(std::move(*answer));
    } else {
      AnswerFromLoop(std::get<CallError>(std::move(result)));
    }
  }

  void OnCallerGone() {
    if (std::exchange(is_answered_, true)) return;
    const bool runs_on = Method::CallerGone(env_, id_);
    AnswerFromLoop(runs_on ? Execution::kUnknown : Execution::kNotExecuted);
  }

  void AnswerFromLoop(Result result) {
    result_ = std::move(result);
    if (env_.admission.in_flight() <= kFewCalls && !on_announced_) return AnswerResult();
    Task answer = [self = Self()] {
      self->queue_.HoldWrites(self->call_.socket());
      self->AnswerResult();
    };
    // Results of keys come from one commit. Others come one by one, and the queue's thread answers
    // the first while this one reads the next.
    if (call_.record()->key.empty()) {
      queue_.Post(std::move(answer));
    } else {
      queue_.PostTogether(env_.loop, std::move(answer));
    }
  }

  // -- On either. Callers of these hold a reference to the RPC: the queue's thread may see the end
  // of the answer before Finish returns here.

  // Early headers of a call that was handed over already; they say besides that keys are kept here.
  void SendAnnouncement() {
    call_.SayThatKeysAreKept();
    responder_.SendInitialMetadata(announced_.Begin(Self()));
  }

  void AnswerResult() {
    if (auto* answer = std::get_if<Answer>(&result_)) {
      Succeed(std::move(*answer));
    } else if (auto* error = std::get_if<CallError>(&result_)) {
      Finish(call_.Fail(std::move(*error)));
    } else {
      Finish(call_.Cancel(std::get<Execution>(result_)));
    }
  }

  void Succeed(Answer answer) {
    const std::string enos_request_id = std::move(answer.enos_request_id);
    const Response response = Method::Respond(std::move(answer), *call_.record());
    call_.record()->answer_bytes = response.ByteSizeLong();
    if (!call_.record()->key.empty()) call_.SayThatKeysAreKept();
    responder_.Finish(response, call_.Succeed(enos_request_id), answered_.Begin(Self()));
  }

  void Finish(const grpc::Status& status) {
    responder_.FinishWithError(status, answered_.Begin(Self()));
  }

  OpenCall open_;  // the first: see OpenCall
  RpcEnvironment& env_;
  RpcQueue& queue_;
  RpcOperation<UnaryRpc> arrived_{&UnaryRpc::OnArrived};
  RpcOperation<UnaryRpc> headers_sent_{&UnaryRpc::OnHeadersSent};
  RpcOperation<UnaryRpc> announced_{&UnaryRpc::OnAnnounced};
  RpcOperation<UnaryRpc> answered_{&UnaryRpc::OnAnswered};
  RpcOperation<UnaryRpc> done_{&UnaryRpc::OnDone};
  InboundCall call_;
  Request request_;
  grpc::ServerAsyncResponseWriter<Response> responder_{&call_.context()};

  // Used by the queue's thread until the hand-over, then by the loop's.
  std::optional<typename Method::Job> job_;
  bool is_answered_ = false;
  // Used by the queue's thread.
  TimerId headers_due_ = 0;
  bool handed_over_ = false;
  // Used by the loop's thread.
  typename Method::CallId id_{};
  Task on_announced_;  // early headers of a call with a key are on their way
  Result result_;      // on its way from the loop's thread to the queue's
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_UNARY_RPC_H_
