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
//   {"line":3,"id":"a","outcome":"SENDING","request_id":…,"idempotency_key":…,"trigger_time":…,
//    "gateway":…,"fingerprint":…}
//   {"line":3,"id":"a","outcome":"OK","flow_instance_id":…,"enos_request_id":…,"request_id":…,
//    "attempts":1,"fingerprint":…}
//   {"line":3,"id":"a","outcome":"FAILED","code":…,"reason":…,"execution":…,"message":…,…,
//    "attempts":1,"fingerprint":…}      with the members of an error as in output.h
//   {"line":3,"id":"a","outcome":"OK"|"FAILED",…,"resolved":"started"|"not_started",
//    "fingerprint":…}                   said by a person
// SENDING is written before the call is sent, so a line whose last record it is may have run. Its
// key, trigger time and gateway are there if the call can be repeated with them: see
// batch_runner.h.

std::string SendingRecord(const BatchLine& line, const std::string& key = "",
                          const std::string& gateway = "");
// `attempts`: the number of calls made, 0 if an earlier command made them.
std::string ResultRecord(const BatchLine& line, const FlowResult& result, int attempts);
std::string ResolvedRecord(const BatchLine& line, bool started);

// Whether a repeat with the same key is refused or answered as before, for good: the key is in
// doubt, is another request's, or has expired. Names as on the wire.
bool IsFinalForKey(absl::string_view key_state, absl::string_view reason);

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
  std::string likely_flow_instance_id;  // as the gateway guessed it; may be empty
  // From its last SENDING record, to be repeated with; empty: not so.
  std::string key;
  std::string trigger_time;
  std::string gateway;
  std::string request_id;  // likewise, whether or not there is a key
  bool final_for_key = false;
};

// The state of each line that has a record, by line number. `text` is a whole results file. A line
// that is not such a record is an error that names it.
absl::StatusOr<std::map<int64_t, PastLine>> ReadRecords(absl::string_view text);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_BATCH_RECORD_H_
