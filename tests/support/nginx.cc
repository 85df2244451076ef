#include "tests/support/nginx.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/support/free_port.h"

namespace enos {
namespace {

constexpr char kProgram[] = "/usr/sbin/nginx";
constexpr int kTries = 20;

std::string Replaced(const std::string& text, const std::string& from, const std::string& to) {
  EXPECT_TRUE(absl::StrContains(text, from)) << "the configuration has no " << from;
  return absl::StrReplaceAll(text, {{from, to}});
}

}  // namespace

bool NginxIsInstalled() { return access(kProgram, X_OK) == 0; }

NginxProcess::NginxProcess(const std::string& configuration, const Changes& changes)
    : authority_(sandbox::MakeTestAuthority("A test's authority")) {
  const sandbox::TestCertificate certificate = sandbox::MakeTestServerCertificate(authority_);
  folder_.Write("tls.crt", certificate.certificate_pem);
  folder_.Write("tls.key", certificate.private_key_pem);
  folder_.Write("ca.crt", authority_.certificate_pem);

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
  if (!process_) return;
  process_->Signal(SIGTERM);
  process_->Wait();
}

long NginxProcess::peak_rss_kb() const {
  std::ifstream workers(absl::StrCat("/proc/", pid(), "/task/", pid(), "/children"));
  long sum = process_->peak_rss_kb();
  for (pid_t worker = 0; workers >> worker;) sum += StatusNumber(worker, "VmHWM");
  return sum;
}

bool NginxProcess::Start(const std::string& configuration) {
  const std::string file = folder_.Write("nginx.conf", configuration);
  process_ = std::make_unique<Process>(
      ProcessOptions{kProgram, {"-p", folder_.path() + "/", "-c", file, "-e", "stderr"}, {}});
  return process_->WaitForLine("start worker process ").has_value();
}

}  // namespace enos
