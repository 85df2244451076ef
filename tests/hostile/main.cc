// The program behind tests/hostile.sh. Exit status: 0 the gateway's memory stayed below its limit
// and was freed, and every polite call was served; 1 otherwise; 2 it could not run.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sandbox/http/test_certificates.h"
#include "sandbox/sandbox_server.h"
#include "tests/hostile/kinds.h"
#include "tests/hostile/options.h"
#include "tests/hostile/polite.h"
#include "tests/support/files.h"
#include "tests/support/nginx.h"
#include "tests/support/programs.h"

namespace enos::hostile {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Before a closed connection is replaced.
constexpr milliseconds kAgain{20};
// With a gateway that sends, or takes, nothing.
constexpr std::chrono::seconds kPatience{2};
constexpr std::chrono::seconds kToComeBack{20};
// Above the initial figure: an allocator keeps some memory, and so do caches.
constexpr int64_t kKeptMib = 96;

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
std::unique_ptr<NginxProcess> StartFront(const Options& options) {
  return std::make_unique<NginxProcess>(
      "deploy/kubernetes/components/front/nginx.conf",
      NginxProcess::Changes{{"unix:/run/enos-front/gateway.sock",
                             absl::StrCat("\"unix:", FrontSocket(options), "\"")},
                            {"/run/secrets/tls/", ""},
                            {"error_log stderr error", "error_log stderr notice"}});
}

class HostileCallers {
 public:
  HostileCallers(const Options& options, const std::string& address) {
    for (const Kind& kind : Kinds()) {
      const auto& wanted = options.kinds;
      if (std::find(wanted.begin(), wanted.end(), kind.name) == wanted.end()) continue;
      for (int i = 0; i < options.connections; ++i)
        threads_.emplace_back(
            [this, &kind, address, tls = options.tls] { Run(kind, address, tls); });
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
  void Run(const Kind& kind, const std::string& address, bool tls) {
    // Elsewhere they have their own processors; here they get what the gateway leaves.
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 19);
    while (!ending_) {
      RawHttp2Options connects;
      connects.tls = tls;
      connects.patience = kPatience;
      connects.other_address = true;
      RawHttp2 connection(address, connects);
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
int64_t MemoryAfter(const Process& gateway, int64_t before) {
  const auto end = Clock::now() + kToComeBack;
  int64_t now = gateway.rss_kb() / 1024;
  while (now > before + kKeptMib / 2 && Clock::now() < end) {
    std::this_thread::sleep_for(milliseconds(200));
    now = gateway.rss_kb() / 1024;
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
  flags.insert(flags.end(),
               {"--upstream_timeout=3s", "--drain_timeout=10s", "--connect_timeout=1s"});
  flags.push_back(absl::StrCat("--max_memory=", options.max_memory));
  flags.emplace_back("--max_in_flight=1000");
  if (options.front) flags.push_back("--front_socket=" + FrontSocket(options));
  ProcessOptions process = GatewayOptions(enos.url(), std::move(flags));
  process.program = options.gateway;
  process.log = options.directory + "/gateway.log";
  GatewayProcess gateway(std::move(process));
  flow::ChannelOptions channel;
  channel.address = gateway.address();
  if (channel.address.empty()) return 2;
  if (options.tls) channel.ca_file = ca_file;
  std::unique_ptr<NginxProcess> front;
  if (options.front) {
    front = StartFront(options);
    channel.address = front->address();
    channel.ca_file = front->ca_file();
    if (channel.address.empty()) return 2;
  }

  PoliteCallers polite(channel, options.callers);
  std::this_thread::sleep_for(milliseconds(1000));
  const int64_t before = gateway.rss_kb() / 1024;
  HostileCallers hostile(options, channel.address);
  std::this_thread::sleep_for(options.seconds);
  hostile.Stop();
  const int64_t after = MemoryAfter(gateway, before);
  polite.Stop();
  const int64_t peak = gateway.peak_rss_kb() / 1024;
  if (front) std::printf("     nginx: %ld MiB at its peak\n", front->peak_rss_kb() / 1024);
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
  return enos::hostile::Run(options);
}
