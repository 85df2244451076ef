#ifndef ENOS_FLOW_SRC_UNARY_CALL_H_
#define ENOS_FLOW_SRC_UNARY_CALL_H_

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "async_call.h"
#include "call_setup.h"
#include "connection.h"
#include "kept_keys.h"
#include "methods.h"
#include "reaper.h"

namespace enos::flow {

// What a client calls with.
struct CallTarget {
  std::shared_ptr<grpc::Channel> channel;
  std::shared_ptr<FlowStub> stub;
  std::string token_file;
  std::shared_ptr<KeptKeys> kept_keys;
};

// What `context` and `response` came to. `request_id`: as it was sent.
template <typename Method>
typename Method::Result ResultOf(const grpc::Status& status, const grpc::ClientContext& context,
                                 const typename Method::Response& response, const KeyOfCall& key,
                                 const std::string& request_id) {
  const RequestIds ids = {RequestIdOf(context, request_id),
                          TrailingText(context, "enos-request-id")};
  if (status.ok()) return Method::OfAnswer(response, ids);
  FlowError error = Method::OfStatus(status);
  error.request_id = ids.gateway;
  if (error.enos_request_id.empty()) error.enos_request_id = ids.enos;
  error.key_kept = key.kept();
  return error;
}

// An error that this library made, before anything was sent.
template <typename Method>
FlowError OwnError(FlowError error, const KeyOfCall& key, const std::string& request_id) {
  error.request_id = request_id;
  error.key_kept = key.kept();
  return Method::OfOwn(std::move(error));
}

// A call whose initial metadata matters, made and waited for: the blocking stubs do not tell empty
// initial metadata from none.
template <typename Method>
grpc::Status CallWithKey(FlowStub& stub, grpc::ClientContext& context,
                         const typename Method::Request& request,
                         typename Method::Response& response, KeyOfCall& key) {
  struct Reactor final : grpc::ClientUnaryReactor {
    void OnReadInitialMetadataDone(bool ok) override {
      if (ok) key->OnInitialMetadata(*context);
    }
    void OnDone(const grpc::Status& status) override { done.set_value(status); }

    KeyOfCall* key = nullptr;
    const grpc::ClientContext* context = nullptr;
    std::promise<grpc::Status> done;
  };
  Reactor reactor;
  reactor.key = &key;
  reactor.context = &context;
  auto done = reactor.done.get_future();
  Method::Start(stub, &context, &request, &response, &reactor);
  reactor.StartCall();
  return done.get();
}

// Connects if need be, calls, and waits.
template <typename Method>
typename Method::Result CallAndWait(const CallTarget& target,
                                    const typename Method::Request& request,
                                    const CallOptions& options) {
  KeyOfCall key(target.kept_keys, HasKey(request));
  if (options.timeout.count() <= 0) return OwnError<Method>(NoTimeLeft(), key, options.request_id);
  const auto deadline = DeadlineIn(options.timeout);
  if (auto error = Connect(target.channel, deadline)) {
    return OwnError<Method>(*std::move(error), key, options.request_id);
  }
  grpc::ClientContext context;
  context.set_deadline(deadline);
  auto error = AddRequestId(options.request_id, context);
  if (!error) error = AddToken(target.token_file, context);
  if (error) return OwnError<Method>(*std::move(error), key, options.request_id);
  typename Method::Response response;
  const grpc::Status status =
      HasKey(request) ? CallWithKey<Method>(*target.stub, context, request, response, key)
                      : Method::Call(*target.stub, &context, request, &response);
  return ResultOf<Method>(status, context, response, key, options.request_id);
}

// What an asynchronous call needs until it is done, and then until the reaper has it.
template <typename Method>
class UnaryCall final : public AsyncCall, private grpc::ClientUnaryReactor {
 public:
  using Done = std::function<void(typename Method::Result)>;

  UnaryCall(CallTarget target, typename Method::Request request, std::string request_id, Done done)
      : done_(std::move(done)),
        target_(std::move(target)),
        request_(std::move(request)),
        request_id_(std::move(request_id)),
        key_(target_.kept_keys, HasKey(request_)) {}

  static std::shared_ptr<AsyncCall> Start(CallTarget target, typename Method::Request request,
                                          const CallOptions& options, Done done) {
    auto call = std::make_shared<UnaryCall>(std::move(target), std::move(request),
                                            options.request_id, std::move(done));
    call->self_ = call;
    call->context_.set_deadline(DeadlineIn(options.timeout));
    call->Begin();
    return call;
  }

  void Cancel() override { context_.TryCancel(); }

 private:
  void Begin() {
    auto error = AddRequestId(request_id_, context_);
    if (!error) error = AddToken(target_.token_file, context_);
    if (error) {
      // On gRPC's thread as well, so that the caller need not expect `done` before this returns.
      alarm_.Set(std::chrono::system_clock::now(),
                 [this, error = OwnError<Method>(*std::move(error), key_, request_id_)](bool) {
                   End(error);
                 });
      return;
    }
    Method::Start(*target_.stub, &context_, &request_, &response_, this);
    StartCall();
  }

  void OnReadInitialMetadataDone(bool ok) override {
    if (ok) key_.OnInitialMetadata(context_);
  }

  void OnDone(const grpc::Status& status) override {
    End(ResultOf<Method>(status, context_, response_, key_, request_id_));
  }

  // On gRPC's thread, where no channel may be released.
  void End(typename Method::Result result) {
    done_(std::move(result));
    ReleaseElsewhere(std::move(self_));
  }

  std::shared_ptr<UnaryCall> self_;  // the call's own reference, from its start to its end
  Done done_;
  const CallTarget target_;
  grpc::ClientContext context_;
  const typename Method::Request request_;
  const std::string request_id_;
  typename Method::Response response_;
  KeyOfCall key_;
  grpc::Alarm alarm_;  // of a call that is not made
};

}  // namespace enos::flow

#endif  // ENOS_FLOW_SRC_UNARY_CALL_H_
