#include "tests/wire/support/gateway_runner.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/wire/support/environment.h"

namespace enos::gateway::testing {

Settings SettingsFor(const std::string& enos_url) {
  PrepareProcess();
  Settings settings;
  settings.listen = {"127.0.0.1", 0};
  settings.metrics_listen.reset();
  settings.enos_url = ParseBaseUrl(enos_url).value();
  settings.access_key = Secret("access-key-of-wire-test");
  settings.secret_key = Secret("secret-key-of-wire-test");
  settings.max_in_flight = 1000;
  return settings;
}

Settings SettingsWithSlots(const std::string& enos_url, int64_t slots) {
  Settings settings = SettingsFor(enos_url);
  settings.max_in_flight = slots;
  return settings;
}

GatewayRunner::GatewayRunner(Settings settings)
    : gateway_(std::move(settings), [] { return 0.0; }) {
  const absl::Status started = gateway_.Start();
  EXPECT_TRUE(started.ok()) << started;
  channel_ = NewChannel(gateway_.address());
}

}  // namespace enos::gateway::testing
