// DecodeTokenAnswer keeps its promises whatever the answer's bytes are.
#include <algorithm>

#include "server/enos/token_service.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_input.h"

namespace enos::gateway {
namespace {

void Check(const FuzzAnswer& input) {
  const TokenAnswer answer = DecodeTokenAnswer(input.http_status, input.body);
  switch (answer.verdict) {
    case TokenVerdict::kToken:
      FUZZ_CHECK(input.http_status >= 200 && input.http_status < 300);
      FUZZ_CHECK(answer.enos_code == 0);
      FUZZ_CHECK(!answer.token.empty() && answer.token.size() <= 4096);
      FUZZ_CHECK(std::all_of(answer.token.begin(), answer.token.end(),
                             [](char c) { return c >= 0x21 && c <= 0x7E; }));
      FUZZ_CHECK(answer.lifetime >= std::chrono::seconds(1));
      FUZZ_CHECK(answer.lifetime <= std::chrono::hours(24 * 3650));
      return;
    case TokenVerdict::kRepeatedRequest:
      FUZZ_CHECK(answer.enos_code == 1001);
      break;
    case TokenVerdict::kCredentialsRefused:
      FUZZ_CHECK(answer.enos_code == 1002 || answer.enos_code == 1003);
      break;
    case TokenVerdict::kFailed:
      break;
  }
  FUZZ_CHECK(answer.token.empty());
  FUZZ_CHECK(answer.lifetime == std::chrono::seconds(0));
}

}  // namespace
}  // namespace enos::gateway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  enos::gateway::Check(enos::gateway::ToAnswer(data, size));
  return 0;
}
