#include "server/testing/queue_server.h"

#include <grpcpp/create_channel.h>

#include <chrono>
#include <string>

#include "server/rpc/completion_event.h"

namespace enos::gateway {

QueueServer::QueueServer(absl::FunctionRef<void(grpc::ServerBuilder&)> add) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  add(builder);
  queue_ = builder.AddCompletionQueue();
  server_ = builder.BuildAndStart();
}

void QueueServer::Serve() {
  thread_ = std::thread([this] {
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) static_cast<CompletionEvent*>(tag)->OnEvent(ok);
  });
}

std::shared_ptr<grpc::Channel> QueueServer::NewChannel() const {
  return Connect(grpc::ChannelArguments());
}

std::shared_ptr<grpc::Channel> QueueServer::NewSlowChannel() const {
  grpc::ChannelArguments arguments;
  // The window of a stream: less than a message.
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 5);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return Connect(arguments);
}

std::shared_ptr<grpc::Channel> QueueServer::Connect(grpc::ChannelArguments arguments) const {
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port_),
                                   grpc::InsecureChannelCredentials(), arguments);
}

void QueueServer::Shutdown(Rest rest) {
  if (rest == Rest::kWait) {
    server_->Shutdown();
  } else {
    server_->Shutdown(std::chrono::system_clock::now());
  }
}

void QueueServer::Stop() {
  if (!thread_.joinable()) return;
  queue_->Shutdown();
  thread_.join();
}

}  // namespace enos::gateway
