#ifndef ENOS_SERVER_HTTP_HTTP_CLIENT_H_
#define ENOS_SERVER_HTTP_HTTP_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace enos::gateway {

// One request to the upstream: POST, or GET if there is no body. `path_and_query` is appended to
// the client's base URL unchanged (already percent-encoded).
struct HttpRequest {
  std::string path_and_query;
  std::vector<std::string>
      headers;  // "name: value", in addition to those that the client sets for every request
  // Not copied: the sender may need it again. Null: GET.
  std::shared_ptr<const std::string> body;
};

// How a transfer ended on the wire. An HTTP error status is not a failure here: HTTP status is
// data.
enum class TransferEnd {
  kAnswered,         // a complete answer: status, headers and body are set
  kNameNotResolved,  // no connection: host name
  kConnectFailed,    // no connection: refused, unreachable, proxy
  kConnectTimeout,   // no connection in time
  kTlsFailed,        // no connection: handshake, certificate or host name
  kConnectionLost,   // the connection broke: reset, closed, ended inside the answer
  kMalformed,        // what arrived is not an HTTP answer
  kTooLarge,         // the answer is larger than the client's limit
};

struct HttpResult {
  TransferEnd end = TransferEnd::kConnectFailed;
  // True as soon as any byte of the request may have been written to a connection. False is a
  // promise: none of it was sent.
  bool maybe_sent = false;
  int status = 0;
  std::string body;
  std::string retry_after;  // the header's value, empty if there was none
  std::string date;         // likewise
  // What the transport reports for people and logs ("Connection refused"): contains no secret and
  // no upstream body.
  std::string detail;
};

// Identifies a running transfer; never 0.
using TransferId = uint64_t;

// Sends requests to one upstream. For one Start at most one request is ever written to a
// connection: nothing is resent, no redirect followed, no authentication restarted. All calls and
// callbacks on the loop's thread.
class HttpClient {
 public:
  using Callback = absl::AnyInvocable<void(HttpResult)>;

  virtual ~HttpClient() = default;

  // Starts a transfer. `done` is called exactly once, never synchronously, unless Drop comes first.
  // There is no time limit except on connecting: the caller drops what takes too long.
  virtual TransferId Start(HttpRequest request, Callback done) = 0;

  // Whether any byte of a running transfer's request may have been written to a connection. While
  // this is false, Drop makes sure that none ever is. False for a transfer that is not running.
  virtual bool MaybeSent(TransferId id) const = 0;

  // Ends a transfer at once and never calls its callback. Does nothing if it is not running. What
  // the upstream has already received is not undone.
  virtual void Drop(TransferId id) = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_HTTP_CLIENT_H_
