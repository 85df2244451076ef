// One half of the baseline: a bare gRPC server of the gateway's messages. It answers every
// UpdateAndTriggerFlow with one constant instance id and does nothing else, so that what it costs
// is what gRPC costs when it is used as well as we know how: as the gateway, one completion queue
// per two cores, Abseil's deadlock detection off, and what is written to one connection in one
// round sent in one packet.

#include <arpa/inet.h>
#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "server/listener/held_writes.h"

namespace {

using enos::dataflow::v1::FlowService;
using enos::dataflow::v1::UpdateAndTriggerFlowRequest;
using enos::dataflow::v1::UpdateAndTriggerFlowResponse;
using enos::gateway::HeldWrites;
using std::chrono::milliseconds;

constexpr char kInstanceId[] = "2791-19700101000000";  // the documented sample's
constexpr int kOffersPerQueue = 128;                   // as the gateway

// The descriptors of callers' connections, which gRPC does not tell.
class Connections {
 public:
  // -1: not found. `peer` is gRPC's name of it: "ipv4:127.0.0.1:50000".
  int Find(const std::string& peer) {
    const auto [found, is_new] = sockets_.try_emplace(peer, -1);
    if (is_new) found->second = Search(peer.substr(peer.rfind(':') + 1));
    return found->second;
  }

 private:
  static int Search(const std::string& port) {
    constexpr int kEnd = 1024;
    for (int socket = 0; socket < kEnd; ++socket) {
      sockaddr_in address{};
      socklen_t size = sizeof(address);
      const bool has_peer = getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
      if (has_peer && std::to_string(ntohs(address.sin_port)) == port) return socket;
    }
    return -1;
  }

  std::unordered_map<std::string, int> sockets_;
};

class EchoCall;

// A completion queue and its thread.
class EchoQueue {
 public:
  EchoQueue(FlowService::AsyncService& service,
            std::unique_ptr<grpc::ServerCompletionQueue> grpc_queue, milliseconds delay)
      : service_(service), grpc_queue_(std::move(grpc_queue)), delay_(delay) {}

  // Until the process is killed.
  void Serve();

  void Offer();
  // To be called before each write.
  void HoldWrites(const grpc::ServerContext& context) {
    if (round_.size() > 1) held_writes_.Hold(connections_.Find(context.peer()));
  }

  FlowService::AsyncService& service() { return service_; }
  grpc::ServerCompletionQueue& grpc_queue() { return *grpc_queue_; }
  milliseconds delay() const { return delay_; }

 private:
  struct Event {
    EchoCall* call;
    bool ok;
  };

  bool TakeRound();

  FlowService::AsyncService& service_;
  const std::unique_ptr<grpc::ServerCompletionQueue> grpc_queue_;
  const milliseconds delay_;
  std::vector<Event> round_;
  Connections connections_;
  HeldWrites held_writes_;
};

// One call. Owns itself: made when it is offered to a queue, gone when its answer is.
class EchoCall {
 public:
  explicit EchoCall(EchoQueue& queue) : queue_(queue) {
    queue.service().RequestUpdateAndTriggerFlow(&context_, &request_, &responder_,
                                                &queue.grpc_queue(), &queue.grpc_queue(), this);
  }

  void OnEvent(bool ok) {
    if (!ok || next_ == Next::kEnd) {
      delete this;
    } else if (next_ == Next::kArrive && queue_.delay().count() > 0) {
      queue_.Offer();
      next_ = Next::kAnswer;
      alarm_ = std::make_unique<grpc::Alarm>(
          &queue_.grpc_queue(), std::chrono::system_clock::now() + queue_.delay(), this);
    } else {
      if (next_ == Next::kArrive) queue_.Offer();
      Answer();
    }
  }

 private:
  enum class Next { kArrive, kAnswer, kEnd };

  void Answer() {
    next_ = Next::kEnd;
    response_.set_flow_instance_id(kInstanceId);
    queue_.HoldWrites(context_);
    responder_.Finish(response_, grpc::Status::OK, this);
  }

  EchoQueue& queue_;
  Next next_ = Next::kArrive;
  grpc::ServerContext context_;
  UpdateAndTriggerFlowRequest request_;
  UpdateAndTriggerFlowResponse response_;
  grpc::ServerAsyncResponseWriter<UpdateAndTriggerFlowResponse> responder_{&context_};
  std::unique_ptr<grpc::Alarm> alarm_;
};

void EchoQueue::Offer() { new EchoCall(*this); }

void EchoQueue::Serve() {
  for (int i = 0; i < kOffersPerQueue; ++i) Offer();
  while (TakeRound()) {
    for (const Event& event : round_) event.call->OnEvent(event.ok);
    held_writes_.Release();
  }
}

// Waits for an event, and takes all that are ready by then.
bool EchoQueue::TakeRound() {
  round_.clear();
  void* tag = nullptr;
  bool ok = false;
  if (!grpc_queue_->Next(&tag, &ok)) return false;
  do {
    round_.push_back({static_cast<EchoCall*>(tag), ok});
  } while (round_.size() < HeldWrites::kMost &&
           grpc_queue_->AsyncNext(&tag, &ok, gpr_inf_past(GPR_CLOCK_MONOTONIC)) ==
               grpc::CompletionQueue::GOT_EVENT);
  return true;
}

int Run(const std::string& listen, milliseconds delay) {
  FlowService::AsyncService service;
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const unsigned threads = std::clamp(std::thread::hardware_concurrency() / 2, 1U, 4U);
  std::vector<std::unique_ptr<EchoQueue>> queues;
  queues.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) {
    queues.push_back(std::make_unique<EchoQueue>(service, builder.AddCompletionQueue(), delay));
  }
  const auto server = builder.BuildAndStart();
  if (server == nullptr) {
    std::fprintf(stderr, "baseline-echo: cannot listen on %s\n", listen.c_str());
    return 1;
  }
  std::vector<std::thread> workers;
  workers.reserve(threads);
  for (auto& queue : queues) workers.emplace_back([&queue = *queue] { queue.Serve(); });
  for (std::thread& worker : workers) worker.join();  // until it is killed: it has nothing to lose
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  CLI::App app("The baseline, one half: a bare gRPC server of the gateway's messages.");
  std::string listen = "127.0.0.1:50051";
  int64_t delay_ms = 0;
  app.add_option("--listen", listen, "HOST:PORT to serve on");
  app.add_option("--delay_ms", delay_ms, "How long each call is held before it is answered");
  CLI11_PARSE(app, argc, argv);
  return Run(listen, milliseconds(delay_ms));
} catch (const std::exception& error) {
  std::fprintf(stderr, "baseline-echo: %s\n", error.what());
  return 1;
}
