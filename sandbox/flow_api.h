// The batch processing service over HTTP, in both generations: decisions, runs, faults and the
// ledger put together. Internal to the sandbox.
#ifndef ENOS_SANDBOX_FLOW_API_H_
#define ENOS_SANDBOX_FLOW_API_H_

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/http/handler.h"
#include "sandbox/sandbox_server.h"

namespace enos::sandbox {

// An answer, and what the log says of it.
struct LoggedAnswer {
  Answer answer;
  std::string outcome;
};

// Thread-safe.
class FlowApi {
 public:
  // `options.clock` must not be empty; `faults` and `ledger` must outlive this object.
  FlowApi(const SandboxOptions& options, std::function<bool(std::string_view token)> is_alive,
          FaultPlan* faults, CallLedger* ledger);

  // Nothing where the path is none of this service.
  std::optional<LoggedAnswer> OnRequest(const HttpRequest& request, const Target& target);

  ReadStats read_stats() const;
  void ForgetRuns() { runs_.Clear(); }

 private:
  struct Call;

  LoggedAnswer Flows(const Call& call);
  LoggedAnswer FlowInstances(const Call& call);
  LoggedAnswer Get(const Call& call);
  LoggedAnswer Cancel(const Call& call);
  LoggedAnswer Time(const Call& call);
  void Start(FlowDecision& decision, const std::optional<Fault>& fault, CallRecord& record);
  std::string FindRun(RunDecision& decision) const;
  void CancelRun(RunDecision& decision);
  std::optional<Fault> FaultOf(const RunDecision& decision, RunAction action);
  Answer Finish(const Call& call, const Verdict& verdict, const std::string& data,
                const std::optional<Fault>& fault);
  void Count(std::uint64_t ReadStats::* member, const std::optional<Fault>& fault);

  const Clock clock_;
  const Latency latency_;
  const NamedZone time_zone_;
  const std::string generation_;
  const UnknownRun unknown_run_;
  FlowService service_;
  Runs runs_;
  FaultPlan& faults_;
  CallLedger& ledger_;

  mutable std::mutex mutex_;
  ReadStats read_stats_;
};

// With the headers that EnOS's answers have: the Date, from which clients whose clock is off can
// learn.
Answer DatedJson(int status, std::string body, absl::Time now);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_FLOW_API_H_
