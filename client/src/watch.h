#ifndef ENOS_FLOW_SRC_WATCH_H_
#define ENOS_FLOW_SRC_WATCH_H_

#include <grpcpp/alarm.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "async_call.h"
#include "enos/flow/instance.h"
#include "methods.h"

namespace enos::flow {

// True if a stream that ended so is to be opened again: the gateway said UNAVAILABLE, or something
// on the way cut a stream that had worked, or its token has run out since. `had_state`: a state
// came on it.
bool MeansWatchAgain(const FlowError& error, bool had_state, bool has_token);

// Watches one run, over as many streams as that takes, each after the other.
class Watch final : public AsyncCall {
 public:
  struct Setup {
    std::shared_ptr<FlowStub> stub;
    std::string token_file;
    InstanceRequest request;
    WatchOptions options;
    WatchCallbacks callbacks;
    std::function<double()> random;  // uniform in [0, 1)
  };

  static std::shared_ptr<AsyncCall> Start(Setup setup);

  explicit Watch(Setup setup);
  void Cancel() override;

 private:
  class Stream;

  // The stream to `on_end` it; nothing while one is open.
  void Open();
  void OnState(const FlowInstance& instance);
  void OnStreamEnded(const grpc::Status& status, const std::string& request_id);
  void Pause(const FlowError& error);
  void PauseFor(std::chrono::milliseconds wait);
  void Finish(InstanceResult result);

  bool IsNew(const FlowInstance& instance);
  bool IsCancelled();
  std::chrono::milliseconds TimeLeft() const;
  FlowError TimeIsUp() const;

  const Setup setup_;
  const std::optional<std::chrono::system_clock::time_point> deadline_;
  const enos::dataflow::v1::WatchFlowInstanceRequest message_;
  std::shared_ptr<Watch> self_;  // its own reference, from its start to its end

  std::mutex mutex_;  // guards what follows
  bool cancelled_ = false;
  std::shared_ptr<Stream> stream_;
  std::unique_ptr<grpc::Alarm> pause_;
  std::optional<FlowInstance> last_;
  int failures_ = 0;        // streams in a row that brought nothing new
  bool had_state_ = false;  // on the present stream
};

}  // namespace enos::flow

#endif  // ENOS_FLOW_SRC_WATCH_H_
