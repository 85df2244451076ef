#ifndef ENOS_SERVER_HTTP_PROXY_VARIABLES_H_
#define ENOS_SERVER_HTTP_PROXY_VARIABLES_H_

namespace enos::gateway {

// Whether the environment names a proxy that libcurl may use, for any scheme or host.
bool ProxyIsConfigured();

// Whether one of them is reached over TLS ("https://proxy:3129"): then the session with the
// upstream is not on the socket but inside the session with the proxy.
bool TlsProxyIsConfigured();

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_PROXY_VARIABLES_H_
