#include "server/rpc/flow_rpc.h"

#include <utility>

#include "server/errors/gateway_errors.h"
#include "server/errors/rich_status.h"
#include "server/request/validation.h"
#include "server/rpc/call_times.h"
#include "server/rpc/caller_identity.h"
#include "server/rpc/caller_metadata.h"
#include "server/rpc/request_id.h"
#include "server/rpc/trace_context.h"

namespace enos::gateway {

using dataflow::v1::UpdateAndTriggerFlowRequest;

namespace {

// Of metadata that may be there once: two are refused already.
constexpr size_t kOneTooMany = 2;

}  // namespace

void FlowRpc::Offer(FlowRpcEnvironment& environment, RpcQueue& queue) {
  const Reference rpc(new FlowRpc(environment, queue));
  environment.service.RequestUpdateAndTriggerFlow(&rpc->context_, &rpc->request_, &rpc->responder_,
                                                  &queue.grpc_queue(), &queue.grpc_queue(),
                                                  rpc->arrived_.Begin(rpc->Self()));
}

FlowRpc::FlowRpc(FlowRpcEnvironment& environment, RpcQueue& queue)
    : env_(environment), queue_(queue) {
  context_.AsyncNotifyWhenDone(&done_);
}

void FlowRpc::OnArrived(bool ok) {
  if (!ok) return;      // the server shuts down
  done_.Begin(Self());  // which comes, now that the RPC began
  arrived_at_ = env_.loop.Now();
  env_.events.on_arrived();
  RecordArrival();
  open_.Begin(env_.open_calls);
  Offer(env_, queue_);

  if (auto refusal = Refusal()) return AnswerUnsent(*std::move(refusal));
  if (!TakeCallerSlot()) {
    record_->cause = "calls in flight of this caller";
    return AnswerUnsent(CallerOverloaded());
  }
  job_.slot = env_.admission.TryEnter();
  if (!job_.slot) return AnswerUnsent(GatewayOverloaded());
  job_.call = EncodeFlowCall(request_);
  UpdateAndTriggerFlowRequest().Swap(&request_);  // its memory is not needed while EnOS works

  if (env_.early_headers) {
    SendHeaders();
  } else {
    HandOver();
  }
}

// What the access log and EnOS are to know of the caller.
void FlowRpc::RecordArrival() {
  CallRecord& record = *record_;
  record.peer = context_.peer();
  is_front_ = IsFront(record.peer);
  record.org_id = request_.org_id();
  record.flow_id = request_.flow_id();
  record.request_bytes = request_.ByteSizeLong();
  socket_ = env_.connections.CallArrived(record.peer, record.request_bytes);
  const CallerMetadata& metadata = context_.client_metadata();
  if (is_front_) {
    record.peer =
        FrontPeer(FirstValues(metadata, kFrontPeerKey, kOneTooMany), std::move(record.peer));
  }
  record.request_id = RequestIdFor(OnlyValue(metadata, kRequestIdKey), env_.ids);
  const auto trace =
      ContinueTrace(OnlyValue(metadata, "traceparent"), JoinedTraceState(metadata), env_.ids);
  if (!trace) return;
  record.trace_id = trace->trace_id;
  job_.headers.push_back("traceparent: " + trace->traceparent);
  if (!trace->tracestate.empty()) job_.headers.push_back("tracestate: " + trace->tracestate);
}

// Why the call cannot be taken, found before anything is sent. Sets the job's times. An unknown
// caller is told nothing but that the gateway is shutting down. A request that is not valid is
// about no flow, and the rules for it are public, so that the policy is asked about valid ones
// only.
std::optional<CallError> FlowRpc::Refusal() {
  if (env_.shutting_down.load(std::memory_order_relaxed)) return GatewayShuttingDown();
  if (auto refusal = Identify()) return refusal;
  const auto times =
      TimesOfCall(arrived_at_, TimeLeft(context_.raw_deadline()), env_.upstream_timeout);
  if (!times) return DeadlinePastOnArrival();
  job_.answer_by = times->answer_by;
  job_.end_by = times->end_by;
  if (auto refusal = ValidateRequest(request_)) return refusal;
  return Authorize();
}

std::optional<CallError> FlowRpc::Identify() {
  const CallerChecks& checks = env_.callers;
  if (checks.access == nullptr) return std::nullopt;
  PresentedIdentity presented;
  const CallerMetadata& metadata = context_.client_metadata();
  presented.authorizations = FirstValues(metadata, "authorization", kOneTooMany);
  if (is_front_) {
    presented.certificate =
        FrontIdentities(FirstValues(metadata, kFrontCertificateKey, kOneTooMany));
  } else if (checks.certificates) {
    presented.certificate = CertificateIdentities(*context_.auth_context());
  }
  auto refusal = checks.access->Identify(presented, &identities_);
  if (!identities_.empty()) record_->caller = identities_.front();
  if (!refusal) return std::nullopt;
  record_->cause = refusal->cause;
  return std::move(refusal->error);
}

std::optional<CallError> FlowRpc::Authorize() {
  if (env_.callers.access == nullptr) return std::nullopt;
  size_t matched = 0;
  auto refusal = env_.callers.access->Authorize(
      identities_, {request_.org_id(), request_.user_id(), request_.flow_id()}, &matched);
  if (matched != 0) record_->caller = identities_[matched];
  if (!refusal) return std::nullopt;
  record_->cause = refusal->cause;
  return std::move(refusal->error);
}

// By the first identity, which is the same whatever a call asks for: the one that the policy
// matched may differ from flow to flow, and would give one caller as many limits as it has names.
// A caller without an identity counts by its address.
bool FlowRpc::TakeCallerSlot() {
  CallerSlots* const slots = env_.callers.slots;
  if (slots == nullptr) return true;
  job_.caller_slot = slots->TryEnter(identities_.empty() ? std::string(PeerHost(record_->peer))
                                                         : identities_.front());
  return static_cast<bool>(job_.caller_slot);
}

// Response headers end every automatic retry by the caller's library, so they go out before the
// first byte of the call goes upstream: should this gateway die in mid-call, nobody sends the call
// again behind the caller's back. A caller that reads nothing has until its answer is due.
void FlowRpc::SendHeaders() {
  headers_due_ = queue_.RunAt(job_.answer_by, [this] { OnHeadersDue(); });
  queue_.HoldWrites(socket_);
  responder_.SendInitialMetadata(headers_sent_.Begin(Self()));
}

void FlowRpc::OnHeadersSent(bool ok) {
  queue_.Cancel(headers_due_);
  if (is_answered_) return;
  if (!ok) return AnswerUnsent(Execution::kNotExecuted);  // the caller is gone
  HandOver();
}

// Or the drain's time is over.
void FlowRpc::OnHeadersDue() {
  const bool ending = env_.shutting_down.load(std::memory_order_relaxed);
  AnswerUnsent(ending ? GatewayShuttingDown() : NotSentInTime("the caller's connection"));
}

void FlowRpc::HandOver() {
  handed_over_ = true;
  env_.loop.Post([self = Self()] { self->StartCall(); });
}

void FlowRpc::StartCall() {
  call_ = env_.trigger.Start(std::move(job_), [self = Self()](TriggerResult result) {
    self->OnResult(std::move(result));
  });
}

void FlowRpc::OnDone(bool /*ok*/) {
  if (!context_.IsCancelled()) return;
  if (handed_over_) {
    env_.loop.Post([self = Self()] { self->OnCallerGone(); });
  } else if (!is_answered_) {
    AnswerUnsent(Execution::kNotExecuted);
  }
}

// A call that was not handed over. The slots first: a caller that has its answer may call again.
void FlowRpc::AnswerUnsent(Result result) {
  is_answered_ = true;
  queue_.Cancel(headers_due_);
  job_.slot = {};
  job_.caller_slot.Release();
  result_ = std::move(result);
  AnswerResult();
}

void FlowRpc::OnResult(TriggerResult result) {
  is_answered_ = true;
  if (auto* started = std::get_if<FlowStarted>(&result)) {
    AnswerFromLoop(std::move(*started));
  } else {
    AnswerFromLoop(std::get<CallError>(std::move(result)));
  }
}

void FlowRpc::AnswerFromLoop(Result result) {
  result_ = std::move(result);
  if (env_.admission.in_flight() <= kFewCalls) {
    AnswerResult();
  } else {
    queue_.Post([self = Self()] {
      self->queue_.HoldWrites(self->socket_);
      self->AnswerResult();
    });
  }
}

void FlowRpc::AnswerResult() {
  if (auto* started = std::get_if<FlowStarted>(&result_)) {
    Succeed(std::move(*started));
  } else if (const auto* error = std::get_if<CallError>(&result_)) {
    Fail(*error);
  } else {
    Cancel(std::get<Execution>(result_));
  }
}

void FlowRpc::Succeed(FlowStarted started) {
  AddEnosRequestId(started.enos_request_id);
  record_->flow_instance_id = started.flow_instance_id;
  response_.set_flow_instance_id(std::move(started.flow_instance_id));
  record_->answer_bytes = response_.ByteSizeLong();
  Answer(grpc::Status::OK, {});
}

void FlowRpc::Fail(const CallError& error) {
  AddEnosRequestId(error.enos_request_id);
  const grpc::Status status = ToGrpcStatus(error, record_->request_id);
  CallOutcome outcome;
  outcome.error = &error;
  Answer(status, outcome);
}

void FlowRpc::Cancel(Execution execution) {
  CallOutcome outcome;
  outcome.execution = execution;
  Answer(grpc::Status::CANCELLED, outcome);
}

void FlowRpc::AddEnosRequestId(const std::string& enos_request_id) {
  record_->enos_request_id = enos_request_id;
  if (!enos_request_id.empty()) context_.AddTrailingMetadata("enos-request-id", enos_request_id);
}

void FlowRpc::OnCallerGone() {
  if (std::exchange(is_answered_, true)) return;
  const bool runs_on = env_.trigger.CallerGone(call_);
  AnswerFromLoop(runs_on ? Execution::kUnknown : Execution::kNotExecuted);
}

// Whoever calls it refers to the RPC: the queue's thread may see the end of the answer before this
// one is back from Finish.
void FlowRpc::Answer(const grpc::Status& status, CallOutcome outcome) {
  context_.AddTrailingMetadata(kRequestIdKey, record_->request_id);
  outcome.code = static_cast<absl::StatusCode>(status.error_code());
  outcome.took = env_.loop.Now() - arrived_at_;
  env_.events.on_ended(outcome, *record_);
  CompletionEvent* const answered = answered_.Begin(Self());
  if (status.ok()) {
    responder_.Finish(response_, status, answered);
  } else {
    responder_.FinishWithError(status, answered);
  }
}

}  // namespace enos::gateway
