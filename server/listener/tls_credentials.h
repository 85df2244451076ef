#ifndef ENOS_SERVER_LISTENER_TLS_CREDENTIALS_H_
#define ENOS_SERVER_LISTENER_TLS_CREDENTIALS_H_

#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <mutex>
#include <string>

#include "server/tls/tls_material.h"

namespace enos::gateway {

// The listener's TLS, whose certificates can be replaced while it serves: later handshakes use the
// new ones, open connections keep theirs. TLS 1.2 and 1.3, with gRPC's ciphers (AES-GCM, ChaCha20
// with TLS 1.3, ECDHE); if there is a client CA, clients without a certificate from it are refused.
//
// Why our own class: gRPC C++ 1.51 has two ways to change a server's certificates. Its
// FileWatcherCertificateProvider fails every handshake while a new file is bad; the other one asks
// at each handshake and otherwise keeps what it had (grpc_security.h, "certificate config
// fetcher"), but is available in C only. See decision record 0013.
//
// Whether clients need a certificate is decided by the first material; later ones have to agree.
class TlsCredentials final : public grpc::ServerCredentials {
 public:
  explicit TlsCredentials(TlsMaterial material);
  ~TlsCredentials() override;

  // material: without a problem (FindTlsProblem). Thread-safe.
  void Replace(TlsMaterial material);

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override;

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override;
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config);

  std::mutex mutex_;
  TlsMaterial material_;  // wiped once gRPC has taken it
  bool is_new_ = true;    // under mutex_, like material_: not yet passed to gRPC
  const bool asks_for_client_certificate_;
  grpc_server_credentials* credentials_ = nullptr;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LISTENER_TLS_CREDENTIALS_H_
