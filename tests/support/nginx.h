#ifndef ENOS_TESTS_SUPPORT_NGINX_H_
#define ENOS_TESTS_SUPPORT_NGINX_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/http/test_certificates.h"
#include "tests/support/files.h"
#include "tests/support/process.h"

namespace enos {

// False: nginx is not installed, and a test that needs it has to be skipped.
bool NginxIsInstalled();

// An nginx in front of gateways, with a configuration that the project ships: only its own port,
// and what `changes` says, are other ones. It speaks TLS with a certificate for "localhost", from
// the files tls.crt and tls.key in its folder, where ca.crt is the authority, too.
class NginxProcess {
 public:
  using Changes = std::vector<std::pair<std::string, std::string>>;  // text in the file, new text

  // The configuration is a path in the repository. The test fails where nginx does not come up.
  NginxProcess(const std::string& configuration, const Changes& changes);
  ~NginxProcess();
  NginxProcess(const NginxProcess&) = delete;
  NginxProcess& operator=(const NginxProcess&) = delete;

  // "localhost:<port>"; empty where it did not come up.
  const std::string& address() const { return address_; }
  // Signs its certificate, and callers'.
  const sandbox::TestCertificate& authority() const { return authority_; }
  // PEM, and a file with it.
  const std::string& ca_pem() const { return authority_.certificate_pem; }
  std::string ca_file() const { return folder_.path("ca.crt"); }
  pid_t pid() const { return process_ ? process_->pid() : -1; }
  // The most memory that it and its workers ever had, together.
  long peak_rss_kb() const;
  void Signal(int signal) { process_->Signal(signal); }
  ProcessEnd Wait() { return process_->Wait(); }
  // False: it does not say this.
  bool WaitForLine(const std::string& text) { return process_->WaitForLine(text).has_value(); }
  std::string output() const { return process_ ? process_->all_output() : ""; }

 private:
  bool Start(const std::string& configuration);

  sandbox::TestCertificate authority_;
  TempFolder folder_;
  std::unique_ptr<Process> process_;
  std::string address_;
};

}  // namespace enos

#endif  // ENOS_TESTS_SUPPORT_NGINX_H_
