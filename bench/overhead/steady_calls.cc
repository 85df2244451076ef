// Calls a gateway, so many calls at once, as a service does that has a certificate, a token, a
// trace or a new key for each call: what h2load cannot present. Every call has to be answered OK.
// Prints a line of JSON: what the callers saw.
#include <grpcpp/create_channel.h>
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "enos/flow/idempotency_key.h"

namespace {

using enos::dataflow::v1::FlowService;
using enos::dataflow::v1::UpdateAndTriggerFlowRequest;
using enos::dataflow::v1::UpdateAndTriggerFlowResponse;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string target;
  int calls = 10000;
  int in_flight = 64;
  int connections = 8;
  std::string ca_file;  // empty: plaintext
  std::string cert_file;
  std::string key_file;
  std::string token_file;
  bool trace = false;
  bool keys = false;
};

std::string Contents(const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Call {
  grpc::ClientContext context;
  UpdateAndTriggerFlowResponse response;
  grpc::Status status;
  Clock::time_point begun;
  std::unique_ptr<grpc::ClientAsyncResponseReader<UpdateAndTriggerFlowResponse>> reader;
};

class SteadyCalls {
 public:
  explicit SteadyCalls(Options options) : options_(std::move(options)) {
    request_.set_user_id("user-1");
    request_.set_org_id("org-1");
    request_.set_flow_id(3377);
    request_.mutable_trigger_time()->set_seconds(1574385824);
    auto* const parameter = request_.add_parameters();
    parameter->set_key("key-1");
    parameter->set_value("value-1");
    const std::string token = Contents(options_.token_file);
    if (!token.empty()) authorization_ = "Bearer " + token;
    Connect();
  }

  void Run() {
    took_us_.reserve(static_cast<size_t>(options_.calls));
    const auto start = Clock::now();
    int begun = 0;
    while (begun < std::min(options_.in_flight, options_.calls)) Begin(begun++);
    for (int ended = 0; ended < options_.calls; ++ended) {
      void* tag = nullptr;
      bool ok = false;
      queue_.Next(&tag, &ok);
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      if (!call->status.ok()) throw std::runtime_error(call->status.error_message());
      if (call->response.flow_instance_id().empty()) throw std::runtime_error("an empty answer");
      took_us_.push_back(MicrosecondsSince(call->begun));
      if (begun < options_.calls) Begin(begun++);
    }
    Print(MicrosecondsSince(start) / 1e6);
  }

 private:
  static double MicrosecondsSince(Clock::time_point begin) {
    return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
  }

  void Print(double seconds) {
    std::sort(took_us_.begin(), took_us_.end());
    const auto percentile = [this](double rank) {
      return took_us_[static_cast<size_t>(rank * static_cast<double>(took_us_.size() - 1))];
    };
    std::printf(R"({"calls": %zu, "seconds": %.6f, "p50_us": %.1f, "p99_us": %.1f})"
                "\n",
                took_us_.size(), seconds, percentile(0.5), percentile(0.99));
  }

  void Connect() {
    auto credentials = grpc::InsecureChannelCredentials();
    if (!options_.ca_file.empty()) {
      credentials = grpc::SslCredentials(
          {Contents(options_.ca_file), Contents(options_.key_file), Contents(options_.cert_file)});
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    for (int i = 0; i < options_.connections; ++i) {
      stubs_.push_back(
          FlowService::NewStub(grpc::CreateCustomChannel(options_.target, credentials, arguments)));
    }
  }

  void Begin(int number) {
    auto call = std::make_unique<Call>();
    call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!authorization_.empty()) call->context.AddMetadata("authorization", authorization_);
    if (options_.trace) {
      call->context.AddMetadata("traceparent",
                                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    }
    if (options_.keys) request_.set_idempotency_key(enos::flow::NewIdempotencyKey());
    call->begun = Clock::now();
    FlowService::Stub& stub = *stubs_[static_cast<size_t>(number) % stubs_.size()];
    call->reader = stub.AsyncUpdateAndTriggerFlow(&call->context, request_, &queue_);
    Call* const owned_by_queue = call.release();
    owned_by_queue->reader->Finish(&owned_by_queue->response, &owned_by_queue->status,
                                   owned_by_queue);
  }

  const Options options_;
  std::string authorization_;
  std::vector<double> took_us_;
  UpdateAndTriggerFlowRequest request_;
  std::vector<std::unique_ptr<FlowService::Stub>> stubs_;
  grpc::CompletionQueue queue_;
};

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  CLI::App app("Calls a gateway, all answers OK.");
  app.add_option("--target", options.target, "host:port of the gateway")->required();
  app.add_option("--calls", options.calls, "in all")->check(CLI::PositiveNumber);
  app.add_option("--in_flight", options.in_flight, "at once")->check(CLI::PositiveNumber);
  app.add_option("--connections", options.connections, "to the gateway")
      ->check(CLI::PositiveNumber);
  app.add_option("--ca_file", options.ca_file, "TLS, with this authority (PEM)");
  app.add_option("--cert_file", options.cert_file, "a certificate of the caller's own (PEM)");
  app.add_option("--key_file", options.key_file, "and its key (PEM)");
  app.add_option("--token_file", options.token_file, "a bearer token");
  app.add_flag("--trace", options.trace, "each call is part of a trace");
  app.add_flag("--keys", options.keys, "each call has an idempotency key of its own");
  CLI11_PARSE(app, argc, argv);
  SteadyCalls(options).Run();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "steady-calls: %s\n", error.what());
  return 1;
}
