#ifndef ENOS_FLOW_SRC_TOKEN_FILE_H_
#define ENOS_FLOW_SRC_TOKEN_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "enos/flow/client.h"

namespace enos::flow {

// The gateway does not accept longer tokens.
inline constexpr size_t kMaxTokenBytes = 8 << 10;

// The token in that file: its content without trailing line endings and spaces. INVALID_ARGUMENT if
// there is none, or more than one; the message starts with "token_file=/path: " and contains none
// of the content.
absl::StatusOr<std::string> ReadTokenFile(const std::string& path);

// INVALID_ARGUMENT if a token must not be sent: to another machine, in plaintext.
absl::Status CheckTokenFileUse(const ClientOptions& options);

}  // namespace enos::flow

#endif  // ENOS_FLOW_SRC_TOKEN_FILE_H_
