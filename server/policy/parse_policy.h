#ifndef ENOS_SERVER_POLICY_PARSE_POLICY_H_
#define ENOS_SERVER_POLICY_PARSE_POLICY_H_

#include <absl/status/statusor.h>

#include <cstddef>
#include <string_view>

#include "server/policy/policy.h"

namespace enos::gateway {

// The largest policy file.
inline constexpr size_t kMaxPolicyBytes = 4 << 20;

// Reads a policy file:
//
//   {
//     "rules": [
//       {
//         "description": "nightly jobs",                                  optional, for people
//         "callers": ["sub:system:serviceaccount:batch:nightly"],         see CallerPattern
//         "org_ids": ["o15"],                                             or ["*"]
//         "user_ids": ["alice", "bob"],                                   or ["*"]
//         "flow_ids": [3377, "4000-4999"]                                 or ["*"]
//       }
//     ]
//   }
//
// Strict, because a typo must not widen access: every member except the description is required, no
// others are allowed, lists are not empty, and "*" stands alone in its list. "rules" may be empty:
// nobody may do anything. The error is one line that begins with the position (line and column, or
// a path like "$.rules[2].flow_ids[0]") and says what is expected. Pure.
absl::StatusOr<Policy> ParsePolicy(std::string_view text);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_POLICY_PARSE_POLICY_H_
