#include "server/rpc/unknown_methods.h"

#include "server/rpc/member_event.h"

namespace enos::gateway {
namespace {

// That wait for a call.
constexpr int kOffers = 4;

}  // namespace

// One call, from the offer to the end of its answer; deletes itself then. Queue's thread only.
class UnknownMethods::Rpc {
 public:
  static void Offer(UnknownMethods& methods, grpc::ServerCompletionQueue& queue) {
    auto* rpc = new Rpc(methods, queue);
    methods.service_.RequestCall(&rpc->context_, &rpc->stream_, &queue, &queue, &rpc->arrived_);
  }

 private:
  Rpc(UnknownMethods& methods, grpc::ServerCompletionQueue& queue)
      : methods_(methods), queue_(queue) {
    methods_.rpcs_.Begin();
  }
  ~Rpc() = default;

  void OnArrived(bool ok) {
    if (!ok) return Delete();  // the server shuts down
    Offer(methods_, queue_);
    methods_.on_message_(context_.peer(), 0);  // which nobody reads
    stream_.Finish({grpc::StatusCode::UNIMPLEMENTED, ""}, &answered_);
  }

  void OnAnswered(bool /*ok*/) { Delete(); }

  void Delete() {
    OpenCalls& rpcs = methods_.rpcs_;
    delete this;
    rpcs.End();
  }

  UnknownMethods& methods_;
  grpc::ServerCompletionQueue& queue_;
  MemberEvent<Rpc> arrived_{this, &Rpc::OnArrived};
  MemberEvent<Rpc> answered_{this, &Rpc::OnAnswered};
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
};

void UnknownMethods::Offer(grpc::ServerCompletionQueue& queue) {
  for (int i = 0; i < kOffers; ++i) Rpc::Offer(*this, queue);
}

}  // namespace enos::gateway
