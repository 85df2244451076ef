#ifndef ENOS_FLOW_SRC_UNARY_CALL_H_
#define ENOS_FLOW_SRC_UNARY_CALL_H_

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "async_call.h"
#include "call_setup.h"
#include "connection.h"
#include "methods.h"
#include "reaper.h"

namespace enos::flow {

// What `context` and `response` came to.
template <typename Method>
typename Method::Result ResultOf(const grpc::Status& status, const grpc::ClientContext& context,
                                 const typename Method::Response& response) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find("enos-request-id");
  const std::string request_id = found == metadata.end()
                                     ? std::string()
                                     : std::string(found->second.data(), found->second.size());
  if (status.ok()) return Method::OfAnswer(response, request_id);
  FlowError error = Method::OfStatus(status);
  if (error.enos_request_id.empty()) error.enos_request_id = request_id;
  return error;
}

// Connects if need be, calls, and waits.
template <typename Method>
typename Method::Result CallAndWait(const std::shared_ptr<grpc::Channel>& channel, FlowStub& stub,
                                    const std::string& token_file,
                                    const typename Method::Request& request,
                                    const CallOptions& options) {
  if (options.timeout.count() <= 0) return Method::OfOwn(NoTimeLeft());
  const auto deadline = DeadlineIn(options.timeout);
  if (auto error = Connect(channel, deadline)) return Method::OfOwn(*std::move(error));
  grpc::ClientContext context;
  context.set_deadline(deadline);
  if (auto error = AddToken(token_file, context)) return Method::OfOwn(*std::move(error));
  typename Method::Response response;
  const grpc::Status status = Method::Call(stub, &context, request, &response);
  return ResultOf<Method>(status, context, response);
}

// What an asynchronous call needs until it is done, and then until the reaper has it.
template <typename Method>
class UnaryCall final : public AsyncCall {
 public:
  using Done = std::function<void(typename Method::Result)>;

  static std::shared_ptr<AsyncCall> Start(std::shared_ptr<FlowStub> stub,
                                          const std::string& token_file,
                                          typename Method::Request request,
                                          const CallOptions& options, Done done) {
    auto call = std::make_shared<UnaryCall>();
    call->self_ = call;
    call->done_ = std::move(done);
    call->stub_ = std::move(stub);
    call->request_ = std::move(request);
    call->context_.set_deadline(DeadlineIn(options.timeout));
    call->Begin(token_file);
    return call;
  }

  void Cancel() override { context_.TryCancel(); }

 private:
  void Begin(const std::string& token_file) {
    if (auto error = AddToken(token_file, context_)) {
      // On gRPC's thread as well, so that the caller need not expect `done` before this returns.
      alarm_.Set(std::chrono::system_clock::now(),
                 [this, error = Method::OfOwn(*std::move(error))](bool) { End(error); });
      return;
    }
    // The callback owns nothing: it is destroyed on gRPC's thread, where no channel may go.
    Method::Start(*stub_, &context_, &request_, &response_, [this](const grpc::Status& status) {
      End(ResultOf<Method>(status, context_, response_));
    });
  }

  void End(typename Method::Result result) {
    done_(std::move(result));
    ReleaseElsewhere(std::move(self_));
  }

  std::shared_ptr<UnaryCall> self_;  // the call's own reference, from its start to its end
  Done done_;
  std::shared_ptr<FlowStub> stub_;
  grpc::ClientContext context_;
  typename Method::Request request_;
  typename Method::Response response_;
  grpc::Alarm alarm_;  // of a call that is not made
};

}  // namespace enos::flow

#endif  // ENOS_FLOW_SRC_UNARY_CALL_H_
