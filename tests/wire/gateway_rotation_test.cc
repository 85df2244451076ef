// EnOS keys that change in their files while calls run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "server/testing/mounted_files.h"
#include "server/testing/ops_client.h"
#include "tests/support/fake_enos.h"
#include "tests/wire/support/gateway_runner.h"
#include "tests/wire/support/watched_log.h"

namespace enos::gateway::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Accepts the keys of two applications, each with its own token, and no others.
sandbox::Answer TokenForKeys(const sandbox::HttpRequest& request, const std::string& /*token*/) {
  if (request.body.find("\"access-one\"") != std::string::npos) return TokenAnswer("token-1");
  if (request.body.find("\"access-two\"") != std::string::npos) return TokenAnswer("token-2");
  return sandbox::Answer::Json(200, R"({"status":1002,"msg":"appKey does not exist"})");
}

MountedFiles::Contents Keys(const std::string& access, const std::string& secret) {
  return {{"access_key", access}, {"secret_key", secret}};
}

class GatewayRotationTest : public ::testing::Test {
 protected:
  GatewayRotationTest() { enos_.AnswerTokens(&TokenForKeys); }

  Settings WithKeyFiles() {
    Settings settings = SettingsFor(enos_.url());
    settings.metrics_listen = ListenAddress{"127.0.0.1", 0};
    settings.reload_interval = std::chrono::milliseconds(5);
    settings.access_key = Secret("access-one");
    settings.secret_key = Secret("secret-of-one");
    settings.access_key_file = files_.path("access_key");
    settings.secret_key_file = files_.path("secret_key");
    return settings;
  }
  std::string TokenOfLastCall() const {
    for (const auto& [name, value] : enos_.last_headers()) {
      if (name == "apim-accesstoken") return value;
    }
    return "none";
  }
  std::string Metrics() { return OpsGet(gateway_.gateway().metrics_address(), "/metrics").body; }

  WatchedLog log_;
  FakeEnos enos_;
  MountedFiles files_{Keys("access-one", "secret-of-one")};
  GatewayRunner gateway_{WithKeyFiles()};
};

TEST_F(GatewayRotationTest, KeysSwappedUnderLoad_NoCallIsLostAndTheNewOnesAreUsed) {
  ASSERT_EQ(Summary(gateway_.Call()), "OK");
  const std::string first = TokenOfLastCall();
  std::atomic<bool> ending{false};
  std::atomic<uint64_t> calls{1};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      while (!ending) {
        EXPECT_EQ(Summary(gateway_.Call()), "OK");
        ++calls;
      }
    });
  }
  files_.Swap(Keys("access-two", "secret-of-two"));
  EXPECT_TRUE(log_.WaitFor("keys reloaded"));
  const uint64_t before = calls;
  while (calls < before + 10) std::this_thread::yield();
  ending = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(Summary(gateway_.Call()), "OK");
  EXPECT_NE(TokenOfLastCall(), first);
  EXPECT_EQ(enos_.calls(), calls + 1);
  EXPECT_THAT(Metrics(),
              HasSubstr("enos_gateway_reloads_total{files=\"keys\",result=\"success\"} 1"));
  EXPECT_THAT(log_.Text(), Not(HasSubstr("secret-of")));
}

TEST_F(GatewayRotationTest, HalfRotatedPairThatEnosRefuses_OldTokenServesAndTheRestCompletesIt) {
  ASSERT_EQ(Summary(gateway_.Call()), "OK");
  const std::string first = TokenOfLastCall();
  files_.Overwrite("access_key", "access-unknown");
  EXPECT_TRUE(log_.WaitFor("keys not reloaded, the old ones stay in use"));
  EXPECT_EQ(Summary(gateway_.Call()), "OK");
  EXPECT_EQ(TokenOfLastCall(), first);
  EXPECT_THAT(Metrics(), HasSubstr("enos_gateway_reload_last_successful{files=\"keys\"} 0"));
  files_.Swap(Keys("access-two", "secret-of-two"));
  EXPECT_TRUE(log_.WaitFor("keys reloaded"));
  EXPECT_EQ(Summary(gateway_.Call()), "OK");
  EXPECT_NE(TokenOfLastCall(), first);
  EXPECT_THAT(Metrics(), HasSubstr("enos_gateway_reload_last_successful{files=\"keys\"} 1"));
}

}  // namespace
}  // namespace enos::gateway::testing
