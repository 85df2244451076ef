#include "watch.h"

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <utility>

#include "call_setup.h"
#include "reaper.h"

namespace enos::flow {

using enos::dataflow::v1::WatchFlowInstanceRequest;
using enos::dataflow::v1::WatchFlowInstanceResponse;
using std::chrono::milliseconds;
using std::chrono::system_clock;

namespace {

FlowError MakeError(grpc::StatusCode code, const char* message) {
  FlowError error;
  error.code = code;
  error.message = message;
  error.execution = Execution::kStartsNothing;
  return error;
}

FlowError Cancelled() {
  return MakeError(grpc::StatusCode::CANCELLED, "the watch was cancelled; the run goes on");
}

std::optional<system_clock::time_point> DeadlineOf(const WatchOptions& options) {
  if (!options.timeout) return std::nullopt;
  return DeadlineIn(*options.timeout);
}

}  // namespace

bool MeansWatchAgain(const FlowError& error, bool had_state, bool has_token) {
  if (error.code == grpc::StatusCode::UNAVAILABLE) return true;
  if (!had_state) return false;
  if (error.reason.empty()) return error.code != grpc::StatusCode::DEADLINE_EXCEEDED;
  return has_token && error.reason == "CALLER_UNAUTHENTICATED";
}

// One stream. Lives until its watch has heard of its end, and then until the reaper has it.
class Watch::Stream final : public grpc::ClientReadReactor<WatchFlowInstanceResponse> {
 public:
  explicit Stream(Watch& watch) : watch_(watch) {}

  grpc::ClientContext& context() { return context_; }

  void Start(FlowStub& stub, const WatchFlowInstanceRequest& request) {
    stub.async()->WatchFlowInstance(&context_, &request, this);
    StartRead(&response_);
    StartCall();
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return;
    watch_.OnState(response_.flow_instance());
    StartRead(&response_);
  }
  void OnDone(const grpc::Status& status) override {
    watch_.OnStreamEnded(status, RequestIdOf(context_, watch_.setup_.options.request_id));
  }

  Watch& watch_;
  grpc::ClientContext context_;
  WatchFlowInstanceResponse response_;
};

std::shared_ptr<AsyncCall> Watch::Start(Setup setup) {
  auto watch = std::make_shared<Watch>(std::move(setup));
  watch->self_ = watch;
  if (watch->deadline_ && watch->setup_.options.timeout->count() <= 0) {
    watch->PauseFor(milliseconds(0));  // it ends on gRPC's thread, as every other
  } else {
    watch->Open();
  }
  return watch;
}

Watch::Watch(Setup setup)
    : setup_(std::move(setup)),
      deadline_(DeadlineOf(setup_.options)),
      message_(ToMessage<WatchFlowInstanceRequest>(setup_.request)) {}

void Watch::Cancel() {
  std::shared_ptr<Stream> stream;
  grpc::Alarm* pause = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    cancelled_ = true;
    stream = stream_;
    pause = pause_.get();  // stays: nothing is opened or paused any more
  }
  if (pause != nullptr) pause->Cancel();
  if (stream != nullptr) {
    stream->context().TryCancel();
    ReleaseElsewhere(std::move(stream));  // this may be a callback's thread
  }
}

void Watch::Open() {
  if (IsCancelled()) return Finish(Cancelled());
  auto stream = std::make_shared<Stream>(*this);
  if (deadline_) stream->context().set_deadline(*deadline_);
  auto unusable = AddRequestId(setup_.options.request_id, stream->context());
  if (!unusable) unusable = AddToken(setup_.token_file, stream->context());
  if (unusable) {
    ReleaseElsewhere(std::move(stream));
    return Finish(GetMethod::OfOwn(*std::move(unusable)));
  }
  Stream* const opened = stream.get();
  {
    // Cancelled since: then the stream ends as soon as it starts.
    const std::lock_guard<std::mutex> lock(mutex_);
    if (cancelled_) opened->context().TryCancel();
    had_state_ = false;
    stream_ = std::move(stream);
  }
  opened->Start(*setup_.stub, message_);
}

void Watch::OnState(const FlowInstance& instance) {
  if (IsNew(instance)) setup_.callbacks.on_state(instance);
}

// A stream begins with a state that the one before it may have told.
bool Watch::IsNew(const FlowInstance& instance) {
  const std::lock_guard<std::mutex> lock(mutex_);
  had_state_ = true;
  if (cancelled_) return false;
  if (last_ && last_->SerializeAsString() == instance.SerializeAsString()) return false;
  last_ = instance;
  failures_ = 0;
  return true;
}

void Watch::OnStreamEnded(const grpc::Status& status, const std::string& request_id) {
  std::shared_ptr<Stream> stream;
  bool ended = false;
  bool cancelled = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stream = std::move(stream_);
    ended = last_ && last_->ended();
    cancelled = cancelled_;
  }
  ReleaseElsewhere(std::move(stream));
  if (ended) return Finish({*last_, request_id});
  if (cancelled) return Finish(Cancelled());
  if (status.ok()) {
    return Finish(MakeError(grpc::StatusCode::INTERNAL,
                            "the gateway ended the watch before the run had ended"));
  }
  FlowError error = InstanceErrorFromStatus(status);
  error.request_id = request_id;
  // That the library gave up before the gateway's answer came changes nothing.
  if (error.code == grpc::StatusCode::DEADLINE_EXCEEDED && error.reason.empty()) {
    return Finish(TimeIsUp());
  }
  if (!MeansWatchAgain(error, had_state_, !setup_.token_file.empty())) return Finish(error);
  Pause(error);
}

void Watch::Pause(const FlowError& error) {
  const milliseconds wait =
      error.retry_after.value_or(BackoffWait(++failures_, setup_.random(), setup_.options.backoff));
  if (wait >= TimeLeft()) return Finish(error);
  if (setup_.callbacks.on_interruption) setup_.callbacks.on_interruption(error, wait);
  PauseFor(wait);
}

void Watch::PauseFor(milliseconds wait) {
  const std::lock_guard<std::mutex> lock(mutex_);
  pause_ = std::make_unique<grpc::Alarm>();
  pause_->Set(cancelled_ ? system_clock::now() : DeadlineIn(wait), [this](bool) {
    if (TimeLeft() > milliseconds(0)) return Open();
    Finish(IsCancelled() ? Cancelled() : TimeIsUp());
  });
}

void Watch::Finish(InstanceResult result) {
  if (!result.ok() && result.error().request_id.empty()) {
    FlowError error = result.error();
    error.request_id = setup_.options.request_id;
    result = std::move(error);
  }
  setup_.callbacks.done(std::move(result));
  ReleaseElsewhere(std::move(self_));
}

bool Watch::IsCancelled() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cancelled_;
}

milliseconds Watch::TimeLeft() const {
  if (!deadline_) return milliseconds::max();
  return std::chrono::duration_cast<milliseconds>(*deadline_ - system_clock::now());
}

FlowError Watch::TimeIsUp() const {
  FlowError error =
      MakeError(grpc::StatusCode::DEADLINE_EXCEEDED,
                "the run had not ended when the time to watch it was over; it goes on");
  error.reason_kind = Reason::WATCH_TIMEOUT;
  error.reason = ErrorReason_Name(error.reason_kind);
  return error;
}

}  // namespace enos::flow
