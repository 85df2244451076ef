#include "sandbox/http/connection.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <array>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>
#include <limits>
#include <string>
#include <utility>

#include "sandbox/http/stream_traits.h"

namespace enos::sandbox {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

// How long a closing connection waits for the peer to close as well.
constexpr std::chrono::seconds kLinger{2};

HttpHeaders CopyHeaders(const http::fields& fields) {
  HttpHeaders headers;
  for (const auto& field : fields) {
    headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  return headers;
}

// Every method runs on the strand of the socket, except where said otherwise.
template <typename Stream>
class StreamConnection final : public Connection {
 public:
  StreamConnection(std::shared_ptr<ServerCore> core, asio::ip::tcp::socket socket,
                   std::uint64_t number)
      : Connection(number),
        core_(std::move(core)),
        stream_(MakeStream(core_.get(), std::move(socket), static_cast<Stream*>(nullptr))),
        timer_(SocketOf(stream_).get_executor()) {}

  // From any thread.
  void Start() override {
    asio::dispatch(SocketOf(stream_).get_executor(), [self = Self()] { self->OnAccepted(); });
  }
  void End(Ending ending) override {
    core_->Post(SocketOf(stream_).get_executor(), [self = Self(), ending] {
      if (!self->closed_) self->Finish(ending);
    });
  }
  void Send(std::string bytes, Ending then, std::function<void(bool)> arrived) override {
    core_->Post(SocketOf(stream_).get_executor(), [self = Self(), bytes = std::move(bytes), then,
                                                   arrived = std::move(arrived)]() mutable {
      self->SendNext(std::move(bytes), then, std::move(arrived));
    });
  }
  void EndForStop(Ending ending) override {
    asio::post(SocketOf(stream_).get_executor(), [self = Self(), ending] {
      if (self->closed_) return;
      return ending == Ending::kReset ? self->Reset() : self->CloseSocket();
    });
  }

 private:
  std::shared_ptr<StreamConnection> Self() {
    return std::static_pointer_cast<StreamConnection>(shared_from_this());
  }

  void OnAccepted() {
    if (closed_) return;
    const AcceptAction action = core_->handler->OnAccept(number());
    constexpr bool kTls = IsTls(static_cast<Stream*>(nullptr));
    switch (action) {
      case AcceptAction::kServe:
        return StartHandshake();
      case AcceptAction::kResetAtConnect:
        return Reset();
      case AcceptAction::kNeverRead:
        return WaitForReset();
      case AcceptAction::kClose:
      case AcceptAction::kReset:
        const Ending ending = action == AcceptAction::kClose ? Ending::kClose : Ending::kReset;
        return kTls ? EndInHandshake(ending) : Finish(ending);
    }
  }

  // Behind an answer that is being sent, if there is one: a stream takes one write at a time.
  void SendNext(std::string bytes, Ending then, std::function<void(bool)> arrived) {
    if (closed_) return arrived(false);
    if (!output_.empty()) {
      after_answer_ = [self = Self(), bytes = std::move(bytes), then,
                       arrived = std::move(arrived)]() mutable {
        self->SendNext(std::move(bytes), then, std::move(arrived));
      };
      return;
    }
    auto shared = std::make_shared<const std::string>(std::move(bytes));
    asio::async_write(stream_, asio::buffer(*shared),
                      [self = Self(), shared, then, arrived = std::move(arrived)](
                          const error_code& error, std::size_t) {
                        if (error || self->closed_) return arrived(false);
                        self->WaitForArrival(then, arrived);
                      });
  }

  // Asks the system, which tells nobody when the last byte is acknowledged.
  void WaitForArrival(Ending then, const std::function<void(bool)>& arrived) {
    int unacknowledged = 0;
    ::ioctl(SocketOf(stream_).native_handle(), SIOCOUTQ, &unacknowledged);
    if (unacknowledged == 0) {
      if (then != Ending::kServeNext) Finish(then);
      return arrived(true);
    }
    auto timer = std::make_shared<asio::steady_timer>(SocketOf(stream_).get_executor(),
                                                      std::chrono::milliseconds(1));
    timer->async_wait([self = Self(), timer, then, arrived](const error_code& error) {
      if (error || self->closed_) return arrived(false);
      self->WaitForArrival(then, arrived);
    });
  }

  void EndInHandshake(Ending ending) {
    SocketOf(stream_).async_read_some(asio::buffer(scratch_),
                                      [self = Self(), ending](const error_code&, std::size_t) {
                                        if (self->closed_) return;
                                        self->Finish(ending);
                                      });
  }

  void StartHandshake() {
    Handshake(stream_, [self = Self()](const error_code& error) {
      if (self->closed_) return;
      if (error) {
        self->core_->counters.Update([](ServerCounts& counts) { ++counts.handshakes_failed; });
        return self->CloseSocket();
      }
      self->ReadHead();
    });
  }

  void ReadHead() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(core_->options.max_head_bytes));
    parser_->body_limit(core_->options.max_body_bytes);
    if (core_->options.idle_timeout.count() > 0) {
      After(core_->options.idle_timeout, [self = Self()] { self->CloseSocket(); });
    }
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = Self()](const error_code& error, std::size_t) {
                              self->CancelTimer();
                              if (self->closed_) return;
                              if (error) return self->OnReadFailed(error, !self->buffer_.size());
                              self->OnHead();
                            });
  }

  void OnHead() {
    const auto& message = parser_->get();
    request_ = HttpRequest();
    request_.connection = number();
    request_.ordinal = ++ordinal_;
    request_.method = std::string(message.method_string());
    request_.target = std::string(message.target());
    request_.headers = CopyHeaders(message);
    head_only_ = message.method() == http::verb::head;
    keep_alive_ = message.keep_alive();
    const bool continue_wanted =
        boost::beast::iequals(message[http::field::expect], "100-continue");
    core_->counters.Update([](ServerCounts& counts) { ++counts.request_heads_seen; });

    HeadDecision decision = core_->handler->OnHead(request_);
    switch (decision.kind) {
      case HeadDecision::Kind::kReadOn:
        return continue_wanted ? SendContinue() : ReadBody();
      case HeadDecision::Kind::kClose:
        return CloseLingering();
      case HeadDecision::Kind::kReset:
        return Reset();
      case HeadDecision::Kind::kStopReading:
        return WaitForReset();
      case HeadDecision::Kind::kAnswerNow:
        return AnswerWithoutBody(std::move(decision.answer));
    }
  }

  void SendContinue() {
    output_ = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(output_),
                      [self = Self()](const error_code& error, std::size_t) {
                        if (self->closed_) return;
                        if (error) return self->CloseSocket();
                        self->ReadBody();
                      });
  }

  void ReadBody() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = Self()](const error_code& error, std::size_t) {
                       if (self->closed_) return;
                       if (error) return self->OnReadFailed(error, /*between_requests=*/false);
                       self->OnRequest();
                     });
  }

  void OnReadFailed(const error_code& error, bool between_requests) {
    if (error == http::error::body_limit) {
      return AnswerWithoutBody(Answer::Text(413, "The body is too large.\n"));
    }
    if (error == http::error::header_limit) {
      return AnswerWithoutBody(Answer::Text(431, "The headers are too large.\n"));
    }
    if (error.category() == make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return AnswerWithoutBody(Answer::Text(400, "This is no HTTP request.\n"));
    }
    if (!between_requests || error == http::error::partial_message) {
      core_->counters.Update([](ServerCounts& counts) { ++counts.requests_broken_off; });
    }
    CloseSocket();
  }

  void AnswerWithoutBody(Answer answer) {
    body_unread_ = true;
    answer.keep_alive = false;
    Deliver(std::move(answer));
  }

  void OnRequest() {
    request_.body = std::move(parser_->get().body());
    const std::size_t size = request_.body.size();
    core_->counters.Update([size](ServerCounts& counts) {
      ++counts.requests_received;
      counts.bytes_of_body_received += size;
    });
    Responder responder([self = Self()](Answer answer) {
      const auto& executor = SocketOf(self->stream_).get_executor();
      self->core_->Post(executor, [self, answer = std::move(answer)]() mutable {
        self->Deliver(std::move(answer));
      });
    });
    core_->handler->OnRequest(std::move(request_), std::move(responder));
  }

  void Deliver(Answer answer) {
    if (closed_) return;
    if (answer.delay.count() <= 0) return Send(answer);
    const auto delay = answer.delay;
    After(delay, [self = Self(), answer = std::move(answer)]() mutable { self->Send(answer); });
  }

  void Send(const Answer& answer) {
    keep_alive_ = keep_alive_ && answer.keep_alive;
    ending_ = answer.ending;
    output_ = AnswerBytes(answer, head_only_, keep_alive_);
    sent_ = 0;
    trickle_interval_ = answer.trickle_interval;
    chunk_ =
        answer.trickle_bytes > 0 ? answer.trickle_bytes : std::numeric_limits<std::size_t>::max();
    SendChunk();
  }

  void SendChunk() {
    const std::size_t size = std::min(chunk_, output_.size() - sent_);
    asio::async_write(stream_, asio::buffer(output_.data() + sent_, size),
                      [self = Self(), size](const error_code& error, std::size_t) {
                        if (self->closed_) return;
                        if (error) return self->CloseSocket();
                        self->sent_ += size;
                        self->OnChunkSent();
                      });
  }

  void OnChunkSent() {
    if (sent_ < output_.size()) {
      return After(trickle_interval_, [self = Self()] { self->SendChunk(); });
    }
    output_.clear();
    Finish(ending_);
    if (auto next = std::exchange(after_answer_, nullptr)) next();
  }

  void Finish(Ending ending) {
    CancelTimer();
    switch (ending) {
      case Ending::kServeNext:
        if (keep_alive_ && !body_unread_) return ReadHead();
        return SayGoodbye();
      case Ending::kClose:
        return CloseSocket();
      case Ending::kReset:
        return Reset();
      case Ending::kHold:
        return DiscardInput();
    }
  }

  void SayGoodbye() {
    After(kLinger, [self = Self()] { self->CloseSocket(); });
    Goodbye(stream_, [self = Self()](const error_code&) {
      if (self->closed_) return;
      self->CloseLingering();
    });
  }

  // Sends FIN and reads on for a while: closing with unread input would send RST, which may
  // overtake the answer.
  void CloseLingering() {
    error_code ignored;
    SocketOf(stream_).shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    After(kLinger, [self = Self()] { self->CloseSocket(); });
    DiscardInput();
  }

  void DiscardInput() {
    SocketOf(stream_).async_read_some(asio::buffer(scratch_),
                                      [self = Self()](const error_code& error, std::size_t) {
                                        if (self->closed_) return;
                                        if (error) return self->CloseSocket();
                                        self->DiscardInput();
                                      });
  }

  // Reads nothing, so all that can be noticed of the peer is a reset.
  void WaitForReset() {
    SocketOf(stream_).async_wait(asio::ip::tcp::socket::wait_error,
                                 [self = Self()](const error_code&) { self->CloseSocket(); });
  }

  void Reset() {
    error_code ignored;
    SocketOf(stream_).set_option(asio::socket_base::linger(true, 0), ignored);
    CloseSocket();
  }

  void CloseSocket() {
    if (closed_) return;
    closed_ = true;
    CancelTimer();
    error_code ignored;
    SocketOf(stream_).close(ignored);
    core_->Remove(number());
  }

  // One timer per connection: a new wait replaces the one before.
  template <typename Then>
  void After(std::chrono::milliseconds wait, Then then) {
    const std::uint64_t epoch = ++timer_epoch_;
    timer_.expires_after(wait);
    timer_.async_wait(
        [self = Self(), epoch, then = std::move(then)](const error_code& error) mutable {
          // Cancelling may come too late for a wait that is over already; the epoch tells.
          if (error || self->closed_ || epoch != self->timer_epoch_) return;
          then();
        });
  }

  void CancelTimer() {
    ++timer_epoch_;
    timer_.cancel();
  }

  const std::shared_ptr<ServerCore> core_;
  Stream stream_;
  asio::steady_timer timer_;
  std::uint64_t timer_epoch_ = 0;
  bool closed_ = false;

  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  HttpRequest request_;
  std::uint64_t ordinal_ = 0;
  bool head_only_ = false;
  bool keep_alive_ = true;
  bool body_unread_ = false;

  std::string output_;
  std::size_t sent_ = 0;
  std::size_t chunk_ = 0;
  std::chrono::milliseconds trickle_interval_{0};
  Ending ending_ = Ending::kServeNext;
  std::array<char, 1024> scratch_{};
  std::function<void()> after_answer_;  // set while bytes that nobody asked for wait for it
};

}  // namespace

std::shared_ptr<Connection> MakeConnection(std::shared_ptr<ServerCore> core,
                                           asio::ip::tcp::socket socket, std::uint64_t number) {
  if (core->tls.has_value()) {
    return std::make_shared<StreamConnection<TlsStream>>(std::move(core), std::move(socket),
                                                         number);
  }
  return std::make_shared<StreamConnection<PlainStream>>(std::move(core), std::move(socket),
                                                         number);
}

}  // namespace enos::sandbox
