// ParsePolicy keeps its promises whatever the file's bytes are: a policy, or one line of error; and
// what no rule names is not allowed.
#include <string_view>

#include "server/policy/parse_policy.h"
#include "tests/fuzz/fuzz_check.h"

namespace enos::gateway {
namespace {

void Check(std::string_view text) {
  const auto parsed = ParsePolicy(text);
  if (!parsed.ok()) {
    FUZZ_CHECK(!parsed.status().message().empty());
    for (const char c : parsed.status().message()) FUZZ_CHECK(c >= ' ' && c <= '~');
    return;
  }
  const Policy& policy = *parsed;
  FUZZ_CHECK(policy.rules() <= text.size());
  // Nobody without a name, and no flow that cannot exist.
  FUZZ_CHECK(policy.Decide({}, {"o15", "alice", 3377}) != Decision::kAllowed);
  FUZZ_CHECK(policy.Decide({"sub:a"}, {"o15", "alice", 0}) != Decision::kAllowed);
  FUZZ_CHECK(policy.Decide({"sub:a"}, {"o15", "alice", -1}) != Decision::kAllowed);
  if (policy.rules() == 0) {
    FUZZ_CHECK(policy.Decide({"sub:a"}, {"o15", "alice", 3377}) == Decision::kNoRuleForCaller);
  }
}

}  // namespace
}  // namespace enos::gateway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  enos::gateway::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
