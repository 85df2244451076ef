#ifndef ENOS_SERVER_HTTP_QUIET_CONNECTION_H_
#define ENOS_SERVER_HTTP_QUIET_CONNECTION_H_

#include <openssl/ssl.h>

namespace enos::gateway {

// Whether a connection without an open request is itself open and has received nothing: anything
// received is an unsolicited response (a proxy's duplicate, a load balancer's 408 before it
// closes), and libcurl 7.88 would take it for the answer to the next request (fixed later, in its
// change 10690).
//
// `tls` is the session with the upstream, directly on the socket; null if there is none. Its
// records that are not data (session tickets, key updates) are processed; data is left in place.
// What is still in transit is not seen. Never waits; one system call if nothing has arrived. Only
// on the connection's thread.
bool IsQuiet(int socket, SSL* tls);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_QUIET_CONNECTION_H_
