#include "server/rpc/inbound_call.h"

#include <utility>

#include "server/contract/gateway_errors.h"
#include "server/contract/rich_status.h"
#include "server/enos/enos_time.h"
#include "server/rpc/call_span.h"
#include "server/rpc/caller_identity.h"
#include "server/rpc/caller_metadata.h"
#include "server/rpc/request_id.h"
#include "server/rpc/trace_context.h"

namespace enos::gateway {
namespace {

// For metadata that may appear once: two are already refused.
constexpr size_t kOneTooMany = 2;

constexpr char kPushbackKey[] = "grpc-retry-pushback-ms";

}  // namespace

// What the access log and EnOS should know about the caller.
void InboundCall::Arrive(const FlowAccess& target, size_t message_bytes, bool has_key) {
  arrived_at_ = env_.loop.Now();
  env_.events.on_arrived(target.method);
  CallRecord& record = *record_;
  record.method = target.method;
  record.peer = context_.peer();
  is_front_ = IsFront(record.peer);
  record.org_id = target.org_id;
  if (env_.events.with_user_id) record.user_id = target.user_id;
  record.flow_id = target.flow_id;
  record.request_bytes = message_bytes;
  record.has_key = has_key;
  socket_ = env_.connections.CallArrived(record.peer, record.request_bytes);
  const CallerMetadata& metadata = context_.client_metadata();
  if (is_front_) {
    record.peer =
        FrontPeer(FirstValues(metadata, kFrontPeerKey, kOneTooMany), std::move(record.peer));
  }
  record.request_id = RequestIdFor(OnlyValue(metadata, kRequestIdKey), env_.ids);
  BeginTrace();
}

// EnOS is told of the caller's trace only, never of one that begins here: what it receives does not
// depend on who traces the gateway.
void InboundCall::BeginTrace() {
  const CallerMetadata& metadata = context_.client_metadata();
  auto trace =
      ContinueTrace(OnlyValue(metadata, "traceparent"), JoinedTraceState(metadata), env_.ids);
  CallRecord& record = *record_;
  if (env_.events.tracer != nullptr) {
    record.span = StartCallSpan(*env_.events.tracer, record.method, trace ? &*trace : nullptr);
    if (record.span != nullptr) record.trace_id = record.span->trace_id();
    if (trace) trace->is_sampled = record.span != nullptr;
  }
  if (!trace) return;
  record.trace_id = trace->trace_id;
  trace_headers_.push_back("traceparent: " + trace->traceparent());
  if (!trace->tracestate.empty()) trace_headers_.push_back("tracestate: " + trace->tracestate);
}

// An unknown caller learns nothing except that the gateway is shutting down. An invalid message may
// name no flow, and the rules for it are public, so the policy is asked only about valid ones.
std::optional<CallError> InboundCall::Refusal(
    const FlowAccess& target, Duration longest,
    absl::FunctionRef<std::optional<CallError>()> validate) {
  if (env_.shutting_down.load(std::memory_order_relaxed)) return GatewayShuttingDown();
  if (auto refusal = Identify()) return refusal;
  const auto times = TimesOfCall(arrived_at_, TimeLeft(context_.raw_deadline()), longest);
  if (!times) return DeadlinePastOnArrival();
  times_ = *times;
  if (auto refusal = validate()) return refusal;
  return Authorize(target);
}

std::optional<CallError> InboundCall::Identify() {
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

std::optional<CallError> InboundCall::Authorize(const FlowAccess& target) {
  if (env_.callers.access == nullptr) return std::nullopt;
  size_t matched = 0;
  auto refusal = env_.callers.access->Authorize(identities_, target, &matched);
  if (matched != 0) record_->caller = identities_[matched];
  if (!refusal) return std::nullopt;
  record_->cause = refusal->cause;
  return std::move(refusal->error);
}

// Counted by the caller's first identity, which is the same whatever a call asks for: the one that
// the policy matched may differ from flow to flow, and would give one caller as many limits as it
// has names. A caller without an identity is counted by its address.
std::optional<CallError> InboundCall::TakeSlots() {
  if (CallerSlots* const slots = env_.callers.slots) {
    caller_slot_ = slots->TryEnter(identities_.empty() ? std::string(PeerHost(record_->peer))
                                                       : identities_.front());
    if (!caller_slot_) {
      record_->cause = "calls in flight of this caller";
      return CallerOverloaded();
    }
  }
  slot_ = env_.admission.TryEnter();
  if (!slot_) return GatewayOverloaded();
  return std::nullopt;
}

std::optional<CallError> InboundCall::TakeWatch() {
  slot_ = env_.watches.TryEnter();
  if (!slot_) return WatchesOverloaded();
  return std::nullopt;
}

std::optional<CallError> InboundCall::RefusalNow(const FlowAccess& target) const {
  if (env_.callers.access == nullptr) return std::nullopt;
  auto refusal = env_.callers.access->Authorize(identities_, target);
  if (!refusal) return std::nullopt;
  return std::move(refusal->error);
}

void InboundCall::ReleaseSlots() {
  slot_ = {};
  caller_slot_.Release();
}

void InboundCall::SayThatKeysAreKept() {
  if (std::exchange(said_that_keys_are_kept_, true)) return;
  context_.AddInitialMetadata("enos-idempotency", "1");
}

void InboundCall::TellEnosRequestId(const std::string& enos_request_id) {
  record_->enos_request_id = enos_request_id;
  if (!enos_request_id.empty()) context_.AddTrailingMetadata("enos-request-id", enos_request_id);
}

grpc::Status InboundCall::Succeed(const std::string& enos_request_id) {
  TellEnosRequestId(enos_request_id);
  End(grpc::Status::OK, {});
  return grpc::Status::OK;
}

// What the answer says to people it says to libraries, too: by "grpc-retry-pushback-ms" those that
// retry by themselves learn when, or that they must not.
grpc::Status InboundCall::Fail(CallError error) {
  if (!StartsFlow(record_->method)) {
    error.execution = Execution::kNone;
  } else if (error.execution == Execution::kUnknown) {
    error.likely_flow_instance_id = LikelyInstanceId(record_->flow_id, record_->trigger_time_ms);
  }
  error.has_key = record_->has_key;
  if (error.execution == Execution::kUnknown && !error.has_key) {
    context_.AddTrailingMetadata(kPushbackKey, "-1");
  } else if (error.retry_after) {
    context_.AddTrailingMetadata(kPushbackKey, std::to_string(error.retry_after->count()));
  }
  TellEnosRequestId(error.enos_request_id);
  grpc::Status status = ToGrpcStatus(error, record_->request_id);
  CallOutcome outcome;
  outcome.error = &error;
  End(status, outcome);
  return status;
}

grpc::Status InboundCall::Cancel(Execution execution) {
  CallOutcome outcome;
  outcome.execution = StartsFlow(record_->method) ? execution : Execution::kNone;
  End(grpc::Status::CANCELLED, outcome);
  return grpc::Status::CANCELLED;
}

void InboundCall::End(const grpc::Status& status, CallOutcome outcome) {
  context_.AddTrailingMetadata(kRequestIdKey, record_->request_id);
  outcome.method = record_->method;
  outcome.code = static_cast<absl::StatusCode>(status.error_code());
  outcome.took = env_.loop.Now() - arrived_at_;
  env_.events.on_ended(outcome, *record_);
  EndCallSpan(record_->span.get(), outcome, *record_);
}

}  // namespace enos::gateway
