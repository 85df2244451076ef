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
  std::string gateway;      // where the calls go, for records of keys
};

// Progress of a batch. Each line is in exactly one of these.
struct BatchCounts {
  size_t started = 0;
  size_t not_executed = 0;
  size_t unknown = 0;    // may have been started
  size_t undecided = 0;  // likewise, but a repeat with the same key will tell
  size_t in_flight = 0;
  size_t waiting = 0;  // not sent so far, or waiting to be retried

  size_t total() const {
    return started + not_executed + unknown + undecided + in_flight + waiting;
  }
};

// What a batch works with. Called by the thread in Run only; `done` of `call` may be called from
// any thread, exactly once, and also before `call` returns.
struct BatchHooks {
  std::function<std::optional<FlowError>(std::chrono::milliseconds timeout)> connect;
  std::function<void(const FlowRequest&, const CallOptions&, std::function<void(FlowResult)> done)>
      call;
  // What the newest initial metadata said of keys, of the calls made here (FlowClient::KeepsKeys).
  std::function<std::optional<bool>()> keeps_keys;
  std::function<std::string()> make_key;
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
  BatchCounts counts;  // nothing in flight; `waiting` was never sent, or certainly not started
  // Why not everything was sent, if it was not: no connection, or records could not be written.
  std::optional<std::string> problem;
};

// Makes a call for each line, several concurrently, without a thread per call. A line is retried
// only if the library allows it (repeat.h). If there is no connection to the gateway, even after
// the retries, the rest is not sent.
//
// Keys. Each line gets an idempotency key, with which it can be repeated, also by the next run of
// the command, if the gateway keeps keys. One that keeps none refuses them (then the batch goes on
// without), and one that is older than keys ignores them, so that a repeat would start the flow
// again. Nobody says which it is before the first call. Hence:
//  - A key is relied upon, and stands in the line's SENDING record, only once the gateway said in
//    this run, in the initial metadata of a call, that it keeps keys. A line that was sent before
//    that gets a second SENDING record, with its key, as soon as it is said.
//  - Until it is said lines go one at a time: at most one can be lost without a recorded key. If an
//    answer came that does not say it (refused at the door) all may go, except lines that an
//    earlier run may have started: they still go one at a time, and last.
//  - Once the gateway says otherwise (the newest word counts, as in the library) the keys of all
//    unfinished lines are worth nothing: this is recorded, by SENDING without a key, before any
//    answer is; they are not repeated, and the rest goes without keys.
// What is left: a gateway that was replaced by an older one between two runs, which its operators
// must not do while keys are in use, can start one line again, the first to be repeated.
class BatchRunner {
 public:
  BatchRunner(BatchLimits limits, BatchHooks hooks);

  // Returns when nothing is in flight any more. Once.
  BatchEnd Run(const std::vector<const BatchLine*>& lines);

 private:
  enum class Keys { kUntold, kKept, kRefused, kIgnored };
  enum class Noted { kNothing, kSending, kSendingWithKey };
  struct Item {
    const BatchLine* line = nullptr;
    std::string key;                // empty: none
    Noted noted = Noted::kNothing;  // by the line's newest record
    bool done = false;              // it has its result
    AttemptHistory history;
    int attempts = 0;
    std::chrono::steady_clock::time_point deadline;    // of a line that was sent
    std::chrono::steady_clock::time_point not_before;  // of one that waits for another attempt
    std::optional<FlowError> error;                    // of the last attempt
  };
  struct Inbox;

  void TakeResults();
  std::string TakeResult(Item& item, const FlowResult& result);
  std::string Finish(Item& item, const FlowResult& result);
  bool WaitToRepeat(Item& item, const FlowError& error);
  void LookAtKeys();
  void SetKeys(Keys keys);
  void GiveUpKeys();
  bool SendAgainWithoutKey(Item& item, const FlowError& error);
  void ChooseKey(Item& item) const;
  bool CountsOnKey(const Item& item) const;
  absl::Status Mark(const std::vector<Item*>& items);
  void Record(const std::string& records);
  void GiveUpRepeats();
  void SendWhatFits();
  void PutBack(Item& item);
  std::vector<Item*> PickReady();
  std::deque<Item*>::iterator NextUnsent(bool alone);
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
  Keys keys_ = Keys::kUntold;
  bool answered_ = false;  // any call
  bool stopping_ = false;
  std::optional<std::string> problem_;
  int connects_failed_ = 0;  // in a row
  std::chrono::steady_clock::time_point connect_deadline_;
  std::chrono::steady_clock::time_point connect_not_before_;
};

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_BATCH_RUNNER_H_
