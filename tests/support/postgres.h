#ifndef ENOS_TESTS_SUPPORT_POSTGRES_H_
#define ENOS_TESTS_SUPPORT_POSTGRES_H_

#include <memory>
#include <string>
#include <vector>

#include "sandbox/http/test_certificates.h"
#include "tests/support/files.h"
#include "tests/support/process.h"

namespace enos {

// False: it is not installed, and a test that needs it has to be skipped.
bool PostgresIsInstalled();

// A PostgreSQL server of its own, with an empty database, at a free port of 127.0.0.1. Started as
// the user "nobody" by root, whom it refuses.
class PostgresServer {
 public:
  // `settings`: lines for postgresql.conf; with a certificate it offers TLS. The test fails where
  // it does not come up.
  explicit PostgresServer(const std::vector<std::string>& settings = {},
                          const sandbox::TestCertificate& certificate = {});
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  static constexpr char kPassword[] = "p@ss/word%7";
  static constexpr char kRawPassword[] = "p%40ss%2Fword%257";

  // postgresql://...; the password is in it.
  std::string url() const { return UrlAt(port_); }
  // The same, by way of another port of 127.0.0.1: a proxy's.
  std::string UrlAt(int port) const;
  int port() const { return port_; }

  // Again, after Stop or Kill; on the same port.
  void Start();
  // Likewise, as the standby of nobody: it can be read and never becomes a primary.
  void StartAsStandby();
  void Stop();  // cuts all connections
  void Kill();  // SIGKILL to all of its processes, as in a crash
  // All of its processes.
  void Pause() { SignalAll(SIGSTOP); }
  void Resume() { SignalAll(SIGCONT); }

 private:
  void MakeCluster(const std::vector<std::string>& settings);
  void UseCertificate(const sandbox::TestCertificate& certificate);
  bool StartOnce();
  void SignalAll(int signal);
  ProcessOptions AsServer(const std::string& program, std::vector<std::string> arguments) const;

  TempFolder folder_;
  std::string data_;
  std::unique_ptr<Process> process_;
  int port_ = 0;
};

}  // namespace enos

#endif  // ENOS_TESTS_SUPPORT_POSTGRES_H_
