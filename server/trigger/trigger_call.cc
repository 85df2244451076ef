#include "server/trigger/trigger_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/contract/gateway_errors.h"
#include "server/log/log.h"
#include "server/upstream/transfer_error.h"

namespace enos::gateway {
namespace {

SignedRequest RequestOf(TriggerJob& job, ApiVersion api_version) {
  SignedRequest request;
  request.operation = UpstreamOperation::kTrigger;
  request.path_and_query = absl::StrCat(std::string(FlowsPath(api_version)), "?", job.call.query);
  request.signed_query = std::move(job.call.signed_query);
  request.body = std::make_shared<const std::string>(std::move(job.call.body));
  request.headers = std::move(job.headers);
  return request;
}

}  // namespace

void LogLateResult(const CallRecord& record, const TriggerResult& result) {
  if (const auto* started = std::get_if<FlowStarted>(&result)) {
    Log(LogLevel::kWarning, "flow started after its caller was gone",
        {{"flow_id", record.flow_id},
         {"flow_instance_id", started->flow_instance_id},
         {"enos_request_id", started->enos_request_id},
         {"request_id", record.request_id},
         {"trace_id", record.trace_id}});
    return;
  }
  const auto& error = std::get<CallError>(result);
  Log(LogLevel::kWarning, "call ended after its caller was gone",
      {{"flow_id", record.flow_id},
       {"reason", ErrorReason_Name(error.reason)},
       {"execution", ExecutionName(error.execution)},
       {"enos_request_id", error.enos_request_id},
       {"request_id", record.request_id},
       {"trace_id", record.trace_id}});
}

TriggerCall::TriggerCall(UpstreamEnvironment& environment, const TriggerOptions& options,
                         TriggerJob job, TriggerDone done, Task on_end)
    : env_(environment),
      options_(options),
      answer_by_(job.answer_by),
      end_by_(job.end_by),
      slot_(std::move(job.slot)),
      caller_slot_(std::move(job.caller_slot)),
      on_settled_(std::move(job.on_settled)),
      done_(std::move(done)),
      on_end_(std::move(on_end)),
      call_(
          environment, RequestOf(job, options.api_version), job.answer_by, std::move(job.record),
          [this](const HttpResult& result) { return Read(result); },
          [this](std::optional<CallError> error) { OnEnded(std::move(error)); }) {}

TriggerCall::~TriggerCall() { env_.scheduler.Cancel(due_timer_); }

void TriggerCall::Start() {
  RunDueTimer(answer_by_);
  call_.Start();
}

void TriggerCall::RunDueTimer(SteadyTime when) {
  env_.scheduler.Cancel(due_timer_);
  due_timer_ = env_.scheduler.RunAt(when, [this] {
    due_timer_ = 0;
    OnAnswerDue();
  });
}

std::optional<Refusal> TriggerCall::Read(const HttpResult& result) {
  if (result.end != TransferEnd::kAnswered) return ErrorOfTransfer(result);
  FlowAnswer answer =
      ReadFlowAnswer(result.status, result.body, {options_.trust_503}, KnownSecrets());
  if (auto* refused = std::get_if<Refusal>(&answer)) return std::move(*refused);
  started_ = std::get<FlowStarted>(std::move(answer));
  return std::nullopt;
}

void TriggerCall::OnEnded(std::optional<CallError> error) {
  TriggerResult result;
  if (error) {
    result = *std::move(error);
  } else {
    result = std::move(started_);
  }
  Settle(&result);
  if (done_) return Complete(std::move(result));
  LogLateResult(call_.record(), result);
  End();
}

void TriggerCall::Settle(const TriggerResult* result) {
  if (on_settled_) std::exchange(on_settled_, nullptr)(result);
}

void TriggerCall::OnAnswerDue() {
  if (done_ && !call_.MaybeSent()) {
    OnEnded(call_.NotSentError());
  } else if (!done_ || end_by_ <= env_.scheduler.Now()) {  // without a caller it is end_by
    OnEnded(NoAnswerInTime());
  } else {
    TriggerDone done = std::exchange(done_, nullptr);
    CallerGone();
    done(NoAnswerInTime());
  }
}

void TriggerCall::CallerGone() {
  done_ = nullptr;
  if (!call_.MaybeSent()) {
    Settle(nullptr);
    return End();
  }
  call_.FinishAlone();
  RunDueTimer(end_by_);
}

void TriggerCall::EndNow() {
  OnEnded(call_.MaybeSent() ? NoAnswerInTime() : GatewayShuttingDown());
}

// The slots first, then the answer: a caller that has its answer may call again at once.
void TriggerCall::Complete(TriggerResult result) {
  TriggerDone done = std::exchange(done_, nullptr);
  End();
  if (done) done(std::move(result));
}

// Destroys this call.
void TriggerCall::End() {
  call_.Stop();
  std::exchange(on_end_, nullptr)();
}

}  // namespace enos::gateway
