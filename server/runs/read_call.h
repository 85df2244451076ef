#ifndef ENOS_SERVER_RUNS_READ_CALL_H_
#define ENOS_SERVER_RUNS_READ_CALL_H_

#include <memory>
#include <optional>

#include "server/upstream/signed_call.h"

namespace enos::gateway {

// One call to EnOS that starts nothing: a run is read or ended, or the time zone asked for. Such
// calls may be repeated, so that it ends with its caller, and its reader's remedies may be freer
// (RowForRead). Loop thread only.
class ReadCall {
 public:
  // `read` reads complete answers only; what else comes of a transfer is read here. `done` is
  // called once, unless the call is destroyed before; it may destroy the call.
  ReadCall(UpstreamEnvironment& environment, SignedRequest request, SteadyTime answer_by,
           std::shared_ptr<CallRecord> record, SignedCall::Reader read, SignedCall::Done done);
  ~ReadCall();
  ReadCall(const ReadCall&) = delete;
  ReadCall& operator=(const ReadCall&) = delete;

  // Once. May call `done` at once.
  void Start();

  // Ends at once: for the end of the process.
  void EndNow();

 private:
  void OnAnswerDue();
  void Finish(std::optional<CallError> error);

  Scheduler& scheduler_;
  const SteadyTime answer_by_;
  SignedCall::Done done_;
  TimerId due_timer_ = 0;
  SignedCall call_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RUNS_READ_CALL_H_
