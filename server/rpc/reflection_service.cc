#include "server/rpc/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <utility>

#include "server/rpc/member_event.h"
#include "server/rpc/reflection_answer.h"

namespace enos::gateway {
namespace {

using google::protobuf::DescriptorPool;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

// That wait for a stream.
constexpr int kOffers = 2;

grpc::Status TooManyStreams() {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED,
          "too many reflection streams are open on this server; try again later"};
}

grpc::Status ShuttingDown() {
  return {grpc::StatusCode::UNAVAILABLE, "the server is shutting down"};
}

}  // namespace

// One stream, from the offer to its end: read a question, write the answer, again. Deletes itself
// when the last operation that was started has ended.
class ReflectionService::StreamRpc {
 public:
  static void Offer(ReflectionService& reflection, grpc::ServerCompletionQueue& queue) {
    auto* rpc = new StreamRpc(reflection, queue);
    reflection.service_.RequestServerReflectionInfo(&rpc->context_, &rpc->stream_, &queue, &queue,
                                                    &rpc->arrived_);
  }

  // With the mutex held. While an answer is on its way the end waits for that.
  void End() {
    if (!is_writing_) Finish(ShuttingDown());
  }

 private:
  StreamRpc(ReflectionService& reflection, grpc::ServerCompletionQueue& queue)
      : reflection_(reflection), queue_(queue) {
    reflection_.rpcs_.Begin();
  }
  ~StreamRpc() = default;

  void OnArrived(bool ok) {
    if (ok) {
      Offer(reflection_, queue_);
      reflection_.on_message_(context_.peer(), 0);
    }
    EndOperation([this, ok] {
      if (ok) Begin();
    });
  }

  void OnRead(bool ok) {
    if (ok) reflection_.on_message_(context_.peer(), request_.ByteSizeLong());
    EndOperation([this, ok] {
      if (is_finished_) return;
      if (!ok) return Finish(grpc::Status::OK);  // the client has no more questions, or is gone
      is_writing_ = true;
      ++operations_;
      stream_.Write(
          AnswerReflection(request_, *DescriptorPool::generated_pool(), reflection_.services_),
          &written_);
    });
  }

  void OnWritten(bool ok) {
    EndOperation([this, ok] {
      is_writing_ = false;
      if (!ok) return Finish(grpc::Status::CANCELLED);
      if (reflection_.ending_) return Finish(ShuttingDown());
      Read();
    });
  }

  void OnFinished(bool /*ok*/) {
    EndOperation([] {});
  }

  // The rest with the mutex held.
  void Begin() {
    if (reflection_.ending_) return Finish(ShuttingDown());
    if (reflection_.streams_.size() >= reflection_.max_streams_) return Finish(TooManyStreams());
    reflection_.streams_.insert(this);
    Read();
  }

  void Read() {
    ++operations_;
    stream_.Read(&request_, &read_);
  }

  // A read may be out; it ends with the stream.
  void Finish(const grpc::Status& status) {
    is_finished_ = true;
    reflection_.streams_.erase(this);
    ++operations_;
    stream_.Finish(status, &finished_);
  }

  // Without the mutex: does what follows from an operation's end, then deletes after the last one.
  template <typename Follow>
  void EndOperation(Follow follow) {
    {
      const std::lock_guard lock(reflection_.mutex_);
      follow();
      if (--operations_ > 0) return;
    }
    OpenCalls& rpcs = reflection_.rpcs_;
    delete this;
    rpcs.End();
  }

  ReflectionService& reflection_;
  grpc::ServerCompletionQueue& queue_;
  MemberEvent<StreamRpc> arrived_{this, &StreamRpc::OnArrived};
  MemberEvent<StreamRpc> read_{this, &StreamRpc::OnRead};
  MemberEvent<StreamRpc> written_{this, &StreamRpc::OnWritten};
  MemberEvent<StreamRpc> finished_{this, &StreamRpc::OnFinished};
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<ServerReflectionResponse, ServerReflectionRequest> stream_{
      &context_};
  ServerReflectionRequest request_;

  // Guarded by the service's mutex.
  int operations_ = 1;  // that were started and have not ended; 1: the offer
  bool is_writing_ = false;
  bool is_finished_ = false;
};

ReflectionService::ReflectionService(std::vector<std::string> services, size_t max_streams,
                                     OnMessage on_message)
    : services_(std::move(services)),
      max_streams_(max_streams),
      on_message_(std::move(on_message)) {}

void ReflectionService::Offer(grpc::ServerCompletionQueue& queue) {
  for (int i = 0; i < kOffers; ++i) StreamRpc::Offer(*this, queue);
}

void ReflectionService::EndStreams() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  for (auto it = streams_.begin(); it != streams_.end();) {
    StreamRpc* const stream = *it++;  // a stream that ends takes itself out
    stream->End();
  }
}

}  // namespace enos::gateway
