#include "tests/e2e/support/access.h"

#include <chrono>
#include <utility>

namespace enos::e2e {

using gateway::TokenMaker;

const TokenMaker& Maker() {
  static const auto& maker = *new TokenMaker(TokenMaker::Rsa());
  return maker;
}

std::string TokenOf(const std::string& subject, const TokenMaker& maker, const std::string& key_id,
                    int64_t life, const std::string& audience) {
  const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  return maker.Sign(R"({"iss":")" + std::string(kIssuer) + R"(","sub":")" + subject +
                        R"(","aud":[")" + audience + R"("],"exp":)" + std::to_string(now + life) +
                        "}",
                    key_id);
}

std::string PolicyFor(const std::string& subject) {
  return R"({"rules":[{"callers":["sub:)" + subject +
         R"("],"org_ids":["o-1"],"user_ids":["u-1"],"flow_ids":["1-99"]}]})";
}

ProcessOptions AccessTest::Options(std::vector<std::string> more) const {
  more.push_back("--policy_file=" + files_.path("policy.json"));
  more.push_back("--jwt_keys_file=" + files_.path("keys.json"));
  more.push_back("--jwt_issuer=" + std::string(kIssuer));
  more.emplace_back("--jwt_audience=gateway.test");
  more.emplace_back("--reload_interval=100ms");
  return GatewayOptions(enos_.url(), std::move(more));
}

}  // namespace enos::e2e
