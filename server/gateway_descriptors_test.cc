// The program under a small limit of descriptors: that it uses what it may, refuses what cannot
// fit, and survives a shortage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <list>
#include <sstream>
#include <string>
#include <vector>

#include "server/testing/ops_client.h"

namespace enos::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

constexpr rlimit kSmall{64, 256};
constexpr size_t kInFlight = 50;
// What remains of 256 for connections: less 50 for calls to EnOS, less 64 for everything else.
constexpr size_t kConnections = 142;

// What stands behind `name`, up to the next space or line.
std::string FieldIn(const std::string& text, const std::string& name) {
  const size_t at = text.find(name) + name.size();
  return text.substr(at, text.find_first_of(" \n", at) - at);
}

// The program, with keys and an EnOS that nobody can reach; its standard error is read from a pipe.
class GatewayProcess {
 public:
  explicit GatewayProcess(size_t max_in_flight) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    pid_ = ::fork();
    if (pid_ == 0) Become(ends[1], "--max_in_flight=" + std::to_string(max_in_flight));
    ::close(ends[1]);
    log_ = ends[0];
  }
  ~GatewayProcess() {
    if (pid_ > 0) End(SIGKILL);
    ::close(log_);
  }
  GatewayProcess(const GatewayProcess&) = delete;
  GatewayProcess& operator=(const GatewayProcess&) = delete;

  pid_t pid() const { return pid_; }
  const std::string& text() const { return text_; }

  // Waits for the line that says where it listens.
  void WaitForStart() {
    while (text_.find("listening") == std::string::npos || text_.back() != '\n') {
      ASSERT_TRUE(ReadSome()) << text_;
    }
    address_ = FieldIn(text_, " address=");
    metrics_ = FieldIn(text_, " metrics_address=");
  }
  const std::string& address() const { return address_; }
  OpsReply Livez() const { return OpsGet(metrics_, "/livez"); }

  void SetSoftLimit(rlim_t descriptors) const {
    const rlimit limit{descriptors, kSmall.rlim_max};
    ASSERT_EQ(::prlimit(pid_, RLIMIT_NOFILE, &limit, nullptr), 0);
  }

  // Its exit status once it has ended by itself, or by the signal, which makes it -1.
  int End(int signal = 0) {
    if (signal != 0) ::kill(pid_, signal);
    while (ReadSome()) {
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  [[noreturn]] static void Become(int log, std::string max_in_flight) {
    ::dup2(log, STDERR_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);  // what this process was given is not the program's
    ::setrlimit(RLIMIT_NOFILE, &kSmall);
    std::vector<std::string> words{ENOS_GATEWAY_PROGRAM,
                                   "--listen=127.0.0.1:0",
                                   "--metrics_listen=127.0.0.1:0",
                                   "--enos_url=http://127.0.0.1:1",
                                   "--drain_delay=0",
                                   std::move(max_in_flight)};
    std::vector<std::string> settings{"ENOS_ACCESS_KEY=access", "ENOS_SECRET_KEY=secret"};
    for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
      const char* value = std::getenv(name);
      if (value != nullptr) settings.push_back(std::string(name) + "=" + value);
    }
    ::execve(ENOS_GATEWAY_PROGRAM, Pointers(words).data(), Pointers(settings).data());
    ::_exit(127);
  }

  static std::vector<char*> Pointers(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
  }

  bool ReadSome() {
    std::array<char, 4096> bytes{};
    const ssize_t size = ::read(log_, bytes.data(), bytes.size());
    if (size > 0) text_.append(bytes.data(), static_cast<size_t>(size));
    return size > 0;
  }

  pid_t pid_ = -1;
  int log_ = -1;
  std::string text_;
  std::string address_;
  std::string metrics_;
};

// A connection to the gRPC port: served, if gRPC sends its settings.
class GrpcConnection {
 public:
  bool Open(const std::string& address) { return client_.Connect(address); }
  bool IsServed() { return client_.ReadSome(); }

 private:
  OpsClient client_;
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
  GatewayProcess gateway(kInFlight);
  ASSERT_NO_FATAL_FAILURE(gateway.WaitForStart());
  EXPECT_THAT(OpenFilesLimit(gateway.pid()), ElementsAre("256", "256"));
  EXPECT_EQ(gateway.Livez().status, 200);
  EXPECT_EQ(gateway.End(SIGTERM), 0) << gateway.text();
}

TEST(GatewayDescriptors, SettingsThatCannotFitStopTheStartWithOneLine) {
  GatewayProcess gateway(500);
  EXPECT_EQ(gateway.End(), 2);
  EXPECT_EQ(gateway.text(),
            "enos-flow-gateway: --max_in_flight (ENOS_GATEWAY_MAX_IN_FLIGHT): \"500\" needs 1064 "
            "descriptors and the process may open 256, expected at most 96, or a higher limit "
            "(ulimit -Hn)\n");
}

TEST(GatewayDescriptors, ConnectionsAreCappedAndTheGatewayStaysAlive) {
  GatewayProcess gateway(kInFlight);
  ASSERT_NO_FATAL_FAILURE(gateway.WaitForStart());
  std::list<GrpcConnection> connections(kConnections + 20);
  size_t served = 0;
  for (GrpcConnection& connection : connections) {
    ASSERT_TRUE(connection.Open(gateway.address()));
    if (connection.IsServed()) ++served;
  }
  EXPECT_EQ(served, kConnections);
  const OpsReply full = gateway.Livez();
  EXPECT_EQ(full.status, 200) << full.body << ": a full gateway is a busy one, not a dead one";
  connections.clear();
  EXPECT_TRUE(IsServedInTheEnd(gateway.address()));
  EXPECT_EQ(gateway.Livez().status, 200);
}

TEST(GatewayDescriptors, AShortageIsSaidByTheLivenessCheckAndDoesNotLast) {
  GatewayProcess gateway(kInFlight);
  ASSERT_NO_FATAL_FAILURE(gateway.WaitForStart());
  ASSERT_EQ(gateway.Livez().status, 200);
  // Nothing is free above what is in use now; between there may be a gap or two, which the check
  // may take for its own end of the connection, so that the listener cannot accept it.
  gateway.SetSoftLimit(HighestDescriptor(gateway.pid()) + 1);
  const OpsReply dry = gateway.Livez();
  gateway.SetSoftLimit(kSmall.rlim_max);
  EXPECT_EQ(dry.status, 503);
  EXPECT_THAT(dry.body,
              testing::AnyOf("no file descriptor is left to check the gRPC listener with\n",
                             StartsWith("the gRPC listener: "),
                             StartsWith("the gRPC listener does not answer")));
  EXPECT_TRUE(IsServedInTheEnd(gateway.address()));
  EXPECT_EQ(gateway.Livez().status, 200);
}

}  // namespace
}  // namespace enos::gateway
