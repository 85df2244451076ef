#include "server/http/quiet_connection.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>

namespace enos::gateway {
namespace {

// Makes OpenSSL read from the socket itself while this object lives: libcurl's own I/O layer (a
// BIO) works only inside libcurl's calls.
class DirectSocket {
 public:
  DirectSocket(SSL* tls, int socket)
      : tls_(tls), read_(SSL_get_rbio(tls)), write_(SSL_get_wbio(tls)) {
    BIO_up_ref(read_);
    BIO_up_ref(write_);
    BIO* const direct = BIO_new_socket(socket, BIO_NOCLOSE);
    BIO_up_ref(direct);
    SSL_set0_rbio(tls_, direct);
    SSL_set0_wbio(tls_, direct);
  }
  ~DirectSocket() {
    SSL_set0_rbio(tls_, read_);
    SSL_set0_wbio(tls_, write_);
  }
  DirectSocket(const DirectSocket&) = delete;
  DirectSocket& operator=(const DirectSocket&) = delete;

 private:
  SSL* const tls_;
  BIO* const read_;
  BIO* const write_;
};

// Whether OpenSSL has nothing buffered: neither decrypted data nor a partial record, whose rest may
// arrive after the next request. Of a record of which only the header up to the length arrived, it
// keeps only the state.
bool IsBetweenRecords(const SSL* tls) {
  constexpr std::string_view kReadsHeader = "RH";
  return SSL_has_pending(tls) == 0 && SSL_rstate_string(tls) == kReadsHeader;
}

// Whether OpenSSL, having processed the records that have arrived, waits for more: no data, no end
// of stream.
bool WaitsForMore(int socket, SSL* tls) {
  const DirectSocket direct(tls, socket);
  ERR_clear_error();  // SSL_get_error looks there
  char byte = 0;
  const int peeked = SSL_peek(tls, &byte, sizeof(byte));
  const bool waits =
      peeked <= 0 && SSL_get_error(tls, peeked) == SSL_ERROR_WANT_READ && IsBetweenRecords(tls);
  ERR_clear_error();
  return waits;
}

}  // namespace

bool IsQuiet(int socket, SSL* tls) {
  char byte = 0;
  const ssize_t came = ::recv(socket, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
  const bool nothing_came = came < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (tls == nullptr || came == 0) return nothing_came;
  if (nothing_came && IsBetweenRecords(tls)) return true;
  return WaitsForMore(socket, tls);
}

}  // namespace enos::gateway
