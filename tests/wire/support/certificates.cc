#include "tests/wire/support/certificates.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

namespace enos::gateway::testing {

const TestAuthority& TestAuthority::Instance() {
  static const TestAuthority authority;
  return authority;
}

TestAuthority::TestAuthority()
    : authority_(sandbox::MakeTestAuthority("enos test authority")),
      ca_file_(::testing::TempDir() + "enos_wire_ca_XXXXXX") {
  const std::string& pem = authority_.certificate_pem;
  const int fd = mkstemp(ca_file_.data());
  EXPECT_EQ(write(fd, pem.data(), pem.size()), static_cast<ssize_t>(pem.size())) << ca_file_;
  close(fd);
}

TestAuthority::~TestAuthority() { unlink(ca_file_.c_str()); }

sandbox::HttpServerOptions TestAuthority::ServerOptions(const sandbox::TestServerName& name) const {
  const auto certificate = sandbox::MakeTestServerCertificate(authority_, name);
  sandbox::HttpServerOptions options;
  options.tls = sandbox::TlsOptions{certificate.certificate_pem, certificate.private_key_pem};
  return options;
}

sandbox::HttpServerOptions TestAuthority::ServerOptionsFor(const std::string& host) const {
  sandbox::TestServerName name;
  name.dns_names = {host};
  name.ip_addresses.clear();
  return ServerOptions(name);
}

}  // namespace enos::gateway::testing
