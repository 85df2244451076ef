// Certificates for tests, made in memory: right ones, and wrong ones of every kind a client has to
// refuse.
#ifndef ENOS_SANDBOX_HTTP_TEST_CERTIFICATES_H_
#define ENOS_SANDBOX_HTTP_TEST_CERTIFICATES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace enos::sandbox {

struct TestCertificate {
  std::string certificate_pem;
  std::string private_key_pem;  // P-256, not encrypted
};

// A self-signed authority, valid from an hour ago for a day.
TestCertificate MakeTestAuthority(const std::string& common_name);

struct TestServerName {
  std::vector<std::string> dns_names = {"localhost"};
  std::vector<std::string> ip_addresses = {"127.0.0.1"};
  // Validity, counted from now; an end before now makes an expired certificate.
  absl::Duration valid_from = -absl::Hours(1);
  absl::Duration valid_until = absl::Hours(24);
};

// A server certificate signed by `authority`; what it can be used for is what its names say. Dies
// on an OpenSSL failure, which in a test cannot be handled better.
TestCertificate MakeTestServerCertificate(const TestCertificate& authority,
                                          const TestServerName& name = {});

struct TestClientName {
  std::vector<std::string> dns_names;
  std::vector<std::string> uris = {"spiffe://test/client"};
  absl::Duration valid_from = -absl::Hours(1);  // as above
  absl::Duration valid_until = absl::Hours(24);
};

// A client certificate, likewise.
TestCertificate MakeTestClientCertificate(const TestCertificate& authority,
                                          const TestClientName& name = {});

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_HTTP_TEST_CERTIFICATES_H_
