#include "sandbox/http/tls_context.h"

#include <boost/asio/buffer.hpp>

#include "absl/strings/str_cat.h"

namespace enos::sandbox {

namespace ssl = boost::asio::ssl;

absl::StatusOr<ssl::context> MakeTlsContext(const TlsOptions& options) {
  ssl::context context(ssl::context::tls_server);
  boost::system::error_code error;
  context.set_options(
      ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1, error);
  if (error) return absl::InternalError(absl::StrCat("TLS options: ", error.message()));
  context.use_certificate_chain(boost::asio::buffer(options.certificate_chain_pem), error);
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat("the TLS certificate: ", error.message()));
  }
  context.use_private_key(boost::asio::buffer(options.private_key_pem), ssl::context::pem, error);
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat("the TLS private key: ", error.message()));
  }
  return context;
}

}  // namespace enos::sandbox
