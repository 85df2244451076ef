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
  auto* rpc = new FlowRpc(environment, queue);  // deletes itself, see Release
  environment.service.RequestUpdateAndTriggerFlow(&rpc->context_, &rpc->request_, &rpc->responder_,
                                                  &queue.grpc_queue(), &queue.grpc_queue(),
                                                  &rpc->arrived_);
}

FlowRpc::FlowRpc(FlowRpcEnvironment& environment, RpcQueue& queue)
    : env_(environment), queue_(queue) {
  context_.AsyncNotifyWhenDone(&done_);
}

void FlowRpc::OnEvent(Event event, bool ok) {
  switch (event) {
    case Event::kArrived:
      if (ok) {
        OnArrived();
      } else {  // the server shuts down
        Release();
      }
      return;
    case Event::kHeadersSent:
      OnHeadersSent(ok);
      break;
    case Event::kAnswered:
      break;
    case Event::kDone:
      OnDone();
      break;
  }
  Release();
}

void FlowRpc::Release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  OpenCalls* const open_calls = is_open_ ? &env_.open_calls : nullptr;
  delete this;
  if (open_calls != nullptr) open_calls->End();  // now its queue and the server may go
}

// The task's captures and `this` fit into std::function without memory of its own.
template <typename Task>
void FlowRpc::Post(Task task) {
  Retain();
  env_.loop.Post([this, task] {
    task();
    Release();
  });
}

void FlowRpc::OnArrived() {
  Retain();  // for kDone, which comes now that the RPC began
  arrived_at_ = env_.loop.Now();
  env_.events.on_arrived();
  RecordArrival();
  is_open_ = true;
  env_.open_calls.Begin();
  Offer(env_, queue_);

  if (const auto refusal = Refusal()) {
    Fail(*refusal);
    return;
  }
  if (!TakeCallerSlot()) {
    record_->cause = "calls in flight of this caller";
    Fail(CallerOverloaded());
    return;
  }
  job_.call = EncodeFlowCall(request_);
  UpdateAndTriggerFlowRequest().Swap(&request_);  // its memory is not needed while EnOS works

  if (env_.admission.TryEnter()) {
    HandOver();
  } else {
    job_.caller_slot.Release();
    Fail(GatewayOverloaded());
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

// Why the call cannot be taken, found before anything is sent. Sets the job's times. Who is not
// known learns nothing beyond that the gateway ends. A request that is not valid is about no flow,
// and the rules for it are public, so that the policy is asked about valid ones only.
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
// Who has no identity is the host that it calls from.
bool FlowRpc::TakeCallerSlot() {
  CallerSlots* const slots = env_.callers.slots;
  if (slots == nullptr) return true;
  job_.caller_slot = slots->TryEnter(identities_.empty() ? std::string(PeerHost(record_->peer))
                                                         : identities_.front());
  return static_cast<bool>(job_.caller_slot);
}

// Response headers end every automatic retry by the caller's library, so they go out before the
// first byte of the call goes upstream: should this gateway die in mid-call, nobody sends the call
// again behind the caller's back.
void FlowRpc::SendHeaders() {
  Retain();
  responder_.SendInitialMetadata(&headers_sent_);
}

void FlowRpc::OnHeadersSent(bool ok) {
  Post([this, ok] {
    if (ready_) std::exchange(ready_, nullptr)(ok);
  });
}

void FlowRpc::OnDone() {
  if (context_.IsCancelled() && handed_over_) Post([this] { OnCallerGone(); });
}

// The headers first: two threads must not use the responder at the same time. Their event comes to
// this thread, so that it is posted later than the call.
void FlowRpc::HandOver() {
  handed_over_ = true;
  if (env_.early_headers) {
    queue_.HoldWrites(socket_);
    SendHeaders();
  }
  Post([this] {
    auto done = [this](TriggerResult result) { OnResult(std::move(result)); };
    if (env_.early_headers) {
      auto announce = [this](std::function<void(bool)> ready) { ready_ = std::move(ready); };
      call_ = env_.trigger.StartWhenReady(std::move(job_), announce, std::move(done));
    } else {
      call_ = env_.trigger.Start(std::move(job_), std::move(done));
    }
  });
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
    Retain();
    queue_.Post([this] {
      queue_.HoldWrites(socket_);
      AnswerResult();
      Release();
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

// Retained: the queue's thread may see the end of the answer before this one is back from Finish.
void FlowRpc::Answer(const grpc::Status& status, CallOutcome outcome) {
  context_.AddTrailingMetadata(kRequestIdKey, record_->request_id);
  outcome.code = static_cast<absl::StatusCode>(status.error_code());
  outcome.took = env_.loop.Now() - arrived_at_;
  env_.events.on_ended(outcome, *record_);
  Retain();
  if (status.ok()) {
    responder_.Finish(response_, status, &answered_);
  } else {
    responder_.FinishWithError(status, &answered_);
  }
  Release();
}

}  // namespace enos::gateway
