#ifndef ENOS_SERVER_CONTRACT_ERROR_TABLE_H_
#define ENOS_SERVER_CONTRACT_ERROR_TABLE_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "server/contract/call_error.h"

namespace enos::gateway {

// The rows of the contract's error table that EnOS decides: result codes and HTTP statuses.

// What else a refusal means to the caller of the table, beside the row itself.
enum class Remedy {
  kNone,        // final
  kFreshToken,  // refused for its token (401, 497, 1203): certainly not executed; final after one
                // fresh token
  kWait,  // certainly not executed, may pass (429; 503 where it is trusted): may be sent again
          // after a wait
};

// EnOS, or something on the way to it, did not do what a call asked for.
struct Refusal {
  CallError error;  // complete but for retry_after
  Remedy remedy = Remedy::kNone;
};

struct ErrorRow {
  absl::StatusCode code;
  Reason reason;
  Execution execution;
  Remedy remedy;
};

// The row for a result code of the JSON answer (any value but 0). trust_503: --trust_503, this EnOS
// answers 503 only before executing.
ErrorRow RowForEnosCode(int64_t enos_code, bool trust_503);

// The row for an HTTP status of 400 or above whose body holds no result code.
ErrorRow RowForHttpStatus(int http_status, bool trust_503);

// The row for calls that start nothing and may be repeated (Get, Watch, Cancel): for a result code,
// or where the body has none for an HTTP status of 400 or above. Differs where a second send can do
// no harm (502 and 503 are sent again), and in 62102, which their neighbours in EnOS's documents
// answer for what does not exist, and 62104, which is about starting. `execution` means nothing.
ErrorRow RowForRead(std::optional<int64_t> enos_code, int http_status);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONTRACT_ERROR_TABLE_H_
