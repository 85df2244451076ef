#include "tests/soak/keys/replicas.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/server_builder.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "tests/soak/keys/language_caller.h"

namespace enos::soak {
namespace {

using std::chrono::seconds;

constexpr int kMeshRepeats = 3;
// Of one try: more than a gateway allows its EnOS.
constexpr seconds kMeshPatience{4};

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address, bool eager) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  if (eager) arguments.SetServiceConfigJSON(kEagerServiceConfig);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

void Replicas::Set(std::size_t number, const std::string& address) {
  const Replica replica{address, MakeChannel(address, false), MakeChannel(address, true)};
  const std::lock_guard lock(mutex_);
  if (replicas_.size() <= number) replicas_.resize(number + 1);
  replicas_[number] = replica;
}

void Replicas::Clear() {
  const std::lock_guard lock(mutex_);
  replicas_.clear();
}

std::shared_ptr<grpc::Channel> Replicas::Channel(std::uint64_t number, bool eager) {
  const std::lock_guard lock(mutex_);
  if (replicas_.empty()) return nullptr;
  const Replica& replica = replicas_[number % replicas_.size()];
  return eager ? replica.eager : replica.plain;
}

std::string Replicas::Address(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  return replicas_.empty() ? "" : replicas_[number % replicas_.size()].address;
}

Mesh::Mesh(Replicas& replicas) : replicas_(replicas) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

std::string Mesh::address() const { return absl::StrCat("127.0.0.1:", port_); }

void Mesh::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now() + seconds(20));
  server_.reset();
}

grpc::Status Mesh::UpdateAndTriggerFlow(grpc::ServerContext* context,
                                        const dataflow::v1::UpdateAndTriggerFlowRequest* request,
                                        dataflow::v1::UpdateAndTriggerFlowResponse* response) {
  const std::uint64_t first = next_++;
  grpc::Status status(grpc::StatusCode::UNAVAILABLE, "no replica");
  for (std::uint64_t i = 0; i <= kMeshRepeats; ++i) {
    const auto channel = replicas_.Channel(first + i, /*eager=*/false);
    if (channel == nullptr) break;
    if (i > 0) ++repeats_;
    grpc::ClientContext call;
    call.set_deadline(std::chrono::system_clock::now() + kMeshPatience);
    status = dataflow::v1::FlowService::NewStub(channel)->UpdateAndTriggerFlow(&call, *request,
                                                                               response);
    if (status.ok()) break;
  }
  context->AddInitialMetadata("enos-idempotency", "1");
  return status;
}

}  // namespace enos::soak
