// Early headers, the other way round: a caller that does not read cannot have received its response
// headers, so its library would still retry the call by itself. Such a call is never sent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "server/testing/ops_client.h"
#include "tests/support/fake_enos.h"
#include "tests/wire/support/gateway_runner.h"
#include "tests/wire/support/stalled_caller.h"
#include "tests/wire/support/watched_log.h"

namespace enos::gateway::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class GatewayStalledTest : public ::testing::Test {
 protected:
  Settings WithMetrics(Settings settings) const {
    settings.metrics_listen = ListenAddress{"127.0.0.1", 0};
    return settings;
  }
  bool WaitForMetric(const std::string& line) {
    return WaitUntil([&] {
      const std::string metrics = OpsGet(gateway_->gateway().metrics_address(), "/metrics").body;
      return metrics.find("\n" + line + "\n") != std::string::npos;
    });
  }
  void StartGateway(Settings settings) { gateway_.emplace(WithMetrics(std::move(settings))); }
  void StartGateway() { StartGateway(SettingsFor(enos_.url())); }
  std::string address() { return gateway_->gateway().address(); }

  // The call's line in the log, waited for.
  std::string LineOf(const std::string& request_id) const {
    const std::string mark = "request_id=" + request_id;
    EXPECT_TRUE(log_.WaitFor(mark)) << log_.Text();
    std::istringstream text(log_.Text());
    for (std::string line; std::getline(text, line);) {
      if (line.find(mark) != std::string::npos) return line;
    }
    return "";
  }

  WatchedLog log_;
  FakeEnos enos_;
  std::optional<GatewayRunner> gateway_;
};

// `attempts` counts what was passed to the HTTP client.
const auto kNeverSent =
    AllOf(HasSubstr(" code=UNAVAILABLE reason=ENOS_UNREACHABLE execution=NOT_EXECUTED attempts=0 "),
          HasSubstr("waited for the caller's connection"));

TEST_F(GatewayStalledTest, DeadlineComes_NeverSent) {
  StartGateway();
  StalledCaller caller(address());
  caller.Call("stalled", "1S");
  EXPECT_THAT(LineOf("stalled"), kNeverSent);
  EXPECT_EQ(enos_.calls(), 0U);
  EXPECT_EQ(Summary(gateway_->Call()), "OK") << "others are served";
}

TEST_F(GatewayStalledTest, NoDeadline_NeverSentWithinTheUpstreamTimeout) {
  Settings settings = SettingsFor(enos_.url());
  settings.upstream_timeout = std::chrono::milliseconds(300);
  StartGateway(std::move(settings));
  StalledCaller caller(address());
  caller.Call("stalled", "");
  EXPECT_THAT(LineOf("stalled"), kNeverSent);
  EXPECT_EQ(enos_.calls(), 0U);
}

TEST_F(GatewayStalledTest, ConnectionEnds_NeverSent) {
  StartGateway();
  {
    StalledCaller caller(address());
    caller.Call("stalled", "");
    EXPECT_TRUE(WaitForMetric("enos_gateway_calls_in_flight 1"));
  }
  EXPECT_THAT(LineOf("stalled"), HasSubstr(" code=CANCELLED execution=NOT_EXECUTED attempts=0 "));
  EXPECT_TRUE(WaitForMetric("enos_gateway_calls_in_flight 0"));
  EXPECT_EQ(enos_.calls(), 0U);
}

}  // namespace
}  // namespace enos::gateway::testing
