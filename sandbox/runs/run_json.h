// The JSON text that tells of a run, as "data" of an answer.
#ifndef ENOS_SANDBOX_RUNS_RUN_JSON_H_
#define ENOS_SANDBOX_RUNS_RUN_JSON_H_

#include <string>

#include "absl/time/time.h"
#include "sandbox/runs/runs.h"

namespace enos::sandbox {

// Times are told in that zone, without naming it.
std::string RunJson(const RunView& view, absl::TimeZone zone);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_RUNS_RUN_JSON_H_
