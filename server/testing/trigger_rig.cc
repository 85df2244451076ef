#include "server/testing/trigger_rig.h"

#include <gtest/gtest.h>

#include <utility>

namespace enos::gateway {

std::string TriggerRig::Call::instance_id() const {
  const auto* started = result ? std::get_if<FlowStarted>(&*result) : nullptr;
  return started == nullptr ? "" : started->flow_instance_id;
}

CallError TriggerRig::Call::error() const {
  const auto* failed = result ? std::get_if<CallError>(&*result) : nullptr;
  if (failed == nullptr) ADD_FAILURE() << "call " << number << " did not fail";
  return failed == nullptr ? CallError() : *failed;
}

TriggerRig::TriggerRig(const Options& options)
    : UpstreamRig(options),
      admission(options.slots),
      trigger(std::make_unique<FlowTrigger>(Environment(), options.trigger)) {}

TriggerRig::Call& TriggerRig::Prepare(Duration answer_in, Duration end_in) {
  Call& call = calls.emplace_back();
  call.number = calls.size();
  const std::string user = CallerOf(call);
  call.job.call.query = "action=updateAndTrigger&orgId=o%20rg&userId=" + user;
  call.job.call.signed_query = "actionupdateAndTriggerorgIdo rguserId" + user;
  call.job.call.body = R"({"flowId":3377,"triggerTime":1,"parameters":[]})";
  call.job.record->flow_id = 3377;
  call.job.record->request_id = "request-" + std::to_string(call.number);
  call.job.answer_by = scheduler.Now() + answer_in;
  call.job.end_by = scheduler.Now() + end_in;
  return call;
}

// The call's own job stays with it, for what tests look up; its caller slot goes along.
TriggerJob TriggerRig::JobOf(Call& call) {
  TriggerJob job;
  job.call = call.job.call;
  job.headers = call.job.headers;
  job.record = call.job.record;
  job.answer_by = call.job.answer_by;
  job.end_by = call.job.end_by;
  job.slot = admission.TryEnter();
  EXPECT_TRUE(job.slot);
  job.caller_slot = caller_slots.TryEnter(CallerOf(call));
  job.on_settled = [&call](const TriggerResult* result) {
    ++call.times_settled;
    if (result != nullptr) call.settled = *result;
  };
  return job;
}

std::string TriggerRig::CallerOf(const Call& call) {
  return "caller" + std::to_string(call.number);
}

bool TriggerRig::CallerSlotIsFree(const Call& call) {
  return static_cast<bool>(caller_slots.TryEnter(CallerOf(call)));
}

TriggerDone TriggerRig::DoneOf(Call& call) {
  return [this, &call](TriggerResult result) {
    ++call.times_done;
    call.done_at = scheduler.Now();
    call.result = std::move(result);
    call.slot_was_free = static_cast<bool>(admission.TryEnter());
    call.caller_slot_was_free = CallerSlotIsFree(call);
    if (call.then) call.then();
  };
}

TriggerRig::Call& TriggerRig::Start(Duration answer_in, Duration end_in) {
  Call& call = Prepare(answer_in, end_in);
  StartPrepared(call);
  return call;
}

void TriggerRig::Leave(Call& call) const {
  call.caller_gone = true;
  trigger->CallerGone(call.id);
}

std::vector<FakeHttpClient::Sent> TriggerRig::SendsOf(const Call& call) const {
  std::vector<FakeHttpClient::Sent> sends;
  const std::string path = std::string(kFlows) + "?" + call.job.call.query;
  for (const FakeHttpClient::Sent& sent : http.sent()) {
    if (sent.request.path_and_query == path) sends.push_back(sent);
  }
  return sends;
}

TransferId TriggerRig::FlowTransfer() const {
  const auto running = http.Running(kFlows);
  return running.empty() ? 0 : running.front();
}

TransferId TriggerRig::TransferOf(const Call& call) const {
  const auto sends = SendsOf(call);
  return sends.empty() || !sends.back().running ? 0 : sends.back().id;
}

void TriggerRig::AnswerFlow(int status, std::string body, std::string retry_after,
                            std::string date) {
  http.Answer(FlowTransfer(), status, std::move(body), std::move(retry_after), std::move(date));
}

void TriggerRig::FailFlow(TransferEnd end, bool maybe_sent) {
  http.Fail(FlowTransfer(), end, maybe_sent);
}

}  // namespace enos::gateway
