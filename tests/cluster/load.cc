// enos-load: callers that trigger flows at a steady pace over one channel, as services do, and
// repeat as the client library does. What they were told goes to standard output, one line a call:
//   {"callId":"a-17","begin":1790000000123,"ms":48,"attempts":["UNAVAILABLE GATEWAY_SHUTTING_DOWN
//   NOT_EXECUTED","OK"],
//    "instance":"3377-20260101000000"}
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "enos/flow/client.h"
#include "tests/cluster/load_options.h"

namespace enos::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr std::int32_t kFlow = 3377;
constexpr std::int64_t kFirstTriggerTime = 1'600'000'000;

struct Told {
  std::string call_id;
  system_clock::time_point begin;
  milliseconds took{0};
  std::vector<std::string>
      attempts;  // how each ended: "OK", or "CODE REASON EXECUTION", "-" for no reason
  std::string instance;
};

std::string Outcome(const flow::FlowResult& result) {
  if (result.ok()) return "OK";
  const flow::FlowError& error = result.error();
  return absl::StrCat(flow::StatusCodeName(error.code), " ",
                      error.reason.empty() ? "-" : error.reason, " ",
                      flow::ExecutionName(error.execution));
}

void Print(const Told& told) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.StartObject();
  writer.Key("callId");
  writer.String(told.call_id);
  writer.Key("begin");
  writer.Int64(std::chrono::duration_cast<milliseconds>(told.begin.time_since_epoch()).count());
  writer.Key("ms");
  writer.Int64(told.took.count());
  writer.Key("attempts");
  writer.StartArray();
  for (const std::string& attempt : told.attempts) writer.String(attempt);
  writer.EndArray();
  writer.Key("instance");
  writer.String(told.instance);
  writer.EndObject();
  std::printf("%s\n", buffer.GetString());
  std::fflush(stdout);
}

class Load {
 public:
  Load(Options options, flow::FlowClient client)
      : options_(std::move(options)), client_(std::move(client)) {}

  void Start() {
    for (int i = 0; i < options_.callers; ++i) threads_.emplace_back([this] { Run(); });
  }

  // Begins no more calls, and waits for the open ones.
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
    while (Pause()) Print(Call(++next_));
  }

  // False: the end has come.
  bool Pause() {
    std::unique_lock<std::mutex> lock(mutex_);
    return !end_.wait_for(lock, options_.pause, [this] { return ended_; });
  }

  Told Call(std::int64_t number) const {
    Told told;
    told.call_id = absl::StrCat(options_.name, "-", number);
    flow::FlowRequest request;
    request.set_user_id("load");
    request.set_org_id("o1");
    request.set_flow_id(kFlow);
    request.mutable_trigger_time()->set_seconds(kFirstTriggerTime + number);
    auto* parameter = request.add_parameters();
    parameter->set_key("call_id");
    parameter->set_value(told.call_id);

    told.begin = system_clock::now();
    const auto begin = steady_clock::now();
    const flow::FlowResult result = flow::RepeatWhileSafe(
        [&](milliseconds left, bool /*may_have_started*/) {
          flow::FlowResult attempt = client_.TriggerFlow(request, {left});
          told.attempts.push_back(Outcome(attempt));
          return attempt;
        },
        options_.timeout, options_.repeat, flow::RepeatHooks::Real());
    told.took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
    if (result.ok()) told.instance = result.flow().flow_instance_id;
    return told;
  }

  const Options options_;
  const flow::FlowClient client_;
  std::vector<std::thread> threads_;
  std::atomic<std::int64_t> next_{0};
  std::mutex mutex_;
  std::condition_variable end_;
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

int main(int argc, char** argv) { return enos::load::Run(enos::load::ReadOptions(argc, argv)); }
