#include "server/check/probe.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "server/base/text.h"
#include "server/check/checks.h"

namespace enos::gateway {
namespace {

using std::chrono::seconds;

constexpr std::string_view kKey = "enos_gateway_probe";
// How long an instance may take until it can be read.
constexpr seconds kReadWithin{30};
constexpr seconds kBetweenReads{1};
// Until the next minute has begun, by EnOS's clock, too.
constexpr seconds kNextMinute{65};
// EnOS documents it for what is not valid, and for the same flow again within a minute.
constexpr int64_t kInvalidOrSameMinute = 62102;

std::string_view FormName(ParametersAs form) {
  return form == ParametersAs::kArray ? "array" : "string";
}

// A form of parameters, and what came of a run with it.
struct Form {
  ParametersAs form;
  std::optional<CallError> refused;
  std::string instance_id;  // empty: not started
  SteadyTime started_at;
  bool is_shown = false;  // its parameters, in what EnOS tells of the run
};

class Probe {
 public:
  Probe(const ProbeOptions& options, EnosAccess& enos, const Report& report)
      : options_(options), enos_(enos), report_(report) {
    // Minutes of the past: EnOS starts such runs at once, and each trigger has a minute of its own.
    const auto now =
        std::chrono::duration_cast<std::chrono::minutes>(enos_.WallNow().time_since_epoch());
    first_minute_ = now - std::chrono::minutes(10);
  }

  bool Run() {
    Announce();
    for (size_t i = 0; i < forms_.size(); ++i)
      Try(forms_[i], first_minute_ + std::chrono::minutes(i));
    Form* const form = Best();
    if (form == nullptr) {
      Say(CheckResult::kFailed, "probe", "No run could be started.",
          "Do what the refusals above ask for, and check that the user owns the flow.");
      return false;
    }
    TrySameMinute(*form);
    for (Form& started : forms_) {
      if (!started.instance_id.empty()) Read(started);
    }
    Conclude(*Best());
    return !failed_;
  }

 private:
  void Announce() {
    Say(CheckResult::kInfo, "probe",
        absl::StrFormat("Now up to 3 runs of flow %d are really started for user %s of "
                        "organization %s, each with the parameter %s; nothing ends them",
                        options_.flow_id, options_.user_id, options_.org_id, std::string(kKey)));
  }

  // One trigger; the id of its instance, or why there is none.
  EnosAccess::Result<std::string> Trigger(ParametersAs form, seconds trigger_time) {
    dataflow::v1::UpdateAndTriggerFlowRequest request;
    request.set_user_id(options_.user_id);
    request.set_org_id(options_.org_id);
    request.set_flow_id(options_.flow_id);
    request.mutable_trigger_time()->set_seconds(trigger_time.count());
    auto* const parameter = request.add_parameters();
    parameter->set_key(std::string(kKey));
    parameter->set_value(std::string(FormName(form)));
    return enos_.Trigger(options_.api_version, request, form);
  }

  void Try(Form& form, seconds trigger_time) {
    auto result = Trigger(form.form, trigger_time);
    const auto* refused = std::get_if<CallError>(&result);
    if (refused != nullptr && refused->enos_code == kInvalidOrSameMinute && started_ > 0) {
      Say(CheckResult::kInfo, "parameters",
          Concat("As ", FormName(form.form),
                 ": refused by 62102, which may be for the minute. Waiting for the next one"));
      enos_.Wait(kNextMinute);
      result = Trigger(form.form, trigger_time);
      refused = std::get_if<CallError>(&result);
    }
    if (refused == nullptr) {
      form.instance_id = std::get<std::string>(std::move(result));
      form.started_at = enos_.Now();
      ++started_;
      Say(CheckResult::kInfo, "parameters",
          Concat("As ", FormName(form.form), ": taken, and started ", form.instance_id));
      return;
    }
    form.refused = *refused;
    SayError("parameters", Concat("As ", FormName(form.form), ": ", refused->message), *refused);
  }

  void SayError(std::string_view check, std::string text, const CallError& error) {
    if (error.execution != Execution::kUnknown)
      return Say(CheckResult::kInfo, check, std::move(text));
    failed_ = true;
    Say(CheckResult::kFailed, check, std::move(text), "Look at the flow's instances in EnOS.");
  }

