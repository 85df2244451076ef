#include "server/rpc/watch_flow_instance.h"

#include <grpcpp/support/async_stream.h>

#include <chrono>
#include <utility>

#include "server/contract/gateway_errors.h"
#include "server/rpc/flow_instance_methods.h"
#include "server/rpc/rpc_reference.h"

namespace enos::gateway {
namespace {

using dataflow::v1::WatchFlowInstanceRequest;
using dataflow::v1::WatchFlowInstanceResponse;

// A watch without a deadline lasts as long as the run and its connection.
constexpr std::chrono::hours kNoLimit{24 * 365 * 100};

// At a drain a caller has so long to read what there is.
constexpr std::chrono::seconds kTimeToRead{1};

// One RPC, from the request for one to its end. Everything but what says "loop" happens on the
// queue's thread; the loop's thread tells it of states and of the end by posting to that.
class WatchRpc : public CountedRpc {
 public:
  static void Offer(RpcEnvironment& environment, RpcQueue& queue) {
    const Reference rpc(new WatchRpc(environment, queue));
    environment.service.RequestWatchFlowInstance(
        &rpc->call_.context(), &rpc->request_, &rpc->writer_, &queue.grpc_queue(),
        &queue.grpc_queue(), rpc->arrived_.Begin(rpc->Self()));
  }

 private:
  using Reference = RpcReference<WatchRpc>;
  friend Reference;

  WatchRpc(RpcEnvironment& environment, RpcQueue& queue)
      : env_(environment), queue_(queue), call_(environment) {
    call_.context().AsyncNotifyWhenDone(&done_);
  }
  ~WatchRpc() = default;
  Reference Self() { return Reference(this); }

  FlowAccess Target() const { return TargetOfInstance(request_, RpcMethod::kWatchFlowInstance); }

  void OnArrived(bool ok) {
    if (!ok) return;      // the server shuts down
    done_.Begin(Self());  // which will arrive, now that the RPC has begun
    const FlowAccess target = Target();
    call_.Arrive(target, request_.ByteSizeLong());
    open_.Begin(env_.open_calls);
    Offer(env_, queue_);

    auto refusal = call_.Refusal(target, kNoLimit, [this] { return ValidateRequest(request_); });
    if (!refusal) refusal = call_.TakeWatch();
    if (refusal) return Finish(call_.Fail(*std::move(refusal)));
    call_.record()->flow_instance_id = request_.flow_instance_id();
    due_ = queue_.RunAt(call_.times().answer_by, [this] { OnDue(); });
    drain_ = queue_.AtDrain([this] { OnDrain(); });
    is_watching_ = true;
    env_.loop.Post([self = Self()] { self->StartOnLoop(); });
  }

  void OnDue() {
    StopWatching();
    OnEnd({WatchTimeout(), {}});
  }

  // A caller that does not read must not hold up the drain, not even with the end of its run.
  void OnDrain() {
    cut_ = queue_.RunAt(env_.loop.Now() + kTimeToRead, [this] { call_.context().TryCancel(); });
    StopWatching();
    OnEnd({GatewayShuttingDown(), {}});
  }

  void OnState(Watcher::Message message) {
    if (is_finished_) return;
    next_ = std::move(message);
    Advance();
  }

  void OnEnd(InstanceEnd end) {
    if (is_finished_ || has_ended_) return;
    has_ended_ = true;
    end_ = std::move(end);
    Advance();
  }

  // One write, or the end, at a time.
  void Advance() {
    if (is_writing_) return;
    if (next_ != nullptr) {
      is_writing_ = true;
      const Watcher::Message message = std::exchange(next_, nullptr);
      call_.record()->answer_bytes += message->ByteSizeLong();
      queue_.HoldWrites(call_.socket());
      writer_.Write(*message, written_.Begin(Self()));
    } else if (has_ended_) {
      Finish(end_.error ? call_.Fail(*std::move(end_.error)) : call_.Succeed(end_.enos_request_id));
    }
  }

  void OnWritten(bool ok) {
    is_writing_ = false;
    if (!ok) return;  // the stream is broken, which OnDone tells, too
    Advance();
  }

  void Finish(const grpc::Status& status) {
    End();
    writer_.Finish(status, answered_.Begin(Self()));
  }

  void OnAnswered(bool /*ok*/) {}

  void OnDone(bool /*ok*/) {
    queue_.CancelAtDrain(drain_);
    queue_.Cancel(cut_);
    if (is_finished_) return;
    End();
    // Nothing can be sent any more, but the log and the metrics are told.
    if (end_.error) {
      call_.Fail(*std::move(end_.error));
    } else {
      call_.Cancel(Execution::kNone);
    }
  }

  void End() {
    is_finished_ = true;
    next_ = nullptr;
    queue_.Cancel(std::exchange(due_, 0));
    call_.ReleaseSlots();
    StopWatching();
  }

  void StopWatching() {
    if (!std::exchange(is_watching_, false)) return;
    env_.loop.Post([self = Self()] { self->env_.runs.watches().Stop(self->id_); });
  }

  // -- On the loop's thread

  void StartOnLoop() {
    Watcher watcher;
    watcher.check = [self = Self()] { return self->call_.RefusalNow(self->Target()); };
    watcher.on_state = [self = Self()](Watcher::Message message) {
      self->queue_.Post([rpc = self->Self(), message = std::move(message)]() mutable {
        rpc->OnState(std::move(message));
      });
    };
    watcher.on_end = [self = Self()](InstanceEnd end) {
      self->queue_.Post(
          [rpc = self->Self(), end = std::move(end)]() mutable { rpc->OnEnd(std::move(end)); });
    };
    id_ = env_.runs.watches().Start(InstanceOf(request_), std::move(watcher));
  }

  OpenCall open_;  // the first: see OpenCall
  RpcEnvironment& env_;
  RpcQueue& queue_;
  RpcOperation<WatchRpc> arrived_{&WatchRpc::OnArrived};
  RpcOperation<WatchRpc> written_{&WatchRpc::OnWritten};
  RpcOperation<WatchRpc> answered_{&WatchRpc::OnAnswered};
  RpcOperation<WatchRpc> done_{&WatchRpc::OnDone};
  InboundCall call_;
  WatchFlowInstanceRequest request_;  // not changed once it arrived
  grpc::ServerAsyncWriter<WatchFlowInstanceResponse> writer_{&call_.context()};

  TimerId due_ = 0;
  TimerId drain_ = 0;
  TimerId cut_ = 0;
  bool is_watching_ = false;
  bool is_writing_ = false;
  bool is_finished_ = false;
  bool has_ended_ = false;           // the run, or the watch: once all is written it is told
  InstanceEnd end_;                  // how
  Watcher::Message next_;            // null: nothing to be written
  InstanceWatches::WatchId id_ = 0;  // of the loop's thread
};

}  // namespace

void OfferWatchFlowInstance(RpcEnvironment& environment, RpcQueue& queue) {
  WatchRpc::Offer(environment, queue);
}

}  // namespace enos::gateway
