#include "server/ops/ops_connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <string_view>
#include <utility>

namespace enos::gateway {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr std::uint32_t kMaxHeadBytes = 8 << 10;
constexpr std::uint64_t kMaxBodyBytes = 4 << 10;  // a GET has no body; anything sent is ignored
constexpr size_t kMaxBufferBytes = 16 << 10;
constexpr size_t kReadBytes = 512;
// How long a closing connection waits for the peer to close as well.
constexpr std::chrono::seconds kLinger{1};

std::string_view PathOf(boost::beast::string_view target) {
  const std::string_view text(target.data(), target.size());
  return text.substr(0, text.find('?'));
}

}  // namespace

OpsConnection::OpsConnection(boost::asio::ip::tcp::socket socket, const OpsHandlers& handlers,
                             const OpsServerOptions& options, bool one_request, Owner& owner)
    : stream_(std::move(socket)),
      handlers_(handlers),
      options_(options),
      one_request_(one_request),
      owner_(owner),
      buffer_(kMaxBufferBytes) {}

OpsConnection::~OpsConnection() {
  // First, so that whoever is notified finds the descriptor free.
  Close();
  owner_.OnEnd(*this);
}

void OpsConnection::Start() { ReadRequest(); }

void OpsConnection::Close() {
  error_code ignored;
  stream_.socket().close(ignored);
}

void OpsConnection::SetState(State state) {
  state_ = state;
  owner_.OnState(*this);
}

// A kept-alive connection may be quiet for long, as between scrapes; from its first byte on, the
// next request has no more time than the first one had.
void OpsConnection::AwaitNextRequest() {
  SetState(State::kIdle);
  if (buffer_.size() > 0) return ReadRequest();
  stream_.expires_after(options_.idle_timeout);
  stream_.async_read_some(buffer_.prepare(kReadBytes),
                          [self = shared_from_this()](const error_code& error, size_t size) {
                            if (error) return;
                            self->buffer_.commit(size);
                            self->ReadRequest();
                          });
}

// One time limit for the whole request: bytes that trickle in do not extend it.
void OpsConnection::ReadRequest() {
  parser_.emplace();
  parser_->header_limit(kMaxHeadBytes);
  parser_->body_limit(kMaxBodyBytes);
  stream_.expires_after(options_.request_timeout);
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](const error_code& error, size_t) {
                     if (error) return self->OnReadFailed(error);
                     self->OnRequest();
                   });
}

void OpsConnection::OnReadFailed(const error_code& error) {
  if (error == http::error::body_limit) return Refuse(413, "the body is too large\n");
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return Refuse(431, "the headers are too large\n");
  }
  const bool from_parser = error.category() == make_error_code(http::error::bad_method).category();
  if (from_parser && error != http::error::end_of_stream && error != http::error::partial_message) {
    return Refuse(400, "not an HTTP/1.1 request\n");
  }
  // Otherwise the peer is gone, or too slow: this handler drops the last reference.
}

void OpsConnection::OnRequest() {
  SetState(State::kAnswering);
  const auto& request = parser_->get();
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    return Answer({405, "only GET and HEAD are served here\n"});
  }
  const auto found = handlers_.find(PathOf(request.target()));
  if (found == handlers_.end())
    return Answer({404, "not found; known paths: " + KnownPaths() + "\n"});
  found->second(Responder());
}

// A second answer to the same request would be written into the first one, or be taken for the next
// request's.
OpsRespond OpsConnection::Responder() {
  return [self = shared_from_this(), request = ++requests_](OpsAnswer answer) {
    if (self->state_ != State::kAnswering || self->requests_ != request) return;
    self->Answer(std::move(answer));
  };
}

std::string OpsConnection::KnownPaths() const {
  std::string paths;
  for (const auto& [path, handler] : handlers_) paths += (paths.empty() ? "" : ", ") + path;
  return paths;
}

void OpsConnection::Refuse(unsigned status, const std::string& text) {
  response_.emplace(http::int_to_status(status), 11);
  response_->set(http::field::content_type, OpsAnswer().content_type);
  response_->body() = text;
  response_->prepare_payload();
  Write(/*keep_alive=*/false);
}

void OpsConnection::Answer(OpsAnswer answer) {
  const auto& request = parser_->get();
  response_.emplace(http::int_to_status(static_cast<unsigned>(answer.status)), request.version());
  response_->set(http::field::content_type, answer.content_type);
  response_->set(http::field::cache_control, "no-store");
  if (answer.status == 405) response_->set(http::field::allow, "GET, HEAD");
  response_->content_length(answer.body.size());
  if (request.method() != http::verb::head) response_->body() = std::move(answer.body);
  Write(request.keep_alive() && !one_request_);
}

void OpsConnection::Write(bool keep_alive) {
  response_->keep_alive(keep_alive);
  stream_.expires_after(options_.send_timeout);
  http::async_write(stream_, *response_,
                    [self = shared_from_this(), keep_alive](const error_code& error, size_t) {
                      if (error) return;
                      if (keep_alive) return self->AwaitNextRequest();
                      self->CloseLingering();
                    });
  // After the start: what the owner posts now runs after the end of a write that need not wait.
  SetState(State::kSending);
}

// Sends FIN and keeps reading for a while: closing with unread input would send RST, which may
// overtake the answer.
void OpsConnection::CloseLingering() {
  SetState(State::kIdle);
  error_code ignored;
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(kLinger);
  DiscardInput();
}

void OpsConnection::DiscardInput() {
  stream_.async_read_some(boost::asio::buffer(scratch_),
                          [self = shared_from_this()](const error_code& error, size_t) {
                            if (!error) self->DiscardInput();
                          });
}

}  // namespace enos::gateway
