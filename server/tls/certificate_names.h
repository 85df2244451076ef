#ifndef ENOS_SERVER_TLS_CERTIFICATE_NAMES_H_
#define ENOS_SERVER_TLS_CERTIFICATE_NAMES_H_

#include <string>
#include <string_view>
#include <vector>

namespace enos::gateway {

// The subject alternative names of a certificate, in its order.
struct CertificateNames {
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
};

// Of one certificate in PEM, that somebody else has verified. Empty where the text is not exactly
// one certificate, or the certificate has its names twice or not as they have to be.
CertificateNames NamesOfCertificate(std::string_view pem);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TLS_CERTIFICATE_NAMES_H_
