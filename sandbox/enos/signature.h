// EnOS's side of the signature of a call. Written from the API's description alone: what it is
// compared with is made by other code, so that a mistake in one shows.
#ifndef ENOS_SANDBOX_ENOS_SIGNATURE_H_
#define ENOS_SANDBOX_ENOS_SIGNATURE_H_

#include <string>
#include <string_view>

#include "sandbox/enos/target.h"

namespace enos::sandbox {

struct SignedParts {
  std::string_view access_token;
  const Query& query;     // decoded
  std::string_view body;  // byte for byte
  std::string_view timestamp;
};

// The value that the header apim-signature must have: SHA-256 over token, sorted query, body,
// timestamp and secret.
std::string ExpectedSignature(const SignedParts& parts, std::string_view secret_key);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_ENOS_SIGNATURE_H_
