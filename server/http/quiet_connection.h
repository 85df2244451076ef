#ifndef ENOS_SERVER_HTTP_QUIET_CONNECTION_H_
#define ENOS_SERVER_HTTP_QUIET_CONNECTION_H_

#include <openssl/ssl.h>

namespace enos::gateway {

// Whether a connection on which no request is open is open itself, and nothing has come on it: what
// has come is nobody's answer (a proxy's doubled one, a load balancer's 408 before it closes), and
// libcurl 7.88 would take it for that of the next request (mended later, in its change 10690).
//
// `tls` is the session with the upstream, directly on the socket; null where there is none. Its
// records that are no data (session tickets, key updates) are taken in, data is left where it is.
// What is on its way still is not seen. Never waits; one system call where nothing has come. The
// thread of the connection only.
bool IsQuiet(int socket, SSL* tls);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_QUIET_CONNECTION_H_
