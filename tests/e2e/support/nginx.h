#ifndef ENOS_TESTS_E2E_SUPPORT_NGINX_H_
#define ENOS_TESTS_E2E_SUPPORT_NGINX_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/http/test_certificates.h"
#include "tests/e2e/support/process.h"

namespace enos::e2e {

// False: nginx is not installed, and a test that needs it has to be skipped.
bool NginxIsInstalled();

// An nginx in front of gateways, with the configuration that deploy/nginx ships: only addresses,
// and what `changes` says, are other ones. It speaks TLS with a certificate for "localhost".
class NginxProcess {
 public:
  using Changes = std::vector<std::pair<std::string, std::string>>;  // text in the file, new text

  // Of two gateways, host:port. The test fails where nginx does not come up.
  NginxProcess(const std::string& first, const std::string& second, const Changes& changes = {});
  ~NginxProcess();
  NginxProcess(const NginxProcess&) = delete;
  NginxProcess& operator=(const NginxProcess&) = delete;

  // "localhost:<port>"; empty where it did not come up.
  const std::string& address() const { return address_; }
  // PEM, and a file with it.
  const std::string& ca_pem() const { return authority_.certificate_pem; }
  std::string ca_file() const { return folder_ + "/ca.crt"; }
  std::string output() const { return process_ ? process_->all_output() : ""; }

 private:
  bool Start(const std::string& configuration);

  sandbox::TestCertificate authority_;
  std::string folder_;
  std::unique_ptr<Process> process_;
  std::string address_;
};

}  // namespace enos::e2e

#endif  // ENOS_TESTS_E2E_SUPPORT_NGINX_H_
