#ifndef ENOS_SERVER_OPS_OPS_CONNECTION_H_
#define ENOS_SERVER_OPS_OPS_CONNECTION_H_

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "server/ops/ops_server.h"

namespace enos::gateway {

// By path.
using OpsHandlers = std::map<std::string, OpsHandler, std::less<>>;

// One accepted connection of an OpsServer, internal to it. Kept alive by its operations and by the
// responder of its current request; ends with the last of them. Server's thread only.
//
// One request at a time: the next is read only once the previous answer has been sent, so that
// answers keep the order of their requests however long a handler takes.
class OpsConnection : public std::enable_shared_from_this<OpsConnection> {
 public:
  enum class State {
    kIdle,       // waits for a request, for the rest of one, or for the peer to close
    kAnswering,  // waits for a handler
    kSending,    // waits for the peer to take its answer
  };

  // Counts the connections. Outlives them.
  class Owner {
   public:
    virtual ~Owner() = default;
    // Its state has changed.
    virtual void OnState(OpsConnection& connection) = 0;
    // From the destructor; the descriptor is free.
    virtual void OnEnd(OpsConnection& connection) = 0;
  };

  // `handlers` and `options` must outlive it. `one_request`: closes after the first answer.
  OpsConnection(boost::asio::ip::tcp::socket socket, const OpsHandlers& handlers,
                const OpsServerOptions& options, bool one_request, Owner& owner);
  ~OpsConnection();
  OpsConnection(const OpsConnection&) = delete;
  OpsConnection& operator=(const OpsConnection&) = delete;

  // Once, at the start.
  void Start();
  State state() const { return state_; }
  // Frees the descriptor now; pending operations fail.
  void Close();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Response = boost::beast::http::response<boost::beast::http::string_body>;

  void SetState(State state);
  void AwaitNextRequest();
  void ReadRequest();
  void OnReadFailed(const boost::beast::error_code& error);
  void OnRequest();
  OpsRespond Responder();
  void Refuse(unsigned status, const std::string& text);
  void Answer(OpsAnswer answer);
  void Write(bool keep_alive);
  void CloseLingering();
  void DiscardInput();
  std::string KnownPaths() const;

  boost::beast::tcp_stream stream_;
  const OpsHandlers& handlers_;
  const OpsServerOptions& options_;
  const bool one_request_;
  Owner& owner_;
  State state_ = State::kIdle;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<Response> response_;
  std::uint64_t requests_ = 0;  // so far; lets a responder recognize its own
  std::array<char, 512> scratch_{};
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_OPS_OPS_CONNECTION_H_
