#ifndef ENOS_SERVER_POLICY_CALLER_PATTERN_H_
#define ENOS_SERVER_POLICY_CALLER_PATTERN_H_

#include <optional>
#include <string>
#include <string_view>

#include "server/identity/caller_name.h"

namespace enos::gateway {

// Callers that a rule is for.
struct CallerPattern {
  enum class Kind {
    kAny,     // "*": every caller that has an identity
    kExact,   // a name
    kPrefix,  // names with this prefix, and more: "uri:spiffe://prod.example/ns/batch/*"
  };
  Kind kind = Kind::kExact;
  std::string text;  // DNS names in lower case; of a prefix, the part before the "*"
};

// What ParseCallerPattern accepts, for error messages.
inline constexpr std::string_view kCallerPatternExpected =
    R"("*", or "uri:", "dns:" or "sub:" and a name; of a uri or sub name the last part may be "*", )"
    R"(as in "uri:spiffe://prod.example/ns/batch/*" or "sub:system:serviceaccount:batch:*")";

// Parses a caller as the policy names it. A "*" stands for the end of a uri, after a "/" following
// its host, or of a subject, after a ":" or "/"; anywhere else it is refused, because "batch*"
// would also match "batch-of-somebody-else".
std::optional<CallerPattern> ParseCallerPattern(std::string_view text);

// The characters that a prefix ends with.
inline bool EndsPrefix(char c) { return c == '/' || c == ':'; }

// Whether a caller's name can match a prefix at all: not if it has "." or ".." as a part or
// percent-encoding, with which it may refer to a place outside the prefix.
bool MayMatchPrefix(std::string_view identity);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_POLICY_CALLER_PATTERN_H_
