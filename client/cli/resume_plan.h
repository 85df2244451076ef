#ifndef ENOS_FLOW_CLI_RESUME_PLAN_H_
#define ENOS_FLOW_CLI_RESUME_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "batch_input.h"
#include "batch_record.h"

namespace enos::flow::cli {

// A line that may already have started its flow.
struct DoubtfulLine {
  const BatchLine* line = nullptr;
  bool answered = false;  // false: sent, and no answer was recorded
};

// What is left to do for a batch, given what was done before.
struct ResumePlan {
  size_t done = 0;                        // started for certain: never sent again
  std::vector<const BatchLine*> to_send;  // never sent, or certainly not executed
  std::vector<DoubtfulLine> doubtful;     // sent only if somebody says so
  // One for each line that does not match its results: the input or the defaults were changed. If
  // there are any, nothing may be sent.
  std::vector<std::string> problems;
};

// Refers to `lines`.
ResumePlan PlanResume(const std::vector<BatchLine>& lines, const std::map<int64_t, PastLine>& past);

// "3 (id a), 7 and 12 more": names only as many lines as a person still reads.
std::string NameLines(const std::vector<DoubtfulLine>& lines);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_RESUME_PLAN_H_
