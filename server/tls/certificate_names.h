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

// Of a single certificate in PEM that has already been verified. Empty if the text is not exactly
// one certificate, or the certificate's names are duplicated or malformed.
CertificateNames NamesOfCertificate(std::string_view pem);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TLS_CERTIFICATE_NAMES_H_
