// Starts flows through the gateway with the installed client library: one flow with a blocking call
// that is repeated as long as that is safe, several with concurrent asynchronous calls.
//
//   trigger_flows GATEWAY USER_ID ORG_ID FLOW_ID... [--wait]
//
// A line for each flow on stdout: its id, then the instance that was started, or why none was and
// whether it may be running anyway. With --wait one flow's run is watched: a line for each state.
// Status 0: all were started, and with --wait the run succeeded; 1: not so; 2: wrong usage.
#include <chrono>
#include <future>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "enos/flow/channel.h"
#include "enos/flow/client.h"

namespace {

using enos::flow::CallOptions;
using enos::flow::FlowClient;
using enos::flow::FlowInstance;
using enos::flow::FlowRequest;
using enos::flow::FlowResult;
using enos::flow::InstanceResult;

constexpr std::chrono::seconds kTimeout{10};

bool Print(const FlowRequest& request, const FlowResult& result) {
  std::cout << request.flow_id() << ' ';
  if (result.ok()) {
    std::cout << result.flow().flow_instance_id << '\n';
    return true;
  }
  const enos::flow::FlowError& error = result.error();
  std::cout << enos::flow::StatusCodeName(error.code) << " (" << error.reason
            << "): " << error.message << ' '
            << (error.SafeToRepeat() ? "It was certainly not started."
                                     : "It MAY have been started: look in EnOS first.")
            << '\n';
  return false;
}

// To its end, over as many streams as that takes.
bool Watch(const FlowClient& client, const FlowRequest& request, const std::string& id) {
  std::promise<InstanceResult> end;
  enos::flow::WatchCallbacks callbacks;
  callbacks.on_state = [](const FlowInstance& run) {
    std::cout << run.flow_instance_id() << ' '
              << enos::dataflow::v1::FlowInstanceState_Name(run.state()) << '\n';
  };
  callbacks.done = [&end](InstanceResult result) { end.set_value(std::move(result)); };
  const auto watch =
      client.WatchFlowInstance({request.user_id(), request.org_id(), id}, {}, std::move(callbacks));
  const InstanceResult result = end.get_future().get();
  if (!result.ok()) std::cout << result.error().message << '\n';
  return result.ok() &&
         result.instance().state() == enos::dataflow::v1::FLOW_INSTANCE_STATE_SUCCEEDED;
}

bool TriggerOne(const FlowClient& client, const FlowRequest& request, const CallOptions& options,
                bool wait) {
  const FlowResult result = client.TriggerFlowWithRepeat(request, options, {});
  if (!Print(request, result)) return false;
  return !wait || Watch(client, request, result.flow().flow_instance_id);
}

bool TriggerAll(const FlowClient& client, const std::vector<FlowRequest>& requests,
                const CallOptions& options) {
  // Without this, an unavailable gateway would be an error that leaves open whether the flow was
  // started.
  if (const auto error = client.Connect(options.timeout)) {
    std::cout << error->message << " Nothing was started.\n";
    return false;
  }
  std::vector<std::promise<FlowResult>> results(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    client.TriggerFlowAsync(requests[i], options, [&result = results[i]](FlowResult outcome) {
      result.set_value(std::move(outcome));
    });
  }
  bool all = true;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    all = Print(requests[i], results[i].get_future().get()) && all;
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> args(argv + 1, argv + argc);
  const bool wait = !args.empty() && args.back() == "--wait";
  if (wait) args.pop_back();
  if (args.size() < 4 || (wait && args.size() > 4)) {
    std::cerr << "usage: trigger_flows GATEWAY USER_ID ORG_ID FLOW_ID... [--wait]\n";
    return 2;
  }
  const auto channel = enos::flow::MakeChannel({args[0]});  // TLS, unless it is this machine
  if (!channel.ok()) {
    std::cerr << channel.status().message() << '\n';
    return 2;
  }
  std::vector<FlowRequest> requests;
  for (std::size_t i = 3; i < args.size(); ++i) {
    FlowRequest& request = requests.emplace_back();
    request.set_user_id(args[1]);
    request.set_org_id(args[2]);
    request.set_flow_id(std::stoi(args[i]));
    *request.mutable_trigger_time() = enos::flow::ToTimestamp(std::chrono::system_clock::now());
  }
  const FlowClient client(*channel);
  CallOptions options;
  options.timeout = kTimeout;
  const bool all = requests.size() == 1 ? TriggerOne(client, requests[0], options, wait)
                                        : TriggerAll(client, requests, options);
  return all ? 0 : 1;
}
