#include "server/standard/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <utility>

#include "server/rpc/rpc_reference.h"
#include "server/standard/reflection_answer.h"

namespace enos::gateway {
namespace {

using google::protobuf::DescriptorPool;
namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;

struct ApiV1 {
  using Service = v1::ServerReflection::AsyncService;
  using Request = v1::ServerReflectionRequest;
  using Response = v1::ServerReflectionResponse;
};

struct ApiV1Alpha {
  using Service = v1alpha::ServerReflection::AsyncService;
  using Request = v1alpha::ServerReflectionRequest;
  using Response = v1alpha::ServerReflectionResponse;
};

// The messages of both have the same bytes.
template <typename To, typename From>
To SameBytes(const From& from) {
  To to;
  to.ParseFromString(from.SerializeAsString());
  return to;
}

// Waiting for a stream.
constexpr int kOffers = 2;

grpc::Status TooManyStreams() {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED,
          "too many reflection streams are open on this server; try again later"};
}

grpc::Status ShuttingDown() {
  return {grpc::StatusCode::UNAVAILABLE, "the server is shutting down"};
}

}  // namespace

// An open one.
class ReflectionService::Stream {
 public:
  // With the mutex held. While an answer is being sent the end waits for that.
  virtual void End() = 0;

 protected:
  ~Stream() = default;
};

// One stream, from its request to its end: read a question, write the answer, repeat.
template <typename Api>
class ReflectionService::StreamRpc final : public CountedRpc, public Stream {
 public:
  static void Offer(ReflectionService& reflection, typename Api::Service& service,
                    grpc::ServerCompletionQueue& queue) {
    const Reference rpc(new StreamRpc(reflection, service, queue));
    service.RequestServerReflectionInfo(&rpc->context_, &rpc->stream_, &queue, &queue,
                                        rpc->arrived_.Begin(Reference(&*rpc)));
  }

  void End() override {
    if (!is_writing_) Finish(ShuttingDown());
  }

 private:
  using Reference = RpcReference<StreamRpc>;
  friend Reference;

  StreamRpc(ReflectionService& reflection, typename Api::Service& service,
            grpc::ServerCompletionQueue& queue)
      : open_(reflection.rpcs_), reflection_(reflection), service_(service), queue_(queue) {}
  ~StreamRpc() = default;

  void OnArrived(bool ok) {
    if (!ok) return;  // the server shuts down
    Offer(reflection_, service_, queue_);
    reflection_.on_message_(context_.peer(), 0);
    const std::lock_guard lock(reflection_.mutex_);
    if (reflection_.ending_) return Finish(ShuttingDown());
    if (reflection_.streams_.size() >= reflection_.max_streams_) return Finish(TooManyStreams());
    reflection_.streams_.insert(this);
    Read();
  }

  void OnRead(bool ok) {
    if (ok) reflection_.on_message_(context_.peer(), request_.ByteSizeLong());
    const std::lock_guard lock(reflection_.mutex_);
    if (is_finished_) return;
    if (!ok) return Finish(grpc::Status::OK);  // the client has no more questions, or is gone
    is_writing_ = true;
    stream_.Write(SameBytes<typename Api::Response>(
                      AnswerReflection(SameBytes<v1::ServerReflectionRequest>(request_),
                                       *DescriptorPool::generated_pool(), reflection_.services_)),
                  written_.Begin(Reference(this)));
  }

  void OnWritten(bool ok) {
    const std::lock_guard lock(reflection_.mutex_);
    is_writing_ = false;
    if (!ok) return Finish(grpc::Status::CANCELLED);
    if (reflection_.ending_) return Finish(ShuttingDown());
    Read();
  }

  void OnFinished(bool /*ok*/) {}

  // The rest with the mutex held.
  void Read() { stream_.Read(&request_, read_.Begin(Reference(this))); }

  // A read may be pending; it ends with the stream.
  void Finish(const grpc::Status& status) {
    is_finished_ = true;
    reflection_.streams_.erase(this);
    stream_.Finish(status, finished_.Begin(Reference(this)));
  }

  const OpenCall open_;  // the first: see OpenCall
  ReflectionService& reflection_;
  typename Api::Service& service_;
  grpc::ServerCompletionQueue& queue_;
  RpcOperation<StreamRpc> arrived_{&StreamRpc::OnArrived};
  RpcOperation<StreamRpc> read_{&StreamRpc::OnRead};
  RpcOperation<StreamRpc> written_{&StreamRpc::OnWritten};
  RpcOperation<StreamRpc> finished_{&StreamRpc::OnFinished};
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<typename Api::Response, typename Api::Request> stream_{&context_};
  typename Api::Request request_;

  // Guarded by the service's mutex.
  bool is_writing_ = false;
  bool is_finished_ = false;
};

ReflectionService::ReflectionService(std::vector<std::string> services, size_t max_streams,
                                     OnMessage on_message)
    : services_(std::move(services)),
      max_streams_(max_streams),
      on_message_(std::move(on_message)) {}

void ReflectionService::Register(grpc::ServerBuilder& builder) {
  builder.RegisterService(&v1_);
  builder.RegisterService(&v1alpha_);
}

void ReflectionService::Offer(grpc::ServerCompletionQueue& queue) {
  for (int i = 0; i < kOffers; ++i) {
    StreamRpc<ApiV1>::Offer(*this, v1_, queue);
    StreamRpc<ApiV1Alpha>::Offer(*this, v1alpha_, queue);
  }
}

void ReflectionService::EndStreams() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  for (auto it = streams_.begin(); it != streams_.end();) {
    Stream* const stream = *it++;  // a stream that ends removes itself
    stream->End();
  }
}

}  // namespace enos::gateway
