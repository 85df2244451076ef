#include "server/testing/runs_rig.h"

#include <gtest/gtest.h>

#include <utility>

namespace enos::gateway {

std::string RunJson(std::string_view instance_id, int status, std::string_view more) {
  return R"({"code":0,"msg":"OK","requestId":"r-1","data":{"instanceId":")" +
         std::string(instance_id) + R"(","flowId":3377,"status":)" + std::to_string(status) +
         std::string(more) + "}}";
}

std::string ZoneJson(std::string_view zone) {
  return R"({"code":0,"msg":"OK","data":")" + std::string(zone) + R"("})";
}

InstanceTarget RunOf(int number, std::string user, std::string organization) {
  return {std::move(user), std::move(organization), "3377-run" + std::to_string(number)};
}

CallError RunsRig::Call::error() const {
  if (!failed) ADD_FAILURE() << "call " << number << " did not fail";
  return failed.value_or(CallError());
}

std::vector<int> RunsRig::Watch::statuses() const {
  std::vector<int> numbers;
  numbers.reserve(states.size());
  for (const auto& state : states) numbers.push_back(state.enos_status());
  return numbers;
}

CallError RunsRig::Watch::error() const {
  if (!failed) ADD_FAILURE() << "watch " << id << " did not fail";
  return failed.value_or(CallError());
}

RunsRig::RunsRig(const Options& options)
    : UpstreamRig(options),
      runs(std::make_unique<FlowRuns>(Environment(), options.runs,
                                      RunsEvents{[this](const InstanceAnswer&) { ++reads; },
                                                 [this](const InstanceResult& result) {
                                                   const auto* error =
                                                       std::get_if<CallError>(&result);
                                                   if (error != nullptr)
                                                     return polls_failed.push_back(error->reason);
                                                   ++polls_read;
                                                 }})) {}

RunJob RunsRig::JobOf(const Call& call, const InstanceTarget& target, Duration answer_in) {
  RunJob job;
  job.request.target = target;
  job.request.record = call.record;
  job.request.answer_by = scheduler.Now() + answer_in;
  job.slot = admission.TryEnter();
  EXPECT_TRUE(job.slot);
  job.caller_slot = caller_slots.TryEnter(std::to_string(call.number));
  return job;
}

void RunsRig::OnDone(Call& call) {
  ++call.times_done;
  call.done_at = scheduler.Now();
  call.slots_were_free = admission.in_flight() == 0 &&
                         static_cast<bool>(caller_slots.TryEnter(std::to_string(call.number)));
  if (call.then) call.then();
}

RunsRig::Call& RunsRig::Get(const InstanceTarget& target, Duration answer_in) {
  Call& call = calls.emplace_back();
  call.number = calls.size();
  call.id = runs->Get(JobOf(call, target, answer_in), [this, &call](InstanceResult result) {
    if (auto* error = std::get_if<CallError>(&result)) {
      call.failed = std::move(*error);
    } else {
      call.answer = std::get<InstanceAnswer>(std::move(result));
    }
    OnDone(call);
  });
  return call;
}

RunsRig::Call& RunsRig::Cancel(const InstanceTarget& target, Duration answer_in) {
  Call& call = calls.emplace_back();
  call.number = calls.size();
  call.id = runs->Cancel(JobOf(call, target, answer_in), [this, &call](CancelResult result) {
    if (auto* error = std::get_if<CallError>(&result)) {
      call.failed = std::move(*error);
    } else {
      call.accepted = std::get<CancelAccepted>(std::move(result));
    }
    OnDone(call);
  });
  return call;
}

RunsRig::Watch& RunsRig::StartWatch(const InstanceTarget& target) {
  Watch& watch = watches.emplace_back();
  Watcher watcher;
  watcher.check = [&watch] {
    ++watch.checks;
    return watch.refusal;
  };
  watcher.on_state = [&watch](const Watcher::Message& message) {
    EXPECT_FALSE(watch.is_over()) << "told after its end";
    watch.states.push_back(message->flow_instance());
  };
  watcher.on_end = [this, &watch](InstanceEnd end) {
    ++watch.times_ended;
    watch.ended_at = scheduler.Now();
    watch.failed = std::move(end.error);
    watch.enos_request_id = std::move(end.enos_request_id);
  };
  watch.id = runs->watches().Start(target, std::move(watcher));
  return watch;
}

TransferId RunsRig::RunTransfer() const {
  const auto running = http.Running(kInstances);
  return running.empty() ? 0 : running.front();
}

void RunsRig::AnswerRun(int status, std::string body, std::string retry_after) {
  http.Answer(RunTransfer(), status, std::move(body), std::move(retry_after));
}

void RunsRig::FailRun(TransferEnd end, bool maybe_sent) {
  http.Fail(RunTransfer(), end, maybe_sent);
}

void RunsRig::TellRun(TransferId transfer, int status, std::string_view more) {
  ASSERT_NE(transfer, 0U) << "no read runs";
  const std::string& path = http.at(transfer).request.path_and_query;
  static const std::string kId = "flowInstId=";
  const size_t begin = path.find(kId);
  if (begin == std::string::npos) return http.Answer(transfer, 200, std::string(kCancelledJson));
  const size_t id = begin + kId.size();
  http.Answer(transfer, 200, RunJson(path.substr(id, path.find('&', id) - id), status, more));
}

void RunsRig::TellZone(std::string_view zone) {
  const auto running = http.Running(kTime);
  ASSERT_EQ(running.size(), 1U);
  http.Answer(running.front(), 200, ZoneJson(zone));
  scheduler.RunDue();  // which is when those who wait are told
}

}  // namespace enos::gateway
