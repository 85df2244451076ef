#include "server/runs/flow_runs.h"

#include <utility>
#include <vector>

#include "server/contract/gateway_errors.h"

namespace enos::gateway {
namespace {

SignedRequest SignedCancel(RunRequest& request, ApiVersion api_version) {
  SignedRequest cancel =
      SignedRequestTo(UpstreamOperation::kCancelInstance, FlowInstancesPath(api_version),
                      CancelInstanceQuery(request.target));
  cancel.body = std::make_shared<const std::string>(CancelInstanceBody(request.target));
  cancel.headers = std::move(request.headers);
  return cancel;
}

}  // namespace

FlowRuns::FlowRuns(UpstreamEnvironment environment, const RunsOptions& options, RunsEvents events)
    : env_(std::move(environment)),
      options_(options),
      events_(std::move(events)),
      zones_(env_, options.api_version),
      watches_(env_, zones_, options.api_version, options.watch, events_.on_polled) {}

// Out of the list, with its slots: they are free once this is destroyed.
std::unique_ptr<FlowRuns::Call> FlowRuns::Take(CallId id) {
  const auto found = calls_.find(id);
  std::unique_ptr<Call> call = std::move(found->second);
  calls_.erase(found);
  call->slot = {};
  call->caller_slot = {};
  return call;
}

FlowRuns::CallId FlowRuns::Get(RunJob job, absl::AnyInvocable<void(InstanceResult)> done) {
  const CallId id = ++last_id_;
  if (ended_) {
    job = {};  // its slots first
    done(GatewayShuttingDown());
    return id;
  }
  auto call = std::make_unique<Call>();
  call->slot = std::move(job.slot);
  call->caller_slot = std::move(job.caller_slot);
  call->get = std::make_unique<InstanceRead>(
      env_, zones_, options_.api_version, std::move(job.request), /*once=*/false,
      [this, id, done = std::move(done)](InstanceResult result) mutable {
        const auto ended = Take(id);  // which calls this, and is needed to its end
        const auto* answer = std::get_if<InstanceAnswer>(&result);
        if (answer != nullptr && events_.on_read) events_.on_read(*answer);
        done(std::move(result));
      });
  calls_.emplace(id, std::move(call)).first->second->get->Start();
  return id;
}

FlowRuns::CallId FlowRuns::Cancel(RunJob job, absl::AnyInvocable<void(CancelResult)> done) {
  const CallId id = ++last_id_;
  if (ended_) {
    job = {};  // its slots first
    done(GatewayShuttingDown());
    return id;
  }
  auto call = std::make_unique<Call>();
  call->slot = std::move(job.slot);
  call->caller_slot = std::move(job.caller_slot);
  auto accepted = std::make_shared<CancelAccepted>();
  const SteadyTime answer_by = job.request.answer_by;
  SignedRequest request = SignedCancel(job.request, options_.api_version);
  call->cancel = std::make_unique<ReadCall>(
      env_, std::move(request), answer_by, std::move(job.request.record),
      [accepted](const HttpResult& result) -> std::optional<Refusal> {
        return ReadCancelAnswer(result.status, result.body, KnownSecrets(),
                                &accepted->enos_request_id);
      },
      [this, id, accepted, done = std::move(done)](std::optional<CallError> error) mutable {
        const auto ended = Take(id);  // which calls this, and is needed to its end
        if (error) {
          done(*std::move(error));
        } else {
          done(std::move(*accepted));
        }
      });
  calls_.emplace(id, std::move(call)).first->second->cancel->Start();
  return id;
}

void FlowRuns::EndAll() {
  ended_ = true;
  watches_.EndAll();
  // Listed first: what ends changes the list.
  std::vector<CallId> running;
  running.reserve(calls_.size());
  for (const auto& [id, call] : calls_) running.push_back(id);
  for (const CallId id : running) {
    const auto found = calls_.find(id);
    if (found == calls_.end()) continue;
    Call& call = *found->second;
    if (call.get != nullptr) {
      call.get->EndNow();
    } else {
      call.cancel->EndNow();
    }
  }
}

}  // namespace enos::gateway
