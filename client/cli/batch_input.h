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
  std::string fingerprint;  // of what is to be started, including defaults
  std::string request_id;   // of its calls, for the gateway's log; may be empty
  // With a key: that of an earlier run of the command, which may have started the flow.
  FlowRequest request;
};

struct BatchInput {
  std::vector<BatchLine> lines;
  // One for each bad line, "line 3: flow_id=abc: expected …". If there are any, nothing may be
  // sent.
  std::vector<std::string> problems;
};

// Parses NDJSON: each line is an object with the fields of a request (and `id`); empty lines are
// skipped. What a line omits is taken from `defaults`. A repeated id is a problem: somebody would
// read one flow's result as the other's.
BatchInput ReadBatch(absl::string_view text, const RequestFields& defaults, absl::Time now);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_BATCH_INPUT_H_
