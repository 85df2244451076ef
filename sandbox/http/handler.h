// What a user of HttpServer implements: decisions at accept, at the head of a request, and at the
// request itself.
#ifndef ENOS_SANDBOX_HTTP_HANDLER_H_
#define ENOS_SANDBOX_HTTP_HANDLER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "sandbox/http/answer.h"

namespace enos::sandbox {

struct RequestHead {
  std::uint64_t connection = 0;  // number of the connection since the server started, from 1
  std::uint64_t ordinal = 0;     // number of the request on its connection, from 1
  std::string method;
  std::string target;  // as sent: path and query, percent-encoded
  HttpHeaders headers;
};

struct HttpRequest : RequestHead {
  std::string body;
};

enum class AcceptAction {
  kServe,
  kClose,           // FIN at once; over TLS: once the client has begun its handshake
  kReset,           // RST at once; over TLS likewise
  kResetAtConnect,  // RST before anything is read, also over TLS
  kNeverRead,  // accepted and never read: the client gets stuck, in its handshake or its request
};

struct HeadDecision {
  enum class Kind {
    kReadOn,
    kClose,        // FIN; what the client still sends is read and thrown away
    kReset,        // RST while the client may still be sending
    kStopReading,  // holds the connection and reads no more, so that a large body gets stuck
    kAnswerNow,    // sends `answer` without waiting for the body, then closes
  };
  Kind kind = Kind::kReadOn;
  Answer answer;
};

// The way to answer one request; copies answer the same request. Thread-safe, and may outlive the
// server. The last copy going away without an answer closes the connection (Ending::kClose), so
// that no client waits for ever by mistake.
class Responder {
 public:
  // Called at most once, with the answer.
  using Deliver = std::function<void(Answer)>;
  explicit Responder(Deliver deliver);

  // Only the first call counts; false says that there was one before. Whether the client is still
  // there is not known.
  bool Send(Answer answer) const;

 private:
  class Slot;
  std::shared_ptr<Slot> slot_;
};

// All methods are called on a thread of the server and must not wait: answer later through the
// responder instead. With more than one server thread they are called concurrently, but never for
// one connection at once. The handler must outlive the server's Stop().
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // A connection was accepted; nothing has been read yet.
  virtual AcceptAction OnAccept(std::uint64_t /*connection*/) { return AcceptAction::kServe; }
  // The head of a request was read, nothing or only a part of its body.
  virtual HeadDecision OnHead(const RequestHead& /*head*/) { return {}; }
  // The whole request was read.
  virtual void OnRequest(HttpRequest request, Responder responder) = 0;
};

// A handler made of functions, for tests. An empty on_request answers 200 to everything.
class FunctionHandler : public HttpHandler {
 public:
  std::function<AcceptAction(std::uint64_t connection)> on_accept;
  std::function<HeadDecision(const RequestHead& head)> on_head;
  std::function<void(HttpRequest request, Responder responder)> on_request;

  AcceptAction OnAccept(std::uint64_t connection) override;
  HeadDecision OnHead(const RequestHead& head) override;
  void OnRequest(HttpRequest request, Responder responder) override;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_HTTP_HANDLER_H_
