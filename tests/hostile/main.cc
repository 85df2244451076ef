// The program behind tests/hostile.sh. Exit status: 0 the gateway's memory stayed below its limit
// and was freed, and every polite call was served; 1 otherwise; 2 it could not run.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sandbox/http/test_certificates.h"
#include "sandbox/sandbox_server.h"
#include "tests/e2e/support/nginx.h"
#include "tests/hostile/kinds.h"
#include "tests/hostile/options.h"
#include "tests/hostile/polite.h"
#include "tests/soak/gateway_process.h"

namespace enos::hostile {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Before a closed connection is replaced.
constexpr milliseconds kAgain{20};
constexpr std::chrono::seconds kToComeBack{20};
// Above the initial figure: an allocator keeps some memory, and so do caches.
constexpr int64_t kKeptMib = 96;

// A figure of /proc/PID/status in MiB; 0 if the process is gone.
int64_t MemoryMib(pid_t pid, const std::string& name) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  for (std::string word; status >> word;) {
    int64_t kib = 0;
    if (word == name && status >> kib) return kib / 1024;
  }
  return 0;
}

void WriteFile(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

// The files of a server certificate, and the flags that name them.
std::vector<std::string> TlsFlags(const Options& options, const std::string& ca_file) {
  if (!options.tls || options.front) return {};
  const auto authority = sandbox::MakeTestAuthority("hostile");
  const auto server = sandbox::MakeTestServerCertificate(authority);
  WriteFile(ca_file, authority.certificate_pem);
  WriteFile(options.directory + "/server.pem", server.certificate_pem);
  WriteFile(options.directory + "/server.key", server.private_key_pem);
  return {"--tls_cert_file=" + options.directory + "/server.pem",
          "--tls_key_file=" + options.directory + "/server.key"};
}

std::string FrontSocket(const Options& options) {
  return (std::filesystem::absolute(options.directory) / "gateway.sock").string();
}

// The front as shipped, except for its paths.
std::unique_ptr<e2e::NginxProcess> StartFront(const Options& options) {
  return std::make_unique<e2e::NginxProcess>(
      "deploy/kubernetes/components/front/nginx.conf",
      e2e::NginxProcess::Changes{{"unix:/run/enos-front/gateway.sock",
                                  absl::StrCat("\"unix:", FrontSocket(options), "\"")},
                                 {"/run/secrets/tls/", ""},
                                 {"error_log stderr error", "error_log stderr notice"}});
}

// The maximum that nginx's processes have used together.
int64_t FrontPeakMib(pid_t master) {
  int64_t peak = MemoryMib(master, "VmHWM:");
  std::ifstream children(absl::StrCat("/proc/", master, "/task/", master, "/children"));
  for (pid_t worker = 0; children >> worker;) peak += MemoryMib(worker, "VmHWM:");
  return peak;
}

class HostileCallers {
 public:
  HostileCallers(const Options& options, uint16_t port) {
    for (const Kind& kind : Kinds()) {
      const auto& wanted = options.kinds;
      if (std::find(wanted.begin(), wanted.end(), kind.name) == wanted.end()) continue;
      for (int i = 0; i < options.connections; ++i)
        threads_.emplace_back([this, &kind, port, tls = options.tls] { Run(kind, port, tls); });
    }
  }
  ~HostileCallers() { Stop(); }
  HostileCallers(const HostileCallers&) = delete;
  HostileCallers& operator=(const HostileCallers&) = delete;

  void Stop() {
    ending_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  int made() const { return made_; }

 private:
  void Run(const Kind& kind, uint16_t port, bool tls) {
    // Elsewhere they have their own processors; here they get what the gateway leaves.
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 19);
    while (!ending_) {
      Connection connection(port, tls);
      ++made_;
      if (connection.SendPreface()) kind.attack(connection, [this] { return !ending_.load(); });
      std::this_thread::sleep_for(kAgain);
    }
  }

  std::atomic<bool> ending_{false};
  std::atomic<int> made_{0};
  std::vector<std::thread> threads_;
};

// Waits until memory is back to about what it was.
int64_t MemoryAfter(pid_t pid, int64_t before) {
  const auto end = Clock::now() + kToComeBack;
  int64_t now = MemoryMib(pid, "VmRSS:");
  while (now > before + kKeptMib / 2 && Clock::now() < end) {
    std::this_thread::sleep_for(milliseconds(200));
    now = MemoryMib(pid, "VmRSS:");
  }
  return now;
}

int Judge(const Options& options, PoliteCallers& polite, int64_t before, int64_t peak,
          int64_t after, int made) {
  int failed = 0;
  for (const auto& [told, number] : polite.failures()) failed += number;
  std::string what = options.kinds.size() == Kinds().size() ? "all" : "";
  if (what.empty()) {
    for (const std::string& kind : options.kinds)
      absl::StrAppend(&what, what.empty() ? "" : "+", kind);
  }
  const bool is_good = failed == 0 && polite.served() > 0 && peak > 0 && peak < options.peak &&
                       after < before + kKeptMib;
  std::printf(
      "%s %-16s %s: memory %ld MiB before, %ld peak, %ld after; polite calls %zu served, %d not, "
      "p99 %ld ms; %d hostile connections\n",
      is_good ? "ok  " : "FAIL", what.c_str(),
      options.front ? "behind nginx"
      : options.tls ? "TLS"
                    : "plaintext",
      before, peak, after, polite.served(), failed, polite.Percentile99().count(), made);
  for (const auto& [told, number] : polite.failures())
    std::printf("     %d times: %s\n", number, told.c_str());
  std::fflush(stdout);
  return is_good ? 0 : 1;
}

int Run(const Options& options) {
  sandbox::SandboxOptions upstream;
  sandbox::SandboxServer enos(std::move(upstream));
  if (!enos.Start().ok()) return 2;
  const std::string ca_file = options.directory + "/ca.pem";
  std::vector<std::string> flags = TlsFlags(options, ca_file);
  flags.push_back(absl::StrCat("--max_memory=", options.max_memory));
  flags.emplace_back("--max_in_flight=1000");
  if (options.front) flags.push_back("--front_socket=" + FrontSocket(options));
  soak::GatewayProcess gateway(options.gateway, enos.url(), options.directory + "/gateway.log",
                               flags);
  flow::ChannelOptions channel;
  channel.address = gateway.WaitForAddress();
  if (channel.address.empty()) return 2;
  if (options.tls) channel.ca_file = ca_file;
  std::unique_ptr<e2e::NginxProcess> front;
  if (options.front) {
    front = StartFront(options);
    channel.address = front->address();
    channel.ca_file = front->ca_file();
    if (channel.address.empty()) return 2;
  }
  const auto port =
      static_cast<uint16_t>(std::stoi(channel.address.substr(channel.address.rfind(':') + 1)));

  PoliteCallers polite(channel, options.callers);
  std::this_thread::sleep_for(milliseconds(1000));
  const int64_t before = MemoryMib(gateway.pid(), "VmRSS:");
  HostileCallers hostile(options, port);
  std::this_thread::sleep_for(options.seconds);
  hostile.Stop();
  const int64_t after = MemoryAfter(gateway.pid(), before);
  polite.Stop();
  const int64_t peak = gateway.HasEnded() ? 0 : MemoryMib(gateway.pid(), "VmHWM:");
  if (front) std::printf("     nginx: %ld MiB at its peak\n", FrontPeakMib(front->pid()));
  return Judge(options, polite, before, peak, after, hostile.made());
}

}  // namespace
}  // namespace enos::hostile

int main(int argc, char** argv) {
  const enos::hostile::Options options = enos::hostile::ReadOptions(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  // For the gateway; the sandbox's defaults.
  setenv("ENOS_ACCESS_KEY", "sandbox-key", 1);
  setenv("ENOS_SECRET_KEY", "sandbox-secret", 1);
  return enos::hostile::Run(options);
}
