#ifndef ENOS_SERVER_TESTING_SCRIPTED_ENOS_H_
#define ENOS_SERVER_TESTING_SCRIPTED_ENOS_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/check/enos_access.h"
#include "server/check/report.h"

namespace enos::gateway {

// An EnOS for tests of the checks, whose behaviour is what its members say. Its time only moves by
// Wait.
class ScriptedEnos : public EnosAccess {
 public:
  enum class SameMinute { kAnother, kRefuse, kSame, kNoAnswer };

  absl::StatusOr<std::vector<std::string>> addresses =
      std::vector<std::string>{"192.0.2.1", "2001:db8::1"};
  HttpResult reached = Answered();
  std::optional<CallError> token_error;
  std::set<std::string> generations = {"v2.0"};
  int64_t clock_ahead_ms = 0;
  std::optional<CallError> time_zone_error;
  bool takes_array = true;
  bool takes_string = true;
  SameMinute same_minute = SameMinute::kAnother;
  bool refuses_wall_minute = false;  // the same flow within a minute of its own clock, by 62102
  Duration readable_after{};
  // Whether what it tells of a run shows parameters that were sent in that form.
  bool shows_array = true;
  bool shows_string = true;

  int starts = 0;  // runs that were started

  WallTime WallNow() const override {
    return WallTime(std::chrono::hours(24 * 365 * 50)) + passed_;
  }
  SteadyTime Now() const override { return SteadyTime(std::chrono::hours(1000)) + passed_; }
  void Wait(Duration time) override { passed_ += time; }
  absl::StatusOr<std::vector<std::string>> Resolve() override { return addresses; }
  HttpResult Reach() override { return reached; }
  std::optional<CallError> FetchToken() override { return token_error; }
  Result<WallTime> CurrentTime(ApiVersion version) override;
  Result<absl::TimeZone> TimeZone(ApiVersion version) override;
  Result<InstanceAnswer> Instance(ApiVersion version, const InstanceTarget& target) override;
  Result<std::string> Trigger(ApiVersion version,
                              const dataflow::v1::UpdateAndTriggerFlowRequest& request,
                              ParametersAs parameters_as) override;

  static HttpResult Answered();
  static HttpResult Ended(TransferEnd end, const std::string& detail);
  static CallError Error(Reason reason, int64_t code, const std::string& message);

 private:
  struct Run {
    InstanceAnswer answer;
    SteadyTime started_at;
  };

  std::optional<CallError> NoSuchPath(ApiVersion version) const;

  Duration passed_{};
  std::optional<SteadyTime> last_start_;
  std::map<std::string, int> minutes_;  // runs of each
  std::map<std::string, Run> runs_;
};

// Keeps the lines of a report, as people see them.
class Lines {
 public:
  Report AsReport() {
    return [this](const CheckLine& line) { lines_.push_back(line); };
  }
  // The lines of that check, joined: "FAILED: text What to do: advice".
  std::string Of(const std::string& check) const;
  const std::vector<CheckLine>& all() const { return lines_; }

 private:
  std::vector<CheckLine> lines_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_SCRIPTED_ENOS_H_
