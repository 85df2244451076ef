#include "server/standard/health_service.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include "server/rpc/rpc_reference.h"

namespace enos::gateway {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// Pending requests of each kind that wait for an RPC.
constexpr int kOffers = 4;

bool IsTooLong(const HealthCheckRequest& request) {
  return request.service().size() > HealthService::kMaxNameBytes;
}

grpc::Status NameTooLong() {
  return {grpc::StatusCode::INVALID_ARGUMENT,
          "the service's name is longer than " + std::to_string(HealthService::kMaxNameBytes) +
              " bytes; expected the full name of a service, or nothing for the whole server"};
}

grpc::Status TooManyWatches() {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED,
          "too many health watches are open on this server; end one, or use Check"};
}

}  // namespace

// One Check, from its request to the end of its answer. Queue's thread only.
class HealthService::CheckRpc : public CountedRpc {
 public:
  static void Offer(HealthService& health, grpc::ServerCompletionQueue& queue) {
    const Reference rpc(new CheckRpc(health, queue));
    health.service_.RequestCheck(&rpc->context_, &rpc->request_, &rpc->responder_, &queue, &queue,
                                 rpc->arrived_.Begin(Reference(&*rpc)));
  }

 private:
  using Reference = RpcReference<CheckRpc>;
  friend Reference;

  CheckRpc(HealthService& health, grpc::ServerCompletionQueue& queue)
      : open_(health.rpcs_), health_(health), queue_(queue) {}
  ~CheckRpc() = default;

  void OnArrived(bool ok) {
    if (!ok) return;  // the server shuts down
    Offer(health_, queue_);
    health_.on_message_(context_.peer(), request_.ByteSizeLong());
    CompletionEvent* const answered = answered_.Begin(Reference(this));
    if (IsTooLong(request_)) return responder_.FinishWithError(NameTooLong(), answered);
    HealthCheckResponse response;
    response.set_status(health_.StatusOf(request_.service()));
    if (response.status() == HealthCheckResponse::SERVICE_UNKNOWN) {
      responder_.FinishWithError({grpc::StatusCode::NOT_FOUND, "this server has no such service"},
                                 answered);
    } else {
      responder_.Finish(response, grpc::Status::OK, answered);
    }
  }

  void OnAnswered(bool /*ok*/) {}

  const OpenCall open_;  // the first: see OpenCall
  HealthService& health_;
  grpc::ServerCompletionQueue& queue_;
  RpcOperation<CheckRpc> arrived_{&CheckRpc::OnArrived};
  RpcOperation<CheckRpc> answered_{&CheckRpc::OnAnswered};
  grpc::ServerContext context_;
  HealthCheckRequest request_;
  grpc::ServerAsyncResponseWriter<HealthCheckResponse> responder_{&context_};
};

// One Watch, from its request to its end. At most one write or finish is pending at a time.
class HealthService::WatchRpc : public CountedRpc {
 public:
  static void Offer(HealthService& health, grpc::ServerCompletionQueue& queue) {
    const Reference rpc(new WatchRpc(health, queue));
    health.service_.RequestWatch(&rpc->context_, &rpc->request_, &rpc->writer_, &queue, &queue,
                                 rpc->arrived_.Begin(Reference(&*rpc)));
  }

  const std::string& name() const { return request_.service(); }

  // Sends what the client has not received yet, then ends the watch if it is time. With the mutex
  // held.
  void Advance() {
    if (is_sending_) return;
    const ServingStatus status = health_.StatusOfLocked(name());
    if (status != sent_) {
      HealthCheckResponse response;
      response.set_status(status);
      sent_ = status;
      is_sending_ = true;
      writer_.Write(response, written_.Begin(Reference(this)));
    } else if (health_.ending_) {
      Finish({grpc::StatusCode::UNAVAILABLE, "the server is shutting down"});
    }
  }

 private:
  using Reference = RpcReference<WatchRpc>;
  friend Reference;

  WatchRpc(HealthService& health, grpc::ServerCompletionQueue& queue)
      : open_(health.rpcs_), health_(health), queue_(queue) {
    context_.AsyncNotifyWhenDone(&done_);
  }
  ~WatchRpc() = default;

  void OnArrived(bool ok) {
    if (!ok) return;  // the server shuts down
    Offer(health_, queue_);
    health_.on_message_(context_.peer(), request_.ByteSizeLong());
    const std::lock_guard lock(health_.mutex_);
    done_.Begin(Reference(this));  // which will arrive, now that the RPC has begun
    if (IsTooLong(request_)) return Finish(NameTooLong());
    if (health_.watches_.size() >= health_.max_watches_) return Finish(TooManyWatches());
    health_.watches_.insert(this);
    Advance();
  }

  void OnWritten(bool ok) {
    if (!ok) return;  // the stream is broken, which OnDone reports too: nothing may follow
    const std::lock_guard lock(health_.mutex_);
    is_sending_ = false;
    if (health_.watches_.count(this) != 0) Advance();
  }

  void OnFinished(bool /*ok*/) {}

  void OnDone(bool /*ok*/) {
    const std::lock_guard lock(health_.mutex_);
    health_.watches_.erase(this);
  }

  // With the mutex held.
  void Finish(const grpc::Status& status) {
    health_.watches_.erase(this);
    is_sending_ = true;  // nothing may follow
    writer_.Finish(status, finished_.Begin(Reference(this)));
  }

  const OpenCall open_;  // the first: see OpenCall
  HealthService& health_;
  grpc::ServerCompletionQueue& queue_;
  RpcOperation<WatchRpc> arrived_{&WatchRpc::OnArrived};
  RpcOperation<WatchRpc> written_{&WatchRpc::OnWritten};
  RpcOperation<WatchRpc> finished_{&WatchRpc::OnFinished};
  RpcOperation<WatchRpc> done_{&WatchRpc::OnDone};
  grpc::ServerContext context_;
  HealthCheckRequest request_;
  grpc::ServerAsyncWriter<HealthCheckResponse> writer_{&context_};

  // Guarded by the service's mutex.
  bool is_sending_ = false;
  ServingStatus sent_ = HealthCheckResponse::UNKNOWN;  // nothing
};

void HealthService::Offer(grpc::ServerCompletionQueue& queue) {
  for (int i = 0; i < kOffers; ++i) {
    CheckRpc::Offer(*this, queue);
    WatchRpc::Offer(*this, queue);
  }
}

void HealthService::Set(const std::string& service, bool serving) {
  const std::lock_guard lock(mutex_);
  statuses_[service] = serving ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
  for (auto it = watches_.begin(); it != watches_.end();) {
    WatchRpc* const watch = *it++;  // a watch that ends removes itself
    if (watch->name() == service) watch->Advance();
  }
}

void HealthService::EndWatches() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  for (auto it = watches_.begin(); it != watches_.end();) (*it++)->Advance();
}

HealthService::ServingStatus HealthService::StatusOf(const std::string& service) {
  const std::lock_guard lock(mutex_);
  return StatusOfLocked(service);
}

HealthService::ServingStatus HealthService::StatusOfLocked(const std::string& service) const {
  const auto found = statuses_.find(service);
  return found == statuses_.end() ? HealthCheckResponse::SERVICE_UNKNOWN : found->second;
}

}  // namespace enos::gateway
