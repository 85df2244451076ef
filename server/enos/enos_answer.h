#ifndef ENOS_SERVER_ENOS_ENOS_ANSWER_H_
#define ENOS_SERVER_ENOS_ENOS_ANSWER_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "server/base/secret_mask.h"
#include "server/contract/error_table.h"
#include "server/enos/answer_json.h"

namespace enos::gateway {

// What every answer of EnOS to a signed call has.
struct EnosAnswer {
  std::optional<AnswerMembers> members;  // nothing where the body is no JSON object
  // What EnOS said, for the error: result code, its text, request id and HTTP status.
  CallError said;
};

// Reads a complete HTTP answer. `body` may be anything. Thread-safe.
EnosAnswer ReadEnosAnswer(int http_status, std::string_view body, const SecretMask& secrets);

// The row for a result code; or, where the body has none, for an HTTP status of 400 or above.
using FindRow = absl::FunctionRef<ErrorRow(std::optional<int64_t> enos_code, int http_status)>;

// Why a call did not succeed; nothing for code 0 under HTTP 2xx. Which row of the error table it
// is: (1) a JSON object with an integer `code`, else `status` (an integer in a string counts; both
// there and different: the one that is not 0) decides;
// (2) else an HTTP status of 400 or above;
// (3) else ENOS_MALFORMED_RESPONSE, as for code 0 without HTTP 2xx and for redirects (3xx), which
// are not followed.
std::optional<Refusal> RefusalIn(const EnosAnswer& answer, FindRow find_row);

// ENOS_MALFORMED_RESPONSE: "EnOS's answer makes no sense: it " and what is wrong with it.
Refusal MalformedAnswer(std::string_view what_is_wrong, const EnosAnswer& answer);

// The row's error for what EnOS said.
Refusal RefusalOfRow(const ErrorRow& row, const EnosAnswer& answer);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_ENOS_ANSWER_H_
