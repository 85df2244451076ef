#include "server/runs/instance_read.h"

#include <utility>

#include "server/contract/gateway_errors.h"

namespace enos::gateway {
namespace {

SignedRequest RequestOf(RunRequest& request, ApiVersion api_version, bool once) {
  SignedRequest get =
      SignedRequestTo(UpstreamOperation::kGetInstance, FlowInstancesPath(api_version),
                      GetInstanceQuery(request.target));
  get.once = once;
  get.has_own_trace = once;  // a poll, which all who watch share
  get.headers = std::move(request.headers);
  return get;
}

}  // namespace

InstanceRead::InstanceRead(UpstreamEnvironment& environment, ZoneSource& zones,
                           ApiVersion api_version, RunRequest request, bool once, Done done)
    : scheduler_(environment.scheduler),
      zones_(zones),
      answer_by_(request.answer_by),
      done_(std::move(done)),
      call_(
          environment, RequestOf(request, api_version, once), request.answer_by,
          std::move(request.record),
          [this, id = request.target.flow_instance_id](
              const HttpResult& result) -> std::optional<Refusal> {
            auto read = ReadInstanceAnswer(result.status, result.body, id, KnownSecrets());
            if (auto* refused = std::get_if<Refusal>(&read)) return std::move(*refused);
            answer_ = std::get<InstanceAnswer>(std::move(read));
            return std::nullopt;
          },
          [this](std::optional<CallError> error) { OnEnded(std::move(error)); }) {}

InstanceRead::~InstanceRead() {
  zones_.Forget(zone_wait_);
  scheduler_.Cancel(due_timer_);
}

// A run is told without its times rather than not in time.
void InstanceRead::OnEnded(std::optional<CallError> error) {
  if (error) return std::exchange(done_, nullptr)(*std::move(error));
  if (!answer_.HasTimes() || zones_.is_current()) return OnZone(zones_.zone());
  due_timer_ = scheduler_.RunAt(answer_by_, [this] {
    due_timer_ = 0;
    OnZone(zones_.zone());
  });
  zone_wait_ = zones_.Ask([this](const std::optional<absl::TimeZone>& zone) { OnZone(zone); });
}

void InstanceRead::OnZone(const std::optional<absl::TimeZone>& zone) {
  zones_.Forget(std::exchange(zone_wait_, 0));
  scheduler_.Cancel(std::exchange(due_timer_, 0));
  if (zone) SetTimes(*zone, answer_);
  std::exchange(done_, nullptr)(std::move(answer_));
}

void InstanceRead::EndNow() { std::exchange(done_, nullptr)(GatewayShuttingDown()); }

}  // namespace enos::gateway