  // The same minute as that run's, by other seconds.
  void TrySameMinute(const Form& form) {
    const seconds minute = first_minute_ + std::chrono::minutes(&form - forms_.data());
    const auto result = Trigger(form.form, minute + seconds(30));
    const std::string gets = Concat("A second call in the minute of ", form.instance_id, " gets: ");
    if (const auto* error = std::get_if<CallError>(&result)) {
      const bool is_for_the_minute = error->enos_code == kInvalidOrSameMinute;
      const char* const meaning =
          is_for_the_minute ? "refused by 62102, so a flow starts once a minute at most: " : "";
      return SayError("same_minute", Concat(gets, meaning, error->message), *error);
    }
    const auto& id = std::get<std::string>(result);
    Say(CheckResult::kInfo, "same_minute",
        id == form.instance_id
            ? Concat(gets, "the same instance id, ", id)
            : Concat(gets, "another instance id, ", id, ", so each call is a run of its own"));
  }

  void Read(Form& form) {
    const InstanceTarget target{options_.user_id, options_.org_id, form.instance_id};
    auto result = enos_.Instance(options_.api_version, target);
    while (std::holds_alternative<CallError>(result) &&
           enos_.Now() - form.started_at < kReadWithin) {
      enos_.Wait(kBetweenReads);
      result = enos_.Instance(options_.api_version, target);
    }
    if (const auto* error = std::get_if<CallError>(&result)) {
      failed_ = true;
      Say(CheckResult::kFailed, "instance",
          absl::StrFormat("%s could not be read within %d s: %s", form.instance_id,
                          kReadWithin.count(), error->message),
          "Runs can be started, but not watched; ask EnOS's support about "
          "flowInstances?action=get.");
      return;
    }
    const std::chrono::duration<double> after = enos_.Now() - form.started_at;
    form.is_shown = IsShown(form, std::get<InstanceAnswer>(result));
    Say(CheckResult::kInfo, "instance",
        absl::StrFormat("%s could be read %.1f s after it was started, and %s its parameters",
                        form.instance_id, after.count(),
                        form.is_shown ? "shows" : "does not show"));
  }

  static bool IsShown(const Form& form, const InstanceAnswer& answer) {
    const auto& shown = answer.instance.parameters();
    return std::any_of(shown.begin(), shown.end(), [&form](const auto& parameter) {
      return parameter.key() == kKey && parameter.value() == FormName(form.form);
    });
  }

  // Of the forms that started a run: one that shows its parameters before others, then the one that
  // is set.
  Form* Best() {
    Form* best = nullptr;
    for (Form& form : forms_) {
      if (form.instance_id.empty()) continue;
      const auto rank = [this](const Form& one) {
        return (one.is_shown ? 2 : 0) + (one.form == options_.parameters_as ? 1 : 0);
      };
      if (best == nullptr || rank(form) > rank(*best)) best = &form;
    }
    return best;
  }

  void Conclude(const Form& best) {
    const bool is_set = best.form == options_.parameters_as;
    const std::string flags = Concat("--enos_api_version=", ApiVersionName(options_.api_version),
                                     " --parameters_as=", FormName(best.form));
    if (is_set) {
      Say(CheckResult::kOk, "settings", Concat("To use: ", flags));
      return;
    }
    failed_ = true;
    Say(CheckResult::kFailed, "settings", Concat("To use: ", flags, "."),
        Concat("Set --parameters_as=", FormName(best.form), " (ENOS_GATEWAY_PARAMETERS_AS)."));
  }

  void Say(CheckResult result, std::string_view check, std::string text,
           std::string_view advice = "") {
    report_({result, std::string(check), std::move(text), std::string(advice)});
  }

  const ProbeOptions& options_;
  EnosAccess& enos_;
  const Report& report_;
  seconds first_minute_{};
  std::array<Form, 2> forms_{Form{ParametersAs::kArray, {}, "", {}, false},
                             Form{ParametersAs::kString, {}, "", {}, false}};
  int started_ = 0;
  bool failed_ = false;
};

}  // namespace

bool RunProbe(const ProbeOptions& options, EnosAccess& enos, const Report& report) {
  return Probe(options, enos, report).Run();
}

}  // namespace enos::gateway
