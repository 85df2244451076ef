#include "server/check/loop_access.h"

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "server/component_options.h"
#include "server/enos/flow_call.h"
#include "server/enos/time_answer.h"
#include "server/runs/read_call.h"

namespace enos::gateway {
namespace {

TokenEvents MaskTokens() {
  TokenEvents events;
  events.on_token = [](std::string_view token) { RegisterSecret(token); };
  events.on_change = [](bool) {};
  events.on_failure = [](const CallError&) {};
  events.on_fetched = [](SteadyTime) {};
  events.on_rotated = [](const CallError*) {};
  return events;
}

// Has `start` begin something on the loop, and waits until it calls its argument.
template <typename Result, typename Start>
Result OnLoop(EventLoop& loop, Start start) {
  auto result = std::make_shared<std::promise<Result>>();
  auto done = [result](Result value) { result->set_value(std::move(value)); };
  loop.Post([start = std::move(start), done]() mutable { start(done); });
  return result->get_future().get();
}

}  // namespace

LoopAccess::LoopAccess(Settings& settings, const RandomSource& random)
    : host_(settings.enos_url.host),
      timeout_(settings.upstream_timeout),
      http_(loop_, HttpOptions(settings)),
      clock_(loop_),
      token_service_(
          loop_, http_, clock_,
          ShareCredentials(std::move(settings.access_key), std::move(settings.secret_key)), random,
          kTokenWait),
      tokens_(loop_, token_service_, random, TokenOptions(settings), MaskTokens()),
      breaker_(random, CircuitBreakerOptions()),
      env_{loop_,         http_,    clock_, tokens_,
           retry_budget_, breaker_, random, {settings.max_attempts, {}},
           nullptr,       nullptr},
      trigger_v20_(env_, {ApiVersion::kV20, settings.trust_503, settings.parameters_as}),
      trigger_v21_(env_, {ApiVersion::kV21, settings.trust_503, settings.parameters_as}) {
  loop_.Start();
}

void LoopAccess::Wait(Duration time) { std::this_thread::sleep_for(time); }

absl::StatusOr<std::vector<std::string>> LoopAccess::Resolve() {
  using Addresses = std::vector<std::string>;
  return OnLoop<absl::StatusOr<Addresses>>(loop_, [this](const auto& done) {
    loop_.Resolve(host_, [done](Addresses addresses, const std::string& error) {
      if (addresses.empty()) return done(absl::NotFoundError(error));
      done(std::move(addresses));
    });
  });
}

HttpResult LoopAccess::Reach() {
  return OnLoop<HttpResult>(loop_, [this](const auto& done) {
    auto timer = std::make_shared<TimerId>(0);
    HttpRequest request;
    request.path_and_query = "/";
    const TransferId transfer =
        http_.Start(std::move(request), [this, timer, done](HttpResult result) {
          loop_.Cancel(*timer);
          done(std::move(result));
        });
    *timer = loop_.RunAfter(timeout_, [this, transfer, done] {
      http_.Drop(transfer);
      HttpResult result;
      result.end = TransferEnd::kConnectionLost;
      result.detail = "no answer in time";
      done(std::move(result));
    });
  });
}

std::optional<CallError> LoopAccess::FetchToken() {
  return OnLoop<std::optional<CallError>>(loop_, [this](const auto& done) {
    tokens_.Start();
    tokens_.Wait(nullptr, [done](TokenProvider::Result result) {
      if (auto* error = std::get_if<CallError>(&result)) return done(std::move(*error));
      done(std::nullopt);
    });
  });
}

// `read` reads an answer into its second argument.
template <typename Answer, typename Read>
EnosAccess::Result<Answer> LoopAccess::Get(std::string_view path, EnosQuery query, Read read) {
  // Any operation that starts nothing: there are no metrics to tell them apart.
  SignedRequest request = SignedRequestTo(UpstreamOperation::kGetInstance, path, std::move(query));
  return OnLoop<Result<Answer>>(loop_, [&, request = std::move(request)](const auto& done) mutable {
    // Belongs to the call's `done`, which the call drops when it has ended.
    struct Running {
      std::unique_ptr<ReadCall> call;
      Answer answer;
    };
    auto running = std::make_shared<Running>();
    running->call = std::make_unique<ReadCall>(
        env_, std::move(request), loop_.Now() + timeout_, std::make_shared<CallRecord>(),
        [self = running.get(), read](const HttpResult& result) {
          return read(result, self->answer);
        },
        [running, done](std::optional<CallError> error) {
          if (error) return done(*std::move(error));
          done(std::move(running->answer));
        });
    running->call->Start();
  });
}

EnosAccess::Result<WallTime> LoopAccess::CurrentTime(ApiVersion version) {
  return Get<WallTime>(
      TimePath(version), TimeQuery("getCurrentTime"), [](const HttpResult& result, WallTime& time) {
        std::optional<WallTime> read;
        auto refused = ReadCurrentTimeAnswer(result.status, result.body, KnownSecrets(), &read);
        if (read) time = *read;
        return refused;
      });
}

EnosAccess::Result<absl::TimeZone> LoopAccess::TimeZone(ApiVersion version) {
  return Get<absl::TimeZone>(TimePath(version), TimeQuery("getTimeZone"),
                             [](const HttpResult& result, absl::TimeZone& zone) {
                               std::optional<absl::TimeZone> read;
                               auto refused = ReadZoneAnswer(result.status, result.body,
                                                             KnownSecrets(), &read);
                               if (read) zone = *read;
                               return refused;
                             });
}

EnosAccess::Result<InstanceAnswer> LoopAccess::Instance(ApiVersion version,
                                                        const InstanceTarget& target) {
  return Get<InstanceAnswer>(
      FlowInstancesPath(version), GetInstanceQuery(target),
      [&target](const HttpResult& result, InstanceAnswer& answer) -> std::optional<Refusal> {
        auto read =
            ReadInstanceAnswer(result.status, result.body, target.flow_instance_id, KnownSecrets());
        if (auto* refused = std::get_if<Refusal>(&read)) return std::move(*refused);
        answer = std::get<InstanceAnswer>(std::move(read));
        return std::nullopt;
      });
}

EnosAccess::Result<std::string> LoopAccess::Trigger(
    ApiVersion version, const dataflow::v1::UpdateAndTriggerFlowRequest& request,
    ParametersAs parameters_as) {
  FlowTrigger& trigger = version == ApiVersion::kV20 ? trigger_v20_ : trigger_v21_;
  return OnLoop<Result<std::string>>(loop_, [&](const auto& done) {
    TriggerJob job;
    job.call = EncodeFlowCall(request, parameters_as);
    job.record->flow_id = request.flow_id();
    job.answer_by = job.end_by = loop_.Now() + timeout_;
    trigger.Start(std::move(job), [done](TriggerResult result) {
      if (auto* error = std::get_if<CallError>(&result)) return done(std::move(*error));
      done(std::get<FlowStarted>(std::move(result)).flow_instance_id);
    });
  });
}

}  // namespace enos::gateway
