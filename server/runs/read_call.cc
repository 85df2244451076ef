#include "server/runs/read_call.h"

#include <utility>

#include "server/contract/gateway_errors.h"
#include "server/upstream/transfer_error.h"

namespace enos::gateway {
namespace {

// What came of a transfer without a complete answer, to a call that may be repeated.
Refusal ReadErrorOfTransfer(const HttpResult& result) {
  Refusal refusal = ErrorOfTransfer(result);
  if (refusal.error.reason == Reason::ENOS_CONNECTION_LOST) {
    refusal.error.code = absl::StatusCode::kUnavailable;
    refusal.remedy = Remedy::kWait;
  }
  return refusal;
}

}  // namespace

ReadCall::ReadCall(UpstreamEnvironment& environment, SignedRequest request, SteadyTime answer_by,
                   std::shared_ptr<CallRecord> record, SignedCall::Reader read,
                   SignedCall::Done done)
    : scheduler_(environment.scheduler),
      answer_by_(answer_by),
      done_(std::move(done)),
      call_(
          environment, std::move(request), answer_by, std::move(record),
          [read = std::move(read)](const HttpResult& result) mutable -> std::optional<Refusal> {
            if (result.end != TransferEnd::kAnswered) return ReadErrorOfTransfer(result);
            return read(result);
          },
          [this](std::optional<CallError> error) { Finish(std::move(error)); }) {}

ReadCall::~ReadCall() { scheduler_.Cancel(due_timer_); }

void ReadCall::Start() {
  due_timer_ = scheduler_.RunAt(answer_by_, [this] {
    due_timer_ = 0;
    OnAnswerDue();
  });
  call_.Start();
}

void ReadCall::OnAnswerDue() {
  Finish(call_.MaybeSent() ? NoAnswerInTime() : call_.NotSentError());
}

void ReadCall::EndNow() { Finish(GatewayShuttingDown()); }

// Nothing of it runs any more, for its owner may keep it.
void ReadCall::Finish(std::optional<CallError> error) {
  scheduler_.Cancel(std::exchange(due_timer_, 0));
  call_.Stop();
  std::exchange(done_, nullptr)(std::move(error));
}

}  // namespace enos::gateway
