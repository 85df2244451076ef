// The TLS side of an HttpServer. Internal to the library.
#ifndef ENOS_SANDBOX_HTTP_TLS_CONTEXT_H_
#define ENOS_SANDBOX_HTTP_TLS_CONTEXT_H_

#include <boost/asio/ssl/context.hpp>

#include "absl/status/statusor.h"
#include "sandbox/http/http_server.h"

namespace enos::sandbox {

// TLS 1.2 and later. The error says whether the certificate or the key was refused, and never
// quotes them.
absl::StatusOr<boost::asio::ssl::context> MakeTlsContext(const TlsOptions& options);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_HTTP_TLS_CONTEXT_H_
