#include "server/listener/tls_credentials.h"

#include <grpc/grpc.h>

#include <string>
#include <utility>

namespace enos::gateway {
namespace {

// gRPC copies what it receives.
grpc_ssl_server_certificate_config* ConfigOf(const TlsMaterial& material) {
  std::string certificate(material.certificate.Reveal());
  std::string key(material.key.Reveal());
  // gRPC 1.51 insists on authorities here even if clients are not asked for a certificate, and then
  // never looks at them.
  const std::string client_ca(material.client_ca ? material.client_ca->Reveal() : certificate);
  const grpc_ssl_pem_key_cert_pair pair{key.c_str(), certificate.c_str()};
  auto* const config = grpc_ssl_server_certificate_config_create(client_ca.c_str(), &pair, 1);
  WipeString(key);
  return config;
}

}  // namespace

TlsCredentials::TlsCredentials(TlsMaterial material)
    : material_(std::move(material)),
      asks_for_client_certificate_(material_.client_ca.has_value()) {
  const auto request = asks_for_client_certificate_
                           ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                           : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
  auto* const options =
      grpc_ssl_server_credentials_create_options_using_config_fetcher(request, &Fetch, this);
  credentials_ = grpc_ssl_server_credentials_create_with_options(options);
}

TlsCredentials::~TlsCredentials() { grpc_server_credentials_release(credentials_); }

void TlsCredentials::Replace(TlsMaterial material) {
  const std::lock_guard lock(mutex_);
  material_ = std::move(material);
  is_new_ = true;
}

void TlsCredentials::SetAuthMetadataProcessor(
    const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) {
  // No checks here: who may call what is decided when calls arrive.
}

int TlsCredentials::AddPortToServer(const std::string& address, grpc_server* server) {
  return grpc_server_add_http2_port(server, address.c_str(), credentials_);
}

// Called by gRPC when the port is added and before each handshake, on one of its threads, never
// concurrently.
grpc_ssl_certificate_config_reload_status TlsCredentials::Fetch(
    void* self, grpc_ssl_server_certificate_config** config) {
  auto& credentials = *static_cast<TlsCredentials*>(self);
  const std::lock_guard lock(credentials.mutex_);
  if (!std::exchange(credentials.is_new_, false))
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  *config = ConfigOf(std::exchange(credentials.material_, {}));
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

}  // namespace enos::gateway
