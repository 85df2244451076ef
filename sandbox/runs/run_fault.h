// What becomes of the runs of a flow other than success, and odd ways to tell of them.
#ifndef ENOS_SANDBOX_RUNS_RUN_FAULT_H_
#define ENOS_SANDBOX_RUNS_RUN_FAULT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace enos::sandbox {

struct RunFault {
  enum class Life {
    kSucceeds,
    kFails,        // fail: one task fails, and with it the run; another one runs on and ends
    kNeverEnds,    // never-ends
    kIsCancelled,  // cancelled: in the middle, as by somebody at the console
  };
  // How EnOS writes the members "graph" and "parameters".
  enum class Form {
    kText,     // JSON text in a string, as in the samples
    kJson,     // graph-json, parameters-json
    kNotJson,  // graph-not-json, parameters-not-json: text that is no JSON
    kNone,     // graph-none, parameters-none: the member is missing
  };

  Life life = Life::kSucceeds;
  std::optional<int> running_status;  // runs-N: instead of RUNNING
  std::optional<int> end_status;      // ends-N: instead of SUCCESS
  std::optional<int> task_status;     // task-N: of the last task, instead of SUCCESS at its end
  int tasks = 3;                      // tasks-N
  Form graph = Form::kText;
  Form parameters = Form::kText;
  bool parameters_as_map = false;  // parameters-map: {"key":"value"} instead of a list
  bool snake_case = false;         // snake-case: the names in the graph
  bool null_times = false;         // null-times: null instead of "" where there is no time
  bool no_status = false;          // no-status: the member is missing
  bool other_instance = false;     // other-instance: the answer is about another run
};

// By flow id.
using RunFaults = std::map<std::int32_t, RunFault>;

// "FLOWID:KIND[+KIND...]", kinds as above.
absl::StatusOr<RunFaults::value_type> ParseRunFault(std::string_view text);

// One line per kind, for --help.
std::string RunFaultKindsHelp();

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_RUNS_RUN_FAULT_H_
