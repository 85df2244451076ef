#ifndef ENOS_TESTS_WIRE_SUPPORT_UPSTREAM_H_
#define ENOS_TESTS_WIRE_SUPPORT_UPSTREAM_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "sandbox/http/http_server.h"

namespace enos::gateway::testing {

// An HTTP server on a free port for the HTTP client's tests: keeps what it received, and answers
// as told or holds the requests.
class Upstream {
 public:
  using OnRequest = std::function<void(sandbox::HttpRequest, sandbox::Responder)>;

  explicit Upstream(sandbox::HttpServerOptions options = {});
  // With decisions other than at the request; set before anything connects.
  sandbox::FunctionHandler& handler() { return handler_; }

  // What is done with the next requests. Thread-safe.
  void AnswerWith(sandbox::Answer answer);
  void Hold();  // keeps them until AnswerHeld
  // True once so many are held.
  bool WaitForHeld(std::size_t count);
  // Answers what is held; gives how many these were.
  std::size_t AnswerHeld(const sandbox::Answer& answer);
  // The same but for the one that has been held the longest.
  void AnswerHeldButFirst(const sandbox::Answer& answer);

  std::string url() const { return server_.url(); }
  sandbox::HttpServer& server() { return server_; }
  const sandbox::HttpServer& server() const { return server_; }
  const sandbox::ServerCounters& counters() const { return server_.counters(); }
  std::vector<sandbox::HttpRequest> requests() const;

 private:
  void OnRequestReceived(sandbox::HttpRequest request, const sandbox::Responder& responder);

  sandbox::FunctionHandler handler_;
  mutable std::mutex mutex_;
  std::condition_variable held_more_;
  bool hold_ = false;
  sandbox::Answer answer_ = sandbox::Answer::Json(200, "{}");
  std::vector<sandbox::Responder> held_;
  std::vector<sandbox::HttpRequest> requests_;
  sandbox::HttpServer server_;  // last: its threads use the others
};

// A host name that every resolver refuses without asking anybody: a label may have 63 characters.
inline std::string NameThatDoesNotExist() { return std::string(64, 'x') + ".invalid"; }

// A port that refuses connections and is nobody else's: bound, but not listening (until somebody
// calls listen on its socket).
class RefusingPort {
 public:
  explicit RefusingPort(std::uint16_t port = 0);  // 0: any free one
  ~RefusingPort();
  RefusingPort(const RefusingPort&) = delete;
  RefusingPort& operator=(const RefusingPort&) = delete;

  int socket() const { return socket_; }
  std::uint16_t port() const { return port_; }
  std::string host_and_port() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_UPSTREAM_H_
