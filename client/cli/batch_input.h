#ifndef ENOS_FLOW_CLI_BATCH_INPUT_H_
#define ENOS_FLOW_CLI_BATCH_INPUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "request_fields.h"

namespace enos::flow::cli {

// One flow to start.
struct BatchLine {
  int64_t number = 0;       // in the input, from 1
  std::string id;           // the caller's own name for it; may be empty
  std::string fingerprint;  // of what is to be started, defaults included
  FlowRequest request;
};

struct BatchInput {
  std::vector<BatchLine> lines;
  // One for each bad line, "line 3: flow_id=abc: expected …". If there is any, nothing is to be
  // sent.
  std::vector<std::string> problems;
};

// Reads NDJSON: an object with the fields of a request (and `id`) in each line; empty lines are
// passed over. What a line does not have is taken from `defaults`. An id that stands twice is a
// problem: somebody would be told of one flow and mean the other.
BatchInput ReadBatch(absl::string_view text, const RequestFields& defaults, absl::Time now);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_BATCH_INPUT_H_
