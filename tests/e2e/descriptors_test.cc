// The program under a small limit of descriptors: that it uses what it may, refuses what cannot
// fit, and survives a shortage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <list>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/testing/ops_client.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using gateway::OpsGet;
using gateway::OpsReply;
using ::testing::ElementsAre;
using ::testing::StartsWith;

constexpr rlim_t kHardLimit = 256;
constexpr size_t kInFlight = 50;
constexpr size_t kWatches = 30;
// What remains of 256 for connections: less 50 for calls to EnOS, 30 for polls, and 64 for
// everything else.
constexpr size_t kConnections = 112;

// A gateway in front of an EnOS that nobody can reach, with limits of 64 and 256.
ProcessOptions UnderLimit(size_t max_in_flight) {
  ProcessOptions options =
      GatewayOptions("http://127.0.0.1:1", {"--metrics_listen=127.0.0.1:0",
                                            absl::StrCat("--max_in_flight=", max_in_flight),
                                            absl::StrCat("--max_watches=", kWatches)});
  options.arguments.insert(
      options.arguments.begin(),
      {"-c", R"(ulimit -Sn 64 && ulimit -Hn 256 && exec "$0" "$@")", options.program});
  options.program = "/bin/sh";
  return options;
}

OpsReply Livez(const GatewayProcess& gateway) {
  return OpsGet(gateway.metrics_address(), "/livez");
}

void SetSoftLimit(const GatewayProcess& gateway, rlim_t descriptors) {
  const rlimit limit{descriptors, kHardLimit};
  ASSERT_EQ(::prlimit(gateway.pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
}

// A connection to the gRPC port: served, if gRPC sends its settings.
class GrpcConnection {
 public:
  bool Open(const std::string& address) { return client_.Connect(address); }
  bool IsServed() { return client_.ReadSome(); }

 private:
  gateway::OpsClient client_;
};

// Connects until it is served; false when nothing listens any more.
bool IsServedInTheEnd(const std::string& address) {
  while (true) {
    GrpcConnection connection;
    if (!connection.Open(address)) return false;
    if (connection.IsServed()) return true;
  }
}

// Soft and hard.
std::vector<std::string> OpenFilesLimit(pid_t pid) {
  std::ifstream limits("/proc/" + std::to_string(pid) + "/limits");
  std::string line;
  while (std::getline(limits, line)) {
    std::istringstream words(line);
    std::string word;
    std::vector<std::string> all;
    while (words >> word) all.push_back(word);
    if (line.rfind("Max open files", 0) == 0) return {all.at(3), all.at(4)};
  }
  return {};
}

rlim_t HighestDescriptor(pid_t pid) {
  rlim_t highest = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
    highest = std::max<rlim_t>(highest, std::stoul(entry.path().filename().string()));
  return highest;
}

TEST(GatewayDescriptors, TheSoftLimitIsRaisedToTheHardOne) {
  GatewayProcess gateway(UnderLimit(kInFlight));
  EXPECT_THAT(OpenFilesLimit(gateway.pid()), ElementsAre("256", "256"));
  EXPECT_EQ(Livez(gateway).status, 200);
  gateway.Signal(SIGTERM);
  EXPECT_EQ(gateway.Wait().status, 0) << gateway.err();
}

TEST(GatewayDescriptors, SettingsThatCannotFitStopTheStartWithOneLine) {
  Process gateway(UnderLimit(500));
  EXPECT_EQ(gateway.Wait().status, 2);
  EXPECT_EQ(gateway.err(),
            "enos-flow-gateway: --max_in_flight (ENOS_GATEWAY_MAX_IN_FLIGHT): \"500\" needs 1094 "
            "descriptors and the process may open 256, expected at most 81, or a higher limit "
            "(ulimit -Hn)\n");
}

TEST(GatewayDescriptors, ConnectionsAreCappedAndTheGatewayStaysAlive) {
  GatewayProcess gateway(UnderLimit(kInFlight));
  std::list<GrpcConnection> connections(kConnections + 20);
  size_t served = 0;
  for (GrpcConnection& connection : connections) {
    ASSERT_TRUE(connection.Open(gateway.address()));
    if (connection.IsServed()) ++served;
  }
  EXPECT_EQ(served, kConnections);
  const OpsReply full = Livez(gateway);
  EXPECT_EQ(full.status, 200) << full.body << ": a full gateway is a busy one, not a dead one";
  connections.clear();
  EXPECT_TRUE(IsServedInTheEnd(gateway.address()));
  EXPECT_EQ(Livez(gateway).status, 200);
}

TEST(GatewayDescriptors, AShortageIsSaidByTheLivenessCheckAndDoesNotLast) {
  GatewayProcess gateway(UnderLimit(kInFlight));
  ASSERT_EQ(Livez(gateway).status, 200);
  // Nothing is free above what is in use now; between there may be a gap or two, which the check
  // may take for its own end of the connection, so that the listener cannot accept it.
  SetSoftLimit(gateway, HighestDescriptor(gateway.pid()) + 1);
  const OpsReply dry = Livez(gateway);
  SetSoftLimit(gateway, kHardLimit);
  EXPECT_EQ(dry.status, 503);
  EXPECT_THAT(dry.body,
              testing::AnyOf("no file descriptor is left to check the gRPC listener with\n",
                             StartsWith("the gRPC listener: "),
                             StartsWith("the gRPC listener does not answer")));
  EXPECT_TRUE(IsServedInTheEnd(gateway.address()));
  EXPECT_EQ(Livez(gateway).status, 200);
}

}  // namespace
}  // namespace enos::e2e
