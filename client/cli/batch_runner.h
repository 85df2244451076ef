#ifndef ENOS_FLOW_CLI_BATCH_RUNNER_H_
#define ENOS_FLOW_CLI_BATCH_RUNNER_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "batch_input.h"
#include "enos/flow/client.h"

namespace enos::flow::cli {

struct BatchLimits {
  size_t concurrency = 16;  // concurrent calls
  CallOptions call;         // for each line, from its first call on, including retries
  RepeatOptions repeat;     // of a line's call, and of connecting
};

// Progress of a batch. Each line is in exactly one of these.
struct BatchCounts {
  size_t started = 0;
  size_t not_executed = 0;
  size_t unknown = 0;
  size_t in_flight = 0;
  size_t waiting = 0;  // not sent so far, or waiting to be retried

  size_t total() const { return started + not_executed + unknown + in_flight + waiting; }
};

// What a batch works with. Called by the thread in Run only; `done` of `call` may be called from
// any thread, exactly once, and also before `call` returns.
struct BatchHooks {
  std::function<std::optional<FlowError>(std::chrono::milliseconds timeout)> connect;
  std::function<void(const FlowRequest&, const CallOptions&, std::function<void(FlowResult)> done)>
      call;
  // Writes records. `mark` comes before the calls that it names and returns once the records would
  // survive the end of this process and of the host; `record` comes after. After an error nothing
  // more is sent.
  std::function<absl::Status(const std::string& records)> mark;
  std::function<absl::Status(const std::string& records)> record;
  std::function<void(const BatchCounts&)> progress;  // now and then, at least every 0.1 s
  std::function<bool()> stop;  // called as often; true: send nothing more, wait for calls in flight
  std::function<std::chrono::steady_clock::time_point()> now;
  std::function<double()> random;  // uniform in [0, 1)
};

struct BatchEnd {
  BatchCounts counts;  // nothing in flight; `waiting` was never sent
  // Why not everything was sent, if it was not: no connection, or records could not be written.
  std::optional<std::string> problem;
};

// Makes a call for each line, several concurrently, without a thread per call. A line is retried
// only if the library allows it (repeat.h). If there is no connection to the gateway, even after
// the retries, the rest is not sent.
class BatchRunner {
 public:
  BatchRunner(BatchLimits limits, BatchHooks hooks);

  // Returns when nothing is in flight any more. Once.
  BatchEnd Run(const std::vector<const BatchLine*>& lines);

 private:
  struct Item {
    const BatchLine* line = nullptr;
    int attempts = 0;
    std::chrono::steady_clock::time_point deadline;    // of a line that was sent
    std::chrono::steady_clock::time_point not_before;  // of one that waits for another attempt
    std::optional<FlowError> error;                    // of the last attempt
  };
  struct Inbox;

  void TakeResults();
  std::string Finish(Item& item, const FlowResult& result);
  bool WaitToRepeat(Item& item, const FlowError& error);
  void GiveUpRepeats();
  void SendWhatFits();
  std::vector<Item*> PickReady();
  bool Connected();
  void Send(Item& item);
  void Stop(std::string problem);
  void WaitForNews();
  std::chrono::milliseconds TimeLeft(std::chrono::steady_clock::time_point deadline) const;

  const BatchLimits limits_;
  const BatchHooks hooks_;
  const std::shared_ptr<Inbox> inbox_;
  std::vector<Item> items_;
  std::deque<Item*> unsent_;
  std::vector<Item*> to_repeat_;
  BatchCounts counts_;
  bool stopping_ = false;
  std::optional<std::string> problem_;
  int connects_failed_ = 0;  // in a row
  std::chrono::steady_clock::time_point connect_deadline_;
  std::chrono::steady_clock::time_point connect_not_before_;
};

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_BATCH_RUNNER_H_
