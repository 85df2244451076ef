#ifndef ENOS_TESTS_WIRE_SUPPORT_GATEWAY_RUNNER_H_
#define ENOS_TESTS_WIRE_SUPPORT_GATEWAY_RUNNER_H_

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>

#include "server/gateway.h"
#include "tests/wire/support/rpc.h"

namespace enos::gateway::testing {

// Settings of a gateway on a free port of 127.0.0.1, in front of that EnOS.
Settings SettingsFor(const std::string& enos_url);

// The same with so many slots for calls.
Settings SettingsWithSlots(const std::string& enos_url, int64_t slots);

// The whole gateway in this process, started. Its back-off waits are the shortest.
class GatewayRunner {
 public:
  explicit GatewayRunner(Settings settings);
  explicit GatewayRunner(const std::string& enos_url) : GatewayRunner(SettingsFor(enos_url)) {}

  Gateway& gateway() { return gateway_; }
  // Connected to it.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // Calls it, and waits for the outcome.
  RpcOutcome Call(const RpcOptions& options = {}) const { return CallRpc(channel_, options); }

 private:
  Gateway gateway_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_GATEWAY_RUNNER_H_
