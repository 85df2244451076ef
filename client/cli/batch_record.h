#ifndef ENOS_FLOW_CLI_BATCH_RECORD_H_
#define ENOS_FLOW_CLI_BATCH_RECORD_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "batch_input.h"
#include "enos/flow/result.h"

namespace enos::flow::cli {

// The lines of a results file, each a JSON object, ASCII only:
//   {"line":3,"id":"a","outcome":"SENDING","fingerprint":…}
//   {"line":3,"id":"a","outcome":"OK","flow_instance_id":…,"enos_request_id":…,"attempts":1,
//    "fingerprint":…}
//   {"line":3,"id":"a","outcome":"FAILED","code":…,"reason":…,"execution":…,"message":…,…,
//    "attempts":1,"fingerprint":…}      with the members of an error as in output.h
// SENDING is written before the call is sent, so a line whose last record it is may have run.

std::string SendingRecord(const BatchLine& line);
// `attempts`: the number of calls made, 0 if an earlier command made them.
std::string ResultRecord(const BatchLine& line, const FlowResult& result, int attempts);

// What is known about a line from its last record.
enum class LineState {
  kOk,           // its flow was started
  kNotExecuted,  // it certainly was not
  kUnknown,      // it may have been: the answer said so
  kNoAnswer,     // it may have been: sent, and no answer was recorded
};

struct PastLine {
  LineState state = LineState::kNoAnswer;
  std::string fingerprint;
};

// The state of each line that has a record, by line number. `text` is a whole results file. A line
// that is not such a record is an error that names it.
absl::StatusOr<std::map<int64_t, PastLine>> ReadRecords(absl::string_view text);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_BATCH_RECORD_H_
