#ifndef ENOS_TESTS_E2E_SUPPORT_ACCESS_H_
#define ENOS_TESTS_E2E_SUPPORT_ACCESS_H_

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/testing/mounted_files.h"
#include "server/testing/token_maker.h"
#include "tests/support/fake_enos.h"
#include "tests/support/programs.h"

namespace enos::e2e {

inline constexpr char kIssuer[] = "https://issuer.test";

// The keys that gateways of an AccessTest know, as "k1".
const gateway::TokenMaker& Maker();

// A token for that subject, which is good for `life` seconds.
std::string TokenOf(const std::string& subject, const gateway::TokenMaker& maker = Maker(),
                    const std::string& key_id = "k1", int64_t life = 3600,
                    const std::string& audience = "gateway.test");

// Lets that subject start the flows 1 to 99 of RequestFor's user and organization.
std::string PolicyFor(const std::string& subject);

// An EnOS, and mounted files for a gateway that lets alice call.
class AccessTest : public testing::Test {
 protected:
  ProcessOptions Options(std::vector<std::string> more = {}) const;

  std::atomic<int> sent_{0};                  // flow calls that came to EnOS
  std::function<void(int flow_id)> on_flow_;  // set before the first: called with each of them
  FakeEnos enos_{[this](int flow_id, const std::string&) {
    ++sent_;
    if (on_flow_) on_flow_(flow_id);
    return std::nullopt;
  }};
  gateway::MountedFiles::Contents contents_{{"policy.json", PolicyFor("alice")},
                                            {"keys.json", gateway::KeySet(Maker().Jwk("k1"))}};
  gateway::MountedFiles files_{contents_};
};

}  // namespace enos::e2e

#endif  // ENOS_TESTS_E2E_SUPPORT_ACCESS_H_
