// Calls a gateway whose EnOS answers too late for every call's deadline, many calls at once, and
// counts how the callers learn of it: from the gateway, with its details, or from their own gRPC
// library, which can only guess.
#include <grpcpp/create_channel.h>
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"

namespace {

using enos::dataflow::v1::FlowService;
using enos::dataflow::v1::UpdateAndTriggerFlowRequest;
using enos::dataflow::v1::UpdateAndTriggerFlowResponse;
using Clock = std::chrono::system_clock;

struct Options {
  std::string target;
  int calls = 10000;
  int in_flight = 500;
  int connections = 4;
  int deadline_ms = 500;
  bool at_once = false;
};

struct Call {
  grpc::ClientContext context;
  UpdateAndTriggerFlowResponse response;
  grpc::Status status;
  Clock::time_point deadline;
  std::unique_ptr<grpc::ClientAsyncResponseReader<UpdateAndTriggerFlowResponse>> reader;
};

struct Counts {
  int by_gateway = 0;  // DEADLINE_EXCEEDED with the gateway's details
  int by_library = 0;  // DEADLINE_EXCEEDED without
  int other = 0;
  std::string first_other;      // the message of the first of those
  std::vector<double> left_ms;  // of the deadline, when the gateway's answer was there
};

class LateCalls {
 public:
  explicit LateCalls(Options options) : options_(std::move(options)) {
    request_.set_user_id("user");
    request_.set_org_id("org");
    request_.set_flow_id(1);
    request_.mutable_trigger_time()->set_seconds(1767225600);
    for (int i = 0; i < options_.connections; ++i) {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
      stubs_.push_back(FlowService::NewStub(grpc::CreateCustomChannel(
          options_.target, grpc::InsecureChannelCredentials(), arguments)));
    }
  }

  Counts Run() {
    const int first = std::min(options_.in_flight, options_.calls);
    const auto start = Clock::now();
    const auto apart = std::chrono::microseconds(1000LL * options_.deadline_ms / first);
    int begun = 0;
    int ended = 0;
    while (ended < options_.calls) {
      // The queue is served all the time: gRPC does its work there.
      auto until = Clock::time_point::max();
      if (begun < first && !options_.at_once) until = start + begun * apart;
      if (begun < first && (options_.at_once || until <= Clock::now())) {
        Begin(begun++);
        continue;
      }
      void* tag = nullptr;
      bool ok = false;
      if (queue_.AsyncNext(&tag, &ok, until) != grpc::CompletionQueue::GOT_EVENT) continue;
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      Count(*call);
      ++ended;
      if (begun >= first && begun < options_.calls) Begin(begun++);
    }
    return std::move(counts_);
  }

 private:
  void Begin(int number) {
    auto call = std::make_unique<Call>();
    call->deadline = Clock::now() + std::chrono::milliseconds(options_.deadline_ms);
    call->context.set_deadline(call->deadline);
    call->context.set_wait_for_ready(true);
    FlowService::Stub& stub = *stubs_[static_cast<size_t>(number) % stubs_.size()];
    call->reader = stub.AsyncUpdateAndTriggerFlow(&call->context, request_, &queue_);
    Call* const owned_by_queue = call.release();
    owned_by_queue->reader->Finish(&owned_by_queue->response, &owned_by_queue->status,
                                   owned_by_queue);
  }

  void Count(const Call& call) {
    if (call.status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED) {
      if (counts_.other++ == 0) counts_.first_other = call.status.error_message();
    } else if (call.status.error_details().empty()) {
      ++counts_.by_library;
    } else {
      ++counts_.by_gateway;
      counts_.left_ms.push_back(
          std::chrono::duration<double, std::milli>(call.deadline - Clock::now()).count());
    }
  }

  const Options options_;
  UpdateAndTriggerFlowRequest request_;
  std::vector<std::unique_ptr<FlowService::Stub>> stubs_;
  grpc::CompletionQueue queue_;
  Counts counts_;
};

void Print(const Options& options, Counts counts) {
  std::sort(counts.left_ms.begin(), counts.left_ms.end());
  const auto left = [&counts](double share) {
    if (counts.left_ms.empty()) return 0.0;
    return counts
        .left_ms[static_cast<size_t>(share * static_cast<double>(counts.left_ms.size() - 1))];
  };
  std::printf(
      "%d calls, %d in flight %s, deadline %d ms: %.2f %% told by the gateway (%d), %d by the "
      "callers' library, "
      "%d other; of the deadline was left: median %.1f ms, 1st percentile %.1f ms\n",
      options.calls, options.in_flight, options.at_once ? "in step" : "spread", options.deadline_ms,
      100.0 * counts.by_gateway / options.calls, counts.by_gateway, counts.by_library, counts.other,
      left(0.5), left(0.01));
  if (counts.other > 0) std::printf("  the first other one: %s\n", counts.first_other.c_str());
}

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  CLI::App app("Counts how callers learn that their calls are late.");
  app.add_option("--target", options.target, "host:port of a gateway whose EnOS is too slow")
      ->required();
  app.add_option("--calls", options.calls, "in all")->check(CLI::PositiveNumber);
  app.add_option("--in_flight", options.in_flight, "at once")->check(CLI::PositiveNumber);
  app.add_option("--connections", options.connections, "to the gateway")
      ->check(CLI::PositiveNumber);
  app.add_option("--deadline_ms", options.deadline_ms, "of each call")->check(CLI::PositiveNumber);
  app.add_flag("--at_once", options.at_once,
               "all begin, and are late, in the same moment; else evenly spread over the time of a "
               "deadline");
  CLI11_PARSE(app, argc, argv);
  Print(options, LateCalls(options).Run());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "late-calls: %s\n", error.what());
  return 1;
}
