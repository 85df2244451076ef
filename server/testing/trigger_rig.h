#ifndef ENOS_SERVER_TESTING_TRIGGER_RIG_H_
#define ENOS_SERVER_TESTING_TRIGGER_RIG_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/testing/upstream_rig.h"
#include "server/trigger/flow_trigger.h"

namespace enos::gateway {

inline constexpr std::string_view kFlows = "/dataflow-batch-service/v2.0/flows";
// What EnOS answers when it started a flow.
inline constexpr std::string_view kStartedJson =
    R"({"status":0,"msg":" Success","data":{"flowInstanceId":"3377-19700101000000"}})";

// For tests: calls on their way through a FlowTrigger.
class TriggerRig : public UpstreamRig {
 public:
  struct Options : UpstreamRig::Options {
    int64_t slots = 1000;
    TriggerOptions trigger;
  };

  // One RPC, as its caller sees it. Stays where it is.
  struct Call {
    size_t number = 0;
    FlowTrigger::CallId id = 0;
    TriggerJob job;
    std::optional<TriggerResult> result;
    int times_done = 0;
    SteadyTime done_at;
    int times_settled = 0;
    // What it came to; nothing where its caller went before anything was sent.
    std::optional<TriggerResult> settled;
    bool caller_gone = false;
    bool slot_was_free = false;         // inside `done`
    bool caller_slot_was_free = false;  // likewise: the one that its caller may have
    std::function<void()> then;         // called from within `done`

    bool is_done() const { return times_done > 0; }
    // The instance id; empty when it is not done or failed.
    std::string instance_id() const;
    // Empty where it is not done or succeeded.
    CallError error() const;
    Reason reason() const { return error().reason; }
  };

  TriggerRig() : TriggerRig(Options()) {}
  explicit TriggerRig(const Options& options);

  // A call that takes a slot and starts. The times count from now.
  Call& Start(Duration answer_in = std::chrono::seconds(10),
              Duration end_in = std::chrono::seconds(30));
  // The same in two steps: its job may be changed in between.
  Call& Prepare(Duration answer_in = std::chrono::seconds(10),
                Duration end_in = std::chrono::seconds(30));
  void StartPrepared(Call& call) { call.id = trigger->Start(JobOf(call), DoneOf(call)); }
  // Its caller goes.
  void Leave(Call& call) const;
  // Whether the caller of that call, who may have one, has none now.
  bool CallerSlotIsFree(const Call& call);

  // The sends of a call, in order.
  std::vector<FakeHttpClient::Sent> SendsOf(const Call& call) const;
  size_t Sends() const { return http.CountOf(kFlows); }
  // The oldest transfer of a flow call that runs; 0 when none does.
  TransferId FlowTransfer() const;
  TransferId TransferOf(const Call& call) const;

  // What EnOS says to the oldest flow call.
  void Succeed() { AnswerFlow(200, std::string(kStartedJson)); }
  void AnswerFlow(int status, std::string body = "", std::string retry_after = "",
                  std::string date = "");
  void FailFlow(TransferEnd end, bool maybe_sent);

  CallerSlots caller_slots{1};  // each call has a caller of its own
  Admission admission;
  std::unique_ptr<FlowTrigger> trigger;
  std::deque<Call> calls;

 private:
  static std::string CallerOf(const Call& call);
  TriggerJob JobOf(Call& call);
  TriggerDone DoneOf(Call& call);
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_TRIGGER_RIG_H_
