#ifndef ENOS_TESTS_WIRE_SUPPORT_CERTIFICATES_H_
#define ENOS_TESTS_WIRE_SUPPORT_CERTIFICATES_H_

#include <string>

#include "sandbox/http/http_server.h"
#include "sandbox/http/test_certificates.h"

namespace enos::gateway::testing {

// One certificate authority for all tests of a process, and its certificate in a temporary file.
class TestAuthority {
 public:
  static const TestAuthority& Instance();

  const std::string& ca_file() const { return ca_file_; }

  // Options of a TLS server with a certificate of this authority; by default one that fits.
  sandbox::HttpServerOptions ServerOptions(const sandbox::TestServerName& name = {}) const;
  // The same for this host name, and for no address.
  sandbox::HttpServerOptions ServerOptionsFor(const std::string& host) const;

 private:
  TestAuthority();
  ~TestAuthority();

  sandbox::TestCertificate authority_;
  std::string ca_file_;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_CERTIFICATES_H_
