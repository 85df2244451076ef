// enos-load: callers that trigger flows at a steady pace over one channel, as services do, and
// repeat as the client library does; with --keyed also what may have been started, under the same
// key; with --watch_s each watches its run to the end. What they were told goes to standard output,
// one line a call:
//   {"callId":"a-17","begin":1790000000123,"ms":48,"attempts":["UNAVAILABLE GATEWAY_SHUTTING_DOWN
//   NOT_EXECUTED","OK"],
//    "instance":"3377-20260101000000"}
// and of a run that was watched also
//   "interruptions":["UNAVAILABLE GATEWAY_SHUTTING_DOWN "],"end":"FLOW_INSTANCE_STATE_SUCCEEDED"
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "enos/flow/client.h"
#include "enos/flow/idempotency_key.h"
#include "tests/cluster/load_options.h"
#include "tests/cluster/told.h"

namespace enos::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr char kUser[] = "load";
constexpr char kOrganization[] = "o1";
constexpr std::int32_t kFlow = 3377;
constexpr std::int64_t kFirstTriggerTime = 1'600'000'000;

class Load {
 public:
  Load(Options options, flow::FlowClient client)
      : options_(std::move(options)), client_(std::move(client)) {}

  void Start() {
    for (int i = 0; i < options_.callers; ++i) threads_.emplace_back([this] { Run(); });
  }

  // Begins no more calls, waits for the open ones, and watches no longer.
  void Stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    end_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void Run() {
    while (Pause()) {
      Told told = Call(++next_);
      if (options_.watch.count() > 0 && !told.instance.empty()) told.run = Watch(told.instance);
      Print(told);
    }
  }

  // False: the end has come.
  bool Pause() {
    std::unique_lock<std::mutex> lock(mutex_);
    return !end_.wait_for(lock, options_.pause, [this] { return ended_; });
  }

  flow::FlowRequest RequestOf(const std::string& call_id, std::int64_t number) const {
    flow::FlowRequest request;
    request.set_user_id(kUser);
    request.set_org_id(kOrganization);
    request.set_flow_id(kFlow);
    if (options_.watch.count() > 0) {
      *request.mutable_trigger_time() = flow::ToTimestamp(system_clock::now() + options_.watch);
    } else {
      request.mutable_trigger_time()->set_seconds(kFirstTriggerTime + number);
    }
    if (options_.keyed) request.set_idempotency_key(flow::NewIdempotencyKey());
    auto* parameter = request.add_parameters();
    parameter->set_key("call_id");
    parameter->set_value(call_id);
    return request;
  }

  Told Call(std::int64_t number) const {
    Told told;
    told.call_id = absl::StrCat(options_.name, "-", number);
    const flow::FlowRequest request = RequestOf(told.call_id, number);
    told.key = request.idempotency_key();
    told.begin = system_clock::now();
    const auto begin = steady_clock::now();
    const flow::FlowResult result = flow::RepeatWhileSafe(
        [&](milliseconds left, bool /*may_have_started*/) {
          flow::FlowResult attempt = client_.TriggerFlow(request, {left});
          told.attempts.push_back(attempt.ok() ? "OK" : OutcomeOf(attempt.error()));
          return attempt;
        },
        options_.timeout, options_.repeat, flow::RepeatHooks::Real());
    told.took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
    if (result.ok()) told.instance = result.flow().flow_instance_id;
    return told;
  }

  // Until the run has ended, or the load.
  ToldOfRun Watch(const std::string& instance) {
    ToldOfRun told;
    bool done = false;
    flow::WatchCallbacks callbacks;
    callbacks.on_state = [](const flow::FlowInstance& /*instance*/) {};
    callbacks.on_interruption = [&](const flow::FlowError& error, milliseconds /*wait*/) {
      const std::lock_guard<std::mutex> lock(mutex_);
      told.interruptions.push_back(OutcomeOf(error));
    };
    callbacks.done = [&](const flow::InstanceResult& result) {
      const std::lock_guard<std::mutex> lock(mutex_);
      told.end = result.ok() ? FlowInstanceState_Name(result.instance().state())
                             : OutcomeOf(result.error());
      done = true;
      end_.notify_all();  // under the lock: what it refers to is gone once it is seen
    };
    flow::PendingCall watch =
        client_.WatchFlowInstance({kUser, kOrganization, instance}, {}, std::move(callbacks));
    std::unique_lock<std::mutex> lock(mutex_);
    end_.wait(lock, [&] { return done || ended_; });
    lock.unlock();
    watch.Cancel();
    lock.lock();
    end_.wait(lock, [&] { return done; });
    return told;
  }

  const Options options_;
  const flow::FlowClient client_;
  std::vector<std::thread> threads_;
  std::atomic<std::int64_t> next_{0};
  std::mutex mutex_;
  std::condition_variable end_;  // of the load, or of a run
  bool ended_ = false;
};

int Run(const Options& options) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto channel = flow::MakeChannel(options.channel);
  if (!channel.ok()) {
    std::fprintf(stderr, "enos-load: %s\n", std::string(channel.status().message()).c_str());
    return 2;
  }
  Load load(options, flow::FlowClient(*std::move(channel)));
  load.Start();
  int signal = 0;
  sigwait(&signals, &signal);
  load.Stop();
  return 0;
}

}  // namespace
}  // namespace enos::load

int main(int argc, char** argv) {
  // Without exit handlers: OpenSSL's would take its data from under gRPC's threads, which may still
  // be connecting, and say so among what was told.
  std::quick_exit(enos::load::Run(enos::load::ReadOptions(argc, argv)));
}
