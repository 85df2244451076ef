#ifndef ENOS_SERVER_CONTRACT_UPSTREAM_TEXT_H_
#define ENOS_SERVER_CONTRACT_UPSTREAM_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "server/base/secret_mask.h"

namespace enos::gateway {

inline constexpr size_t kMaxRequestIdBytes = 128;

// Bytes of a text that are looked at, far more than are shown. Spaces and control characters at the
// start go away, so that they must not use up the room, and a token may have 4 KiB. A text that
// hides nothing else in its first pages than those is not worth reading further.
inline constexpr size_t kMostRead = size_t{16} << 10;

// Makes a text that came from EnOS fit to show: every secret in it is masked as "***" (secrets that
// overlap or touch as one), bytes that are not UTF-8 become U+FFFD, control characters (line breaks
// included) become spaces, spaces around the text go, and the rest is cut to 256 bytes at a
// character boundary. Masked before cut, so that no part of a secret survives at the edge. Secrets
// are found in the bytes as they are given: decode escapes before.
std::string CleanUpstreamText(std::string_view text, const SecretMask& secrets);

// The request id if it may be put into metadata: 1 to 128 printable ASCII characters (0x21 to 0x7e,
// and spaces inside), holding no secret; else empty. gRPC C++ aborts the process on other bytes.
std::string CleanRequestId(std::string_view request_id, const SecretMask& secrets);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONTRACT_UPSTREAM_TEXT_H_
