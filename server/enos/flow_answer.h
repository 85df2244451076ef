#ifndef ENOS_SERVER_ENOS_FLOW_ANSWER_H_
#define ENOS_SERVER_ENOS_FLOW_ANSWER_H_

#include <string>
#include <string_view>
#include <variant>

#include "server/contract/call_error.h"
#include "server/contract/error_table.h"
#include "server/contract/upstream_text.h"

namespace enos::gateway {

// The flow was started.
struct FlowStarted {
  std::string flow_instance_id;  // 1 to 256 printable ASCII characters without spaces
  std::string enos_request_id;   // as in CallError
  bool replayed = false;         // by an earlier call with the same idempotency key
};

using FlowAnswer = std::variant<FlowStarted, Refusal>;

struct FlowAnswerOptions {
  bool trust_503 = false;
};

// Reads a complete HTTP answer to updateAndTrigger. Which row of the error table it is:
// (1) a JSON object with an integer `code`, else `status` (an integer in a string counts; both
// there and different: the
//     one that is not 0) decides;
// (2) else an HTTP status of 400 or above;
// (3) else ENOS_MALFORMED_RESPONSE.
// Code 0 needs HTTP 2xx and an instance id (data.flowInstanceId, a string of 1 to 256 printable
// ASCII characters without spaces), else it is malformed. Redirects (3xx) are not followed:
// malformed. Members that are not known are ignored; of a member that is there twice the last one
// counts. What is a JSON object in the sense of (1), and what of one may be unreadable without
// spoiling the rest, says answer_json.h.
// Never throws, never recurses over hostile input; `body` may be anything. The error's message says
// what happened and what to do, with EnOS's own words (`msg`, or "msg: submsg"), never with more of
// the body. Thread-safe.
FlowAnswer ReadFlowAnswer(int http_status, std::string_view body, const FlowAnswerOptions& options,
                          const SecretMask& secrets);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_FLOW_ANSWER_H_
