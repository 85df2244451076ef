#ifndef ENOS_SERVER_COMPONENT_OPTIONS_H_
#define ENOS_SERVER_COMPONENT_OPTIONS_H_

#include <chrono>

#include "server/config/settings.h"
#include "server/http/curl_http_client.h"
#include "server/reload/access_files.h"
#include "server/token/token_provider.h"

namespace enos::gateway {

// What the settings mean to the parts that the gateway and --check share.

inline CurlHttpClientOptions HttpOptions(const Settings& settings) {
  using std::chrono::duration_cast;
  using std::chrono::seconds;
  CurlHttpClientOptions options;
  options.base_url = settings.enos_url.ToString();
  options.transfer.ca_file = settings.enos_ca_file;
  // Plaintext that is allowed because it stays on this machine must stay on it.
  options.transfer.use_proxy = settings.enos_url.tls || !settings.enos_url.IsLoopback();
  options.transfer.connect_timeout = settings.connect_timeout;
  options.transfer.idle_timeout = duration_cast<seconds>(settings.upstream_idle_timeout);
  options.transfer.max_connection_age =
      duration_cast<seconds>(settings.upstream_max_connection_age);
  return options;
}

inline TokenProviderOptions TokenOptions(const Settings& settings) {
  TokenProviderOptions options;
  options.max_attempts = settings.max_attempts;
  return options;
}

inline AccessFileOptions AccessOptions(const Settings& settings) {
  return {
      settings.policy_file, settings.jwt_keys_file, {settings.jwt_issuer, settings.jwt_audience}};
}

}  // namespace enos::gateway

#endif  // ENOS_SERVER_COMPONENT_OPTIONS_H_
