// The few places where a plain and a TLS connection differ. Internal to the library.
#ifndef ENOS_SANDBOX_HTTP_STREAM_TRAITS_H_
#define ENOS_SANDBOX_HTTP_STREAM_TRAITS_H_

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <utility>

#include "sandbox/http/server_core.h"

namespace enos::sandbox {

using PlainStream = boost::asio::ip::tcp::socket;
using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

inline PlainStream MakeStream(ServerCore*, PlainStream socket, PlainStream*) { return socket; }
inline TlsStream MakeStream(ServerCore* core, PlainStream socket, TlsStream*) {
  return TlsStream(std::move(socket), *core->tls);
}

inline PlainStream& SocketOf(PlainStream& stream) { return stream; }
inline PlainStream& SocketOf(TlsStream& stream) { return stream.next_layer(); }

template <typename Done>
void Handshake(PlainStream&, const Done& done) {
  done(boost::system::error_code());
}
template <typename Done>
void Handshake(TlsStream& stream, Done done) {
  stream.async_handshake(TlsStream::server, std::move(done));
}

// Says goodbye inside the stream (close_notify), where it has such a thing.
template <typename Done>
void Goodbye(PlainStream&, const Done& done) {
  done(boost::system::error_code());
}
template <typename Done>
void Goodbye(TlsStream& stream, Done done) {
  stream.async_shutdown(std::move(done));
}

constexpr bool IsTls(const PlainStream*) { return false; }
constexpr bool IsTls(const TlsStream*) { return true; }

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_HTTP_STREAM_TRAITS_H_
