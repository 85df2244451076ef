#include "tests/support/postgres.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/support/free_port.h"

namespace enos {
namespace {

constexpr char kUser[] = "nobody";  // root's server
constexpr int kTries = 20;

// The newest that Debian's packages have installed, which stand beside one another; empty: none.
std::string FindPrograms() {
  std::string found;
  int newest = 0;
  std::error_code none;
  for (const auto& folder : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
    int version = 0;
    if (!absl::SimpleAtoi(folder.path().filename().string(), &version) || version < newest)
      continue;
    const std::string programs = folder.path().string() + "/bin/";
    if (access((programs + "postgres").c_str(), X_OK) != 0) continue;
    newest = version;
    found = programs;
  }
  return found;
}

// The process, and the children that it has just now.
std::vector<pid_t> WithChildren(pid_t pid) {
  std::vector<pid_t> all = {pid};
  std::ifstream children(absl::StrCat("/proc/", pid, "/task/", pid, "/children"));
  for (pid_t child = 0; children >> child;) all.push_back(child);
  return all;
}

}  // namespace

bool PostgresIsInstalled() { return !FindPrograms().empty(); }

PostgresServer::PostgresServer(const std::vector<std::string>& settings,
                               const sandbox::TestCertificate& certificate)
    : data_(folder_.path("data")) {
  MakeCluster(settings);
  if (!certificate.certificate_pem.empty()) UseCertificate(certificate);
  for (int i = 0; i < kTries; ++i) {
    port_ = RecentlyFreePort();
    if (StartOnce()) return;
    if (!absl::StrContains(process_->all_output(), "Address already in use")) break;
  }
  ADD_FAILURE() << "postgres does not come up: " << process_->all_output();
}

PostgresServer::~PostgresServer() {
  if (process_ && !process_->ended()) {
    Resume();
    Stop();
  }
}

std::string PostgresServer::UrlAt(int port) const {
  return absl::StrCat("postgresql://gateway:", kRawPassword, "@127.0.0.1:", port, "/postgres");
}

void PostgresServer::MakeCluster(const std::vector<std::string>& settings) {
  if (const passwd* user = geteuid() == 0 ? getpwnam(kUser) : nullptr) {
    EXPECT_EQ(chown(folder_.path().c_str(), user->pw_uid, user->pw_gid), 0);
  }
  const std::string password = folder_.Write("password", kPassword);
  Process initdb(AsServer(
      "initdb", {"--pgdata=" + data_, "--username=gateway", "--encoding=UTF8", "--locale=C",
                 "--auth=scram-sha-256", "--pwfile=" + password, "--no-sync"}));
  EXPECT_EQ(initdb.Wait().status, 0) << initdb.all_output();
  std::ofstream conf(data_ + "/postgresql.conf", std::ios::app);
  conf << "unix_socket_directories = ''\nshared_buffers = 32MB\nmax_connections = 50\n"
          "logging_collector = off\n";
  for (const std::string& setting : settings) conf << setting << "\n";
}

void PostgresServer::UseCertificate(const sandbox::TestCertificate& certificate) {
  WriteFile(data_ + "/server.crt", certificate.certificate_pem);
  const std::string key = data_ + "/server.key";
  WriteFile(key, certificate.private_key_pem);
  // It refuses one that others could read.
  std::filesystem::permissions(key, std::filesystem::perms::owner_read);
  if (const passwd* user = geteuid() == 0 ? getpwnam(kUser) : nullptr) {
    EXPECT_EQ(chown(key.c_str(), user->pw_uid, user->pw_gid), 0);
  }
  std::ofstream(data_ + "/postgresql.conf", std::ios::app) << "ssl = on\n";
}

void PostgresServer::Start() {
  EXPECT_TRUE(StartOnce()) << "postgres does not come up: " << process_->all_output();
}

void PostgresServer::StartAsStandby() {
  WriteFile(data_ + "/standby.signal", "");
  Start();
}

bool PostgresServer::StartOnce() {
  process_ = std::make_unique<Process>(
      AsServer("postgres", {"-D", data_, "-h", "127.0.0.1", "-p", absl::StrCat(port_)}));
  return process_->WaitForLine("database system is ready to accept ").has_value();
}

void PostgresServer::Stop() {
  process_->Signal(SIGINT);  // "fast"
  process_->Wait();
}

void PostgresServer::Kill() {
  SignalAll(SIGKILL);
  process_->Wait();
  std::error_code ignored;
  std::filesystem::remove(data_ + "/postmaster.pid", ignored);
}

void PostgresServer::SignalAll(int signal) {
  // The first one first: it would start others in the place of those that end.
  for (const pid_t pid : WithChildren(process_->pid())) kill(pid, signal);
}

ProcessOptions PostgresServer::AsServer(const std::string& program,
                                        std::vector<std::string> arguments) const {
  ProcessOptions options{FindPrograms() + program, std::move(arguments), {{"LC_ALL", "C"}}};
  if (geteuid() != 0) return options;
  arguments = {"--reuid", kUser, "--regid", "nogroup", "--clear-groups", options.program};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  options.program = "/usr/bin/setpriv";
  options.arguments = std::move(arguments);
  return options;
}

}  // namespace enos
