#include "tests/wire/support/rpc.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/support/wait.h"

namespace enos::gateway::testing {
namespace {

constexpr std::size_t kParameterBytes = std::size_t{64} << 10;

dataflow::v1::UpdateAndTriggerFlowRequest RequestFor(const RpcOptions& options) {
  dataflow::v1::UpdateAndTriggerFlowRequest request;
  request.set_user_id("u-1");
  request.set_org_id("o-1");
  request.set_flow_id(options.flow_id);
  request.set_idempotency_key(options.idempotency_key);
  request.mutable_trigger_time()->set_seconds(1574385824);
  for (std::size_t left = options.parameter_bytes; left > 0;) {
    const std::size_t bytes = std::min(left, kParameterBytes);
    auto* parameter = request.add_parameters();
    parameter->set_key("k");
    parameter->set_value(std::string(bytes, 'x'));
    left -= bytes;
  }
  return request;
}

using Metadata = std::multimap<grpc::string_ref, grpc::string_ref>;

std::string ValueOf(const Metadata& metadata, const char* key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
}

std::string KeyStateOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (!details.ParseFromString(status.error_details()) || details.details().empty() ||
      !details.details(0).UnpackTo(&info))
    return "";
  const auto found = info.metadata().find("key_state");
  return found == info.metadata().end() ? "" : found->second;
}

}  // namespace

std::shared_ptr<grpc::Channel> NewChannel(const std::string& address,
                                          const std::string& service_config) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, service_config.empty() ? 0 : 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  if (!service_config.empty()) arguments.SetServiceConfigJSON(service_config);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

Rpc::Rpc(std::shared_ptr<grpc::Channel> channel, const RpcOptions& options)
    : channel_(std::move(channel)),
      stub_(dataflow::v1::FlowService::NewStub(channel_)),
      request_(RequestFor(options)) {
  context_.set_wait_for_ready(options.wait_for_ready);
  if (options.timeout) context_.set_deadline(std::chrono::system_clock::now() + *options.timeout);
  for (const auto& [key, value] : options.metadata) context_.AddMetadata(key, value);
  stub_->async()->UpdateAndTriggerFlow(&context_, &request_, &response_, this);
  StartCall();
}

Rpc::~Rpc() {
  Cancel();
  ended_.wait();
}

bool Rpc::WaitForHeaders() { return Await(headers_came_); }

bool Rpc::EndsWithin(std::chrono::milliseconds time) {
  return ended_.wait_for(time) == std::future_status::ready;
}

const RpcOutcome& Rpc::Wait() {
  Await(ended_);
  return outcome_;
}

void Rpc::OnDone(const grpc::Status& status) {
  outcome_.status = status;
  outcome_.instance_id = response_.flow_instance_id();
  outcome_.replayed = response_.replayed();
  outcome_.key_state = KeyStateOf(status);
  if (!status.ok()) outcome_.error = flow::FlowErrorFromStatus(status);
  const auto& trailing = context_.GetServerTrailingMetadata();
  outcome_.request_id = ValueOf(trailing, "enos-request-id");
  outcome_.own_request_id = ValueOf(trailing, "x-request-id");
  outcome_.pushback = ValueOf(trailing, "grpc-retry-pushback-ms");
  outcome_.keys_are_kept = ValueOf(context_.GetServerInitialMetadata(), "enos-idempotency");
  done_.set_value();
}

RpcOutcome CallRpc(const std::shared_ptr<grpc::Channel>& channel, const RpcOptions& options) {
  Rpc rpc(channel, options);
  return rpc.Wait();
}

std::string Summary(const RpcOutcome& outcome) {
  if (outcome.status.ok()) return "OK";
  return flow::StatusCodeName(outcome.status.error_code()) + " " +
         (outcome.error.reason.empty() ? "(no reason)" : outcome.error.reason) + " " +
         flow::ExecutionName(outcome.error.execution);
}

}  // namespace enos::gateway::testing
