#include "tests/e2e/support/calls.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>

#include <chrono>
#include <utility>

#include "tests/support/process.h"

namespace enos::e2e {
namespace {

std::chrono::system_clock::time_point Deadline() {
  return std::chrono::system_clock::now() + kGuard;
}

std::string Text(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (!buffer.Dump(&slices).ok()) return text;
  for (const grpc::Slice& slice : slices) {
    text.append(slice.begin(), slice.end());
  }
  return text;
}

// A HealthCheckRequest: the service's name is field 1.
std::string HealthRequest(const std::string& service) {
  return service.empty() ? ""
                         : "\x0a" + std::string(1, static_cast<char>(service.size())) + service;
}

// A HealthCheckResponse: the status is field 1.
Health HealthOf(const std::string& response) {
  return response.size() == 2 && response[0] == '\x08' ? Health{response[1]} : Health::kUnknown;
}

}  // namespace

std::shared_ptr<grpc::Channel> OwnChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

FlowRequest RequestFor(int flow_id) {
  FlowRequest request;
  request.set_user_id("u-1");
  request.set_org_id("o-1");
  request.set_flow_id(flow_id);
  request.mutable_trigger_time()->set_seconds(1893456000);  // 2030-01-01T00:00:00Z
  return request;
}

struct CallsAtOnce::Call {
  int flow_id = 0;
  grpc::ClientContext context;
  grpc::Status status;
  dataflow::v1::UpdateAndTriggerFlowResponse response;
  std::unique_ptr<grpc::ClientAsyncResponseReader<dataflow::v1::UpdateAndTriggerFlowResponse>>
      reader;
};

CallsAtOnce::CallsAtOnce() = default;

CallsAtOnce::~CallsAtOnce() {
  queue_.Shutdown();  // which lets the calls that are open come to their ends
  collector_.join();
}

void CallsAtOnce::Start(const std::shared_ptr<grpc::Channel>& channel, const FlowRequest& request,
                        bool wait_for_ready, const std::string& bearer) {
  auto call = std::make_unique<CallsAtOnce::Call>();
  call->flow_id = request.flow_id();
  call->context.set_deadline(Deadline());
  call->context.set_wait_for_ready(wait_for_ready);
  if (!bearer.empty()) call->context.AddMetadata("authorization", "Bearer " + bearer);
  call->reader = FlowStub(channel).AsyncUpdateAndTriggerFlow(&call->context, request, &queue_);
  {
    const std::lock_guard lock(mutex_);
    ++open_;
  }
  auto* const started = call.release();  // until its tag comes back
  started->reader->Finish(&started->response, &started->status, started);
}

void CallsAtOnce::Collect() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    const std::unique_ptr<CallsAtOnce::Call> call(static_cast<CallsAtOnce::Call*>(tag));
    const std::lock_guard lock(mutex_);
    outcomes_.push_back({call->flow_id, call->status, call->response.flow_instance_id()});
    --open_;
    changed_.notify_all();
  }
}

// Every call ends: it has a deadline.
std::vector<CallOutcome> CallsAtOnce::WaitForAll() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return open_ == 0; });
  return std::exchange(outcomes_, {});
}

CallOutcome Call(const std::shared_ptr<grpc::Channel>& channel, const FlowRequest& request,
                 const std::string& bearer) {
  CallsAtOnce calls;
  calls.Start(channel, request, true, bearer);
  return calls.WaitForAll().front();
}

RawCall::RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 const std::string& request)
    : stub_(channel) {
  context_.set_deadline(Deadline());
  context_.set_wait_for_ready(true);
  stream_ = stub_.PrepareCall(&context_, method, &queue_);
  stream_->StartCall(this);
  Next();
  const grpc::Slice slice(request);
  stream_->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), this);
  Next();
}

RawCall::~RawCall() {
  context_.TryCancel();
  queue_.Shutdown();
  while (Next()) {
  }
}

std::optional<std::string> RawCall::Read() {
  grpc::ByteBuffer message;
  stream_->Read(&message, this);
  if (!Next()) return std::nullopt;
  return Text(message);
}

grpc::Status RawCall::Finish() {
  grpc::Status status;
  stream_->Finish(&status, this);
  Next();
  return status;
}

bool RawCall::Next() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

Health CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  RawCall call(channel, "/grpc.health.v1.Health/Check", HealthRequest(service));
  return HealthOf(call.Read().value_or(""));
}

bool WaitForHealth(const std::shared_ptr<grpc::Channel>& channel, Health wanted) {
  RawCall call(channel, "/grpc.health.v1.Health/Watch", HealthRequest(""));
  while (const auto message = call.Read()) {
    if (HealthOf(*message) == wanted) return true;
  }
  return false;
}

}  // namespace enos::e2e
