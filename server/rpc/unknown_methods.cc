#include "server/rpc/unknown_methods.h"

#include "server/rpc/rpc_reference.h"

namespace enos::gateway {
namespace {

// Waiting for a call.
constexpr int kOffers = 4;

}  // namespace

// One call, from its request to the end of its answer. Queue's thread only.
class UnknownMethods::Rpc : public CountedRpc {
 public:
  static void Offer(UnknownMethods& methods, grpc::ServerCompletionQueue& queue) {
    const Reference rpc(new Rpc(methods, queue));
    methods.service_.RequestCall(&rpc->context_, &rpc->stream_, &queue, &queue,
                                 rpc->arrived_.Begin(Reference(&*rpc)));
  }

 private:
  using Reference = RpcReference<Rpc>;
  friend Reference;

  Rpc(UnknownMethods& methods, grpc::ServerCompletionQueue& queue)
      : open_(methods.rpcs_), methods_(methods), queue_(queue) {}
  ~Rpc() = default;

  void OnArrived(bool ok) {
    if (!ok) return;  // the server shuts down
    Offer(methods_, queue_);
    methods_.on_message_(context_.peer(), 0);  // which nobody reads
    stream_.Finish({grpc::StatusCode::UNIMPLEMENTED, ""}, answered_.Begin(Reference(this)));
  }

  void OnAnswered(bool /*ok*/) {}

  const OpenCall open_;  // the first: see OpenCall
  UnknownMethods& methods_;
  grpc::ServerCompletionQueue& queue_;
  RpcOperation<Rpc> arrived_{&Rpc::OnArrived};
  RpcOperation<Rpc> answered_{&Rpc::OnAnswered};
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
};

void UnknownMethods::Offer(grpc::ServerCompletionQueue& queue) {
  for (int i = 0; i < kOffers; ++i) Rpc::Offer(*this, queue);
}

}  // namespace enos::gateway
