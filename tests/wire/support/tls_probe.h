#ifndef ENOS_TESTS_WIRE_SUPPORT_TLS_PROBE_H_
#define ENOS_TESTS_WIRE_SUPPORT_TLS_PROBE_H_

#include <optional>
#include <string>

#include "sandbox/http/test_certificates.h"

namespace enos::gateway::testing {

// What a TLS client that speaks HTTP/2 offers, by OpenSSL's bare means: gRPC's own client would not
// do half of it.
struct TlsProbeOptions {
  std::optional<sandbox::TestCertificate> client;  // its certificate
  int max_version = 0;                             // TLS1_1_VERSION; 0: the newest
  std::string ciphers;                             // of TLS 1.2 and below; empty: OpenSSL's
  bool http2 = true;                               // offers "h2" by ALPN
};

struct TlsProbeResult {
  // Whether the server began to speak HTTP/2. With TLS 1.3 a client whose certificate is refused
  // only learns of it by then.
  bool served = false;
  std::string version;      // "TLSv1.3"; empty: no handshake
  std::string cipher;       // "TLS_AES_256_GCM_SHA384"
  std::string certificate;  // the server's, PEM
  std::string error;        // of OpenSSL, why not served: "tlsv13 alert certificate required"
};

// Connects to 127.0.0.1 at the port of `address` and ends the connection. Believes every server.
TlsProbeResult ProbeTls(const std::string& address, const TlsProbeOptions& options = {});

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_TLS_PROBE_H_
