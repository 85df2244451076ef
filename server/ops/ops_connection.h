#ifndef ENOS_SERVER_OPS_OPS_CONNECTION_H_
#define ENOS_SERVER_OPS_OPS_CONNECTION_H_

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "server/ops/ops_server.h"

namespace enos::gateway {

// By path.
using OpsHandlers = std::map<std::string, OpsHandler, std::less<>>;

// One accepted connection of an OpsServer, internal to it. Kept alive by its operations and by the
// responder of the request it is at, and ends with the last of them. Server's thread only.
class OpsConnection : public std::enable_shared_from_this<OpsConnection> {
 public:
  struct Limits {
    std::chrono::milliseconds timeout;  // for each step
    bool one_request = false;           // close after the first answer
  };

  // `handlers` must outlive it; `on_end` is called by the destructor.
  OpsConnection(boost::asio::ip::tcp::socket socket, const OpsHandlers& handlers, Limits limits,
                std::function<void()> on_end);
  ~OpsConnection();
  OpsConnection(const OpsConnection&) = delete;
  OpsConnection& operator=(const OpsConnection&) = delete;

  void ReadRequest();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Response = boost::beast::http::response<boost::beast::http::string_body>;

  void OnReadFailed(const boost::beast::error_code& error);
  void OnRequest();
  void Refuse(unsigned status, const std::string& text);
  void Answer(OpsAnswer answer);
  void Write(bool keep_alive);
  void CloseLingering();
  void DiscardInput();
  std::string KnownPaths() const;

  boost::beast::tcp_stream stream_;
  const OpsHandlers& handlers_;
  const Limits limits_;
  const std::function<void()> on_end_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<Response> response_;
  std::array<char, 512> scratch_{};
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_OPS_OPS_CONNECTION_H_
