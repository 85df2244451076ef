// One half of the floor: a bare gRPC server of the gateway's messages, on completion queues as the
// gateway. It answers every UpdateAndTriggerFlow with one constant instance id and does nothing
// else, so that what it costs is what gRPC costs.

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"

namespace {

using enos::dataflow::v1::FlowService;
using enos::dataflow::v1::UpdateAndTriggerFlowRequest;
using enos::dataflow::v1::UpdateAndTriggerFlowResponse;
using std::chrono::milliseconds;

constexpr char kInstanceId[] = "2791-19700101000000";  // the documented sample's
constexpr int kOffersPerQueue = 128;                   // as the gateway

// One call. Owns itself: made when it is offered to a queue, gone when its answer is.
class EchoCall {
 public:
  static void Offer(FlowService::AsyncService& service, grpc::ServerCompletionQueue& queue,
                    milliseconds delay) {
    auto* call = new EchoCall(service, queue, delay);
    service.RequestUpdateAndTriggerFlow(&call->context_, &call->request_, &call->responder_, &queue,
                                        &queue, call);
  }

  void OnEvent(bool ok) {
    if (!ok) {
      delete this;
      return;
    }
    switch (next_) {
      case Next::kArrive:
        Offer(service_, queue_, delay_);
        if (delay_.count() == 0) {
          Answer();
          return;
        }
        next_ = Next::kAnswer;
        alarm_ =
            std::make_unique<grpc::Alarm>(&queue_, std::chrono::system_clock::now() + delay_, this);
        return;
      case Next::kAnswer:
        Answer();
        return;
      case Next::kEnd:
        delete this;
        return;
    }
  }

 private:
  enum class Next { kArrive, kAnswer, kEnd };

  EchoCall(FlowService::AsyncService& service, grpc::ServerCompletionQueue& queue,
           milliseconds delay)
      : service_(service), queue_(queue), delay_(delay) {}

  void Answer() {
    next_ = Next::kEnd;
    response_.set_flow_instance_id(kInstanceId);
    responder_.Finish(response_, grpc::Status::OK, this);
  }

  FlowService::AsyncService& service_;
  grpc::ServerCompletionQueue& queue_;
  const milliseconds delay_;
  Next next_ = Next::kArrive;
  grpc::ServerContext context_;
  UpdateAndTriggerFlowRequest request_;
  UpdateAndTriggerFlowResponse response_;
  grpc::ServerAsyncResponseWriter<UpdateAndTriggerFlowResponse> responder_{&context_};
  std::unique_ptr<grpc::Alarm> alarm_;
};

void Serve(grpc::ServerCompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) static_cast<EchoCall*>(tag)->OnEvent(ok);
}

int Run(const std::string& listen, milliseconds delay) {
  FlowService::AsyncService service;
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  queues.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) queues.push_back(builder.AddCompletionQueue());
  const auto server = builder.BuildAndStart();
  if (server == nullptr) {
    std::fprintf(stderr, "floor-echo: cannot listen on %s\n", listen.c_str());
    return 1;
  }
  std::vector<std::thread> workers;
  workers.reserve(threads);
  for (auto& queue : queues) {
    for (int i = 0; i < kOffersPerQueue; ++i) EchoCall::Offer(service, *queue, delay);
    workers.emplace_back([&queue = *queue] { Serve(queue); });
  }
  for (std::thread& worker : workers) worker.join();  // until it is killed: it has nothing to lose
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("The floor, one half: a bare gRPC server of the gateway's messages.");
  std::string listen = "127.0.0.1:50051";
  int64_t delay_ms = 0;
  app.add_option("--listen", listen, "HOST:PORT to serve on");
  app.add_option("--delay_ms", delay_ms, "How long each call is held before it is answered");
  CLI11_PARSE(app, argc, argv);
  return Run(listen, milliseconds(delay_ms));
} catch (const std::exception& error) {
  std::fprintf(stderr, "floor-echo: %s\n", error.what());
  return 1;
}
