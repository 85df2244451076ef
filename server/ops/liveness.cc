#include "server/ops/liveness.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace enos::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// The client preface and an empty SETTINGS frame: length 0, type 4, flags 0, stream 0.
constexpr std::string_view kClientPreface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
                                          24 + 9);
constexpr size_t kFrameHeadBytes = 9;
constexpr size_t kFrameTypeAt = 3;
constexpr uint8_t kSettingsFrame = 4;

tcp::endpoint TargetOf(const ListenAddress& grpc) {
  if (grpc.host == "localhost") return {asio::ip::address_v4::loopback(), grpc.port};
  const asio::ip::address address = asio::ip::make_address(grpc.host);
  if (!address.is_unspecified()) return {address, grpc.port};
  if (address.is_v6()) return {asio::ip::address_v6::loopback(), grpc.port};
  return {asio::ip::address_v4::loopback(), grpc.port};
}

bool IsOutOfDescriptors(const error_code& error) {
  return error == asio::error::no_descriptors ||
         error == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace

// One check. Every method runs on io_'s thread.
class LivenessCheck::Round : public std::enable_shared_from_this<Round> {
 public:
  Round(asio::io_context& io, const LivenessOptions& options, asio::ssl::context& tls,
        Callback done)
      : io_(io),
        options_(options),
        socket_(io),
        tls_(socket_, tls),
        timer_(io),
        done_(std::move(done)) {}

  void Start() {
    timer_.expires_after(options_.timeout);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->OnTimeout();
    });
    // The loop's task must not keep the check alive: it may never run, and be destroyed after io_.
    options_.post([&io = io_, weak = weak_from_this()] {
      asio::post(io, [weak] {
        if (const auto self = weak.lock()) self->OnLoopAnswered();
      });
    });
    Connect(TargetOf(options_.grpc));
  }

 private:
  void Connect(const tcp::endpoint& target) {
    error_code error;
    socket_.open(target.protocol(), error);
    if (error) {
      return OnListener(IsOutOfDescriptors(error)
                            ? "no file descriptor is left to check the gRPC listener with"
                            : "the gRPC listener cannot be checked: " + error.message());
    }
    socket_.async_connect(target, [self = shared_from_this()](const error_code& failed) {
      if (failed) return self->OnListener("the gRPC listener: " + failed.message());
      if (self->options_.tls == LivenessTls::kOff) {
        self->SendPreface(self->socket_);
      } else {
        self->Handshake();
      }
    });
  }

  void Handshake() {
    // gRPC closes a connection without it during the handshake.
    constexpr uint8_t kHttp2[] = {2, 'h', '2'};
    SSL_set_alpn_protos(tls_.native_handle(), kHttp2, sizeof(kHttp2));
    tls_.async_handshake(asio::ssl::stream_base::client,
                         [self = shared_from_this()](const error_code& error) {
                           if (error) return self->OnLost(error);
                           if (self->options_.tls == LivenessTls::kHandshakeOnly) {
                             self->OnListener("");
                           } else {
                             self->SendPreface(self->tls_);
                           }
                         });
  }

  template <typename Stream>
  void SendPreface(Stream& stream) {
    asio::async_write(stream, asio::buffer(kClientPreface.data(), kClientPreface.size()),
                      [self = shared_from_this(), &stream](const error_code& error, size_t) {
                        if (error) return self->OnLost(error);
                        self->ReadPreface(stream);
                      });
  }

  template <typename Stream>
  void ReadPreface(Stream& stream) {
    asio::async_read(stream, asio::buffer(frame_),
                     [self = shared_from_this()](const error_code& error, size_t) {
                       if (error) return self->OnLost(error);
                       const bool settings = self->frame_[kFrameTypeAt] == kSettingsFrame;
                       self->OnListener(settings ? "" : "the gRPC listener does not speak HTTP/2");
                     });
  }

  void OnLost(const error_code& error) {
    if (listener_) return;  // closed by End
    OnListener(options_.full() ? "" : "the gRPC listener: " + error.message());
  }

  void OnListener(std::string failure) {
    if (listener_) return;
    listener_ = std::move(failure);
    if (loop_answered_) End();
  }

  void OnLoopAnswered() {
    loop_answered_ = true;
    if (listener_) End();
  }

  void OnTimeout() {
    if (!listener_) listener_ = "the gRPC listener does not answer" + WithinTimeout();
    End();
  }

  void End() {
    if (!done_) return;
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
    std::string failure = *listener_;
    if (!loop_answered_) {
      failure += (failure.empty() ? "" : "; ");
      failure += "the upstream event loop does not answer" + WithinTimeout();
    }
    std::exchange(done_, nullptr)(failure);
  }

  std::string WithinTimeout() const {
    return " within " + std::to_string(options_.timeout.count()) + " ms";
  }

  asio::io_context& io_;
  const LivenessOptions& options_;
  tcp::socket socket_;
  asio::ssl::stream<tcp::socket&> tls_;  // on socket_, where it is used
  asio::steady_timer timer_;
  Callback done_;
  std::array<uint8_t, kFrameHeadBytes> frame_{};
  std::optional<std::string> listener_;  // what is wrong with it; empty: nothing
  bool loop_answered_ = false;
};

LivenessCheck::LivenessCheck(asio::io_context& io, LivenessOptions options)
    : io_(io), options_(std::move(options)), tls_(asio::ssl::context::tls_client) {
  tls_.set_verify_mode(asio::ssl::verify_none);
}

LivenessCheck::~LivenessCheck() = default;

void LivenessCheck::Run(Callback done) {
  waiting_.push_back(std::move(done));
  if (round_) return;
  round_ = std::make_shared<Round>(io_, options_, tls_,
                                   [this](const std::string& failure) { OnEnd(failure); });
  round_->Start();
}

void LivenessCheck::OnEnd(const std::string& failure) {
  round_.reset();
  for (Callback& done : std::exchange(waiting_, {})) done(failure);
}

}  // namespace enos::gateway
