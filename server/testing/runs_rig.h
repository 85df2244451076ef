#ifndef ENOS_SERVER_TESTING_RUNS_RIG_H_
#define ENOS_SERVER_TESTING_RUNS_RIG_H_

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/runs/flow_runs.h"
#include "server/testing/upstream_rig.h"

namespace enos::gateway {

inline constexpr std::string_view kInstances = "/dataflow-batch-service/v2.0/flowInstances";
inline constexpr std::string_view kTime = "/dataflow-batch-service/v2.0/time";

// What EnOS tells of a run in this status (a number of EnOS's); `more`: other members of `data`,
// each after a comma.
std::string RunJson(std::string_view instance_id, int status, std::string_view more = "");
std::string ZoneJson(std::string_view zone);
// What EnOS answers when it took the request to end a run.
inline constexpr std::string_view kCancelledJson = R"({"code":0,"msg":"OK","data":""})";

// A run, and who asks for it.
InstanceTarget RunOf(int number, std::string user = "user", std::string organization = "o rg");

// For tests: runs that are read, watched and ended through a FlowRuns.
class RunsRig : public UpstreamRig {
 public:
  struct Options : UpstreamRig::Options {
    RunsOptions runs;
  };

  // One RPC of the kind Get or Cancel, as its caller sees it. Stays where it is.
  struct Call {
    size_t number = 0;
    FlowRuns::CallId id = 0;
    std::shared_ptr<CallRecord> record = std::make_shared<CallRecord>();
    std::function<void()> then;  // called from within `done`

    int times_done = 0;
    SteadyTime done_at;
    bool slots_were_free = false;  // inside `done`: of the gateway, where no other call runs
    InstanceAnswer answer;         // to a Get
    CancelAccepted accepted;       // to a Cancel
    std::optional<CallError> failed;

    bool is_done() const { return times_done > 0; }
    bool succeeded() const { return is_done() && !failed; }
    // Empty where it is not done or succeeded.
    CallError error() const;
    Reason reason() const { return error().reason; }
  };

  // One RPC that watches a run. Stays where it is.
  struct Watch {
    InstanceWatches::WatchId id = 0;
    std::optional<CallError> refusal;  // what its check says
    int checks = 0;
    std::vector<dataflow::v1::FlowInstance> states;
    int times_ended = 0;
    SteadyTime ended_at;
    std::optional<CallError> failed;
    std::string enos_request_id;  // where it did not fail

    bool is_over() const { return times_ended > 0; }
    // As EnOS numbers them.
    std::vector<int> statuses() const;
    // Empty where it is not over, or its run has ended.
    CallError error() const;
    Reason reason() const { return error().reason; }
  };

  RunsRig() : RunsRig(Options()) {}
  explicit RunsRig(const Options& options);

  Call& Get(const InstanceTarget& target = RunOf(1), Duration answer_in = std::chrono::seconds(10));
  Call& Cancel(const InstanceTarget& target = RunOf(1),
               Duration answer_in = std::chrono::seconds(10));
  Watch& StartWatch(const InstanceTarget& target = RunOf(1));

  // Sends that read or end runs, and the oldest that runs; 0 when none does.
  size_t Sends() const { return http.CountOf(kInstances); }
  TransferId RunTransfer() const;
  // What EnOS says to it.
  void AnswerRun(int status, std::string body = "", std::string retry_after = "");
  void FailRun(TransferEnd end, bool maybe_sent);
  // To a read: the run's status. To a cancel: yes.
  void TellRun(int status = 2, std::string_view more = "") { TellRun(RunTransfer(), status, more); }
  void TellRun(TransferId transfer, int status, std::string_view more = "");
  // To who asks for the zone.
  void TellZone(std::string_view zone);
  size_t ZoneSends() const { return http.CountOf(kTime); }

  CallerSlots caller_slots{1};  // each call has a caller of its own
  Admission admission{1000};
  std::vector<Reason> polls_failed;
  int polls_read = 0;
  int reads = 0;
  std::unique_ptr<FlowRuns> runs;
  std::deque<Call> calls;
  std::deque<Watch> watches;

 private:
  RunJob JobOf(const Call& call, const InstanceTarget& target, Duration answer_in);
  void OnDone(Call& call);
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_RUNS_RIG_H_
