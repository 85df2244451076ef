#include "tests/e2e/support/nginx.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace enos::e2e {
namespace {

namespace fs = std::filesystem;

constexpr char kProgram[] = "/usr/sbin/nginx";
constexpr int kTries = 20;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteFile(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

// A port that was free a moment ago: nginx cannot be asked to take one and to say which.
int RecentlyFreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound = bind(fd, generic, size) == 0 && getsockname(fd, generic, &size) == 0;
  close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

long PeakRssKb(pid_t pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  long kb = 0;
  for (std::string word; status >> word;) {
    if (word == "VmHWM:" && status >> kb) return kb;
  }
  return 0;
}

std::string Replaced(const std::string& text, const std::string& from, const std::string& to) {
  EXPECT_TRUE(absl::StrContains(text, from)) << "the configuration has no " << from;
  return absl::StrReplaceAll(text, {{from, to}});
}

}  // namespace

bool NginxIsInstalled() { return access(kProgram, X_OK) == 0; }

NginxProcess::NginxProcess(const std::string& configuration, const Changes& changes)
    : authority_(sandbox::MakeTestAuthority("A test's authority")) {
  std::string name = (fs::temp_directory_path() / "enos-nginx.XXXXXX").string();
  folder_ = mkdtemp(name.data()) == nullptr ? "" : name;
  const sandbox::TestCertificate certificate = sandbox::MakeTestServerCertificate(authority_);
  WriteFile(folder_ + "/tls.crt", certificate.certificate_pem);
  WriteFile(folder_ + "/tls.key", certificate.private_key_pem);
  WriteFile(ca_file(), authority_.certificate_pem);

  std::string text = ReadFile(ENOS_SOURCE_DIR "/" + configuration);
  // A worker of root's nginx would be nobody, who cannot write into this folder.
  if (geteuid() == 0) text = "user root;\n" + text;
  for (const auto& [from, to] : changes) text = Replaced(text, from, to);

  for (int i = 0; i < kTries && address_.empty(); ++i) {
    const int port = RecentlyFreePort();
    if (Start(Replaced(text, "listen 8443", absl::StrCat("listen 127.0.0.1:", port)))) {
      address_ = absl::StrCat("localhost:", port);
    } else if (!absl::StrContains(output(), "Address already in use")) {
      break;
    }
  }
  EXPECT_FALSE(address_.empty()) << "nginx does not come up: " << output();
}

NginxProcess::~NginxProcess() {
  if (process_) {
    process_->Signal(SIGTERM);
    process_->Wait();
  }
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

long NginxProcess::workers_peak_rss_kb() const {
  std::ifstream workers(absl::StrCat("/proc/", pid(), "/task/", pid(), "/children"));
  long sum = 0;
  for (pid_t worker = 0; workers >> worker;) sum += PeakRssKb(worker);
  return sum;
}

bool NginxProcess::Start(const std::string& configuration) {
  WriteFile(folder_ + "/nginx.conf", configuration);
  process_ = std::make_unique<Process>(ProcessOptions{
      kProgram, {"-p", folder_ + "/", "-c", folder_ + "/nginx.conf", "-e", "stderr"}, {}});
  return process_->WaitForLine("start worker process ").has_value();
}

}  // namespace enos::e2e
