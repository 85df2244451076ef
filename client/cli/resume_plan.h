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
  bool answered = false;                // false: sent, and no answer was recorded
  std::string likely_flow_instance_id;  // may be empty
  std::string request_id = {};          // under which it was sent; may be empty
};

// What a person says about a doubtful line.
struct Verdict {
  const BatchLine* line = nullptr;
  bool started = false;  // false: it is to be sent again
};

// What is left to do for a batch, given what was done before.
struct ResumePlan {
  size_t done = 0;  // started for certain: never sent again
  // Never sent, certainly not executed, or with a key that makes a repeat safe.
  std::vector<const BatchLine*> to_send;
  std::vector<DoubtfulLine> doubtful;  // sent only if somebody says so
  // What does not match the results: the input or the defaults were changed, or the file is another
  // batch's. If there is anything, nothing may be sent.
  std::vector<std::string> problems;
};

// Refers to `lines`, and makes those that are to be repeated what they were: the same key,
// trigger time and request id. `gateway`: the address that is called now; only there a key of an
// earlier run means anything.
ResumePlan PlanResume(std::vector<BatchLine>& lines, const std::map<int64_t, PastLine>& past,
                      const std::string& gateway);

// "3 (id a), 7 (likely run 500-20260701080000) and 12 more": names only as many lines as a person
// still reads.
std::string NameLines(const std::vector<DoubtfulLine>& lines);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_RESUME_PLAN_H_
