#ifndef ENOS_TESTS_WIRE_SUPPORT_SSL_CERTIFICATE_H_
#define ENOS_TESTS_WIRE_SUPPORT_SSL_CERTIFICATE_H_

#include <openssl/ssl.h>

#include <string>

namespace enos::gateway::testing {

// Gives OpenSSL this certificate and its private key, both PEM, to show to the other side.
void UseCertificate(SSL_CTX* context, const std::string& certificate_pem,
                    const std::string& private_key_pem);

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_SSL_CERTIFICATE_H_
