#ifndef ENOS_FLOW_CLI_RESOLVED_LINES_H_
#define ENOS_FLOW_CLI_RESOLVED_LINES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "resume_plan.h"

namespace enos::flow::cli {

struct ResolvedLines {
  std::vector<Verdict> verdicts;
  // One for each bad line, "line 3: plant-17: expected …". If there are any, nothing may be sent.
  std::vector<std::string> problems;
};

// Reads the file of --resolved: on each line the id or the number of a line of the batch, a space,
// and `started` or `not_started`; empty lines are skipped. Each must be one of the doubtful lines,
// named once, and a word that is one line's id and another one's number names neither.
ResolvedLines ReadResolved(absl::string_view text, const std::vector<BatchLine>& lines,
                           const std::vector<DoubtfulLine>& doubtful);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_RESOLVED_LINES_H_
