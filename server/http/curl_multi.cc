#include "server/http/curl_multi.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

#include "server/http/curl_check.h"
#include "server/http/quiet_connection.h"

namespace enos::gateway {
namespace {

// Initializes libcurl once for the process; its clean-up at exit is left to the system.
CURLM* NewMulti() {
  static const CURLcode kInitialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  Require(kInitialized == CURLE_OK, "curl_global_init");
  CURLM* multi = curl_multi_init();
  Require(multi != nullptr, "curl_multi_init");
  return multi;
}

int LocalPort(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  // The port is at the same offset in both families.
  sockaddr_in address{};
  std::memcpy(&address, &storage, sizeof(address));
  return ntohs(address.sin_port);
}

// In libcurl's format. Empty while it is not connected.
std::string PeerIp(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  sockaddr_in ipv4{};
  sockaddr_in6 ipv6{};
  std::memcpy(&ipv4, &storage, sizeof(ipv4));
  std::memcpy(&ipv6, &storage, sizeof(ipv6));
  const void* const address = storage.ss_family == AF_INET
                                  ? static_cast<const void*>(&ipv4.sin_addr)
                                  : static_cast<const void*>(&ipv6.sin6_addr);
  std::array<char, INET6_ADDRSTRLEN> text{};
  const char* const written =
      ::inet_ntop(storage.ss_family, address, text.data(), static_cast<socklen_t>(text.size()));
  return written != nullptr ? written : "";
}

}  // namespace

CurlMulti::CurlMulti(EventLoop& loop, const CurlTransferOptions& options, CURLSH* share,
                     Events events)
    : loop_(loop),
      options_(options),
      share_(share),
      events_(std::move(events)),
      multi_(NewMulti()) {
  SetMultiOption(multi_, CURLMOPT_SOCKETFUNCTION, &CurlMulti::OnSocket);
  SetMultiOption(multi_, CURLMOPT_SOCKETDATA, this);
  SetMultiOption(multi_, CURLMOPT_TIMERFUNCTION, &CurlMulti::OnTimer);
  SetMultiOption(multi_, CURLMOPT_TIMERDATA, this);
  SetMultiOption(multi_, CURLMOPT_MAXCONNECTS, long{kMaxTransfers});
  SetMultiOption(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
}

CurlMulti::~CurlMulti() {
  loop_.Cancel(timer_);
  // The easy handles first: they may hold the multi's resources. The sockets of kept-alive
  // connections are closed with the multi, and report that to this object.
  for (const auto& transfer : transfers_) curl_multi_remove_handle(multi_, transfer->handle());
  transfers_.clear();
  curl_multi_cleanup(multi_);
}

CurlTransfer& CurlMulti::Acquire() {
  ++running_;
  was_used_ = true;
  if (!free_.empty()) {
    CurlTransfer& transfer = *free_.back();
    free_.pop_back();
    return transfer;
  }
  transfers_.push_back(std::make_unique<CurlTransfer>(options_));
  CurlTransfer& transfer = *transfers_.back();
  transfer.multi = this;
  CURL* const easy = transfer.handle();
  SetOption(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlMulti::OnOpenSocket);
  SetOption(easy, CURLOPT_OPENSOCKETDATA, &transfer);
  SetOption(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlMulti::OnCloseSocket);
  SetOption(easy, CURLOPT_CLOSESOCKETDATA, this);
  if (share_ != nullptr) SetOption(easy, CURLOPT_SHARE, share_);
  return transfer;
}

void CurlMulti::Start(CurlTransfer& transfer) {
  Require(curl_multi_add_handle(multi_, transfer.handle()) == CURLM_OK, "a transfer");
}

void CurlMulti::StartAgain(CurlTransfer& transfer) {
  curl_multi_remove_handle(multi_, transfer.handle());
  transfer.Rewind();
  Start(transfer);
}

void CurlMulti::Release(CurlTransfer& transfer) {
  curl_multi_remove_handle(multi_, transfer.handle());
  // It may have been closed by now, and its number reused by another transfer.
  const auto found = sockets_.find(transfer.socket);
  if (found != sockets_.end() && found->second.user == &transfer) {
    found->second.user = nullptr;
    if (transfer.AnswerBegan()) found->second.answered_at = loop_.Now();
    if (found->second.retired) Retire(found->first, found->second);
  }
  transfer.Clear();
  free_.push_back(&transfer);
  --running_;
}

bool CurlMulti::Claim(CurlTransfer& transfer, const Ends& ends) {
  const curl_socket_t fd = Find(ends);
  // A new, unknown connection needs no check; a reused one does.
  if (fd == CURL_SOCKET_BAD) return transfer.opened_connection;
  curl_tlssessioninfo* tls = nullptr;
  Require(curl_easy_getinfo(transfer.handle(), CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK,
          "CURLINFO_TLS_SSL_PTR");
  Socket& socket = sockets_[fd];
  if (socket.retired && !transfer.opened_connection) return false;
  // Inside another session its records cannot be told apart.
  if (!transfer.never_kept() && !IsQuiet(fd, static_cast<SSL*>(tls->internals))) return false;
  socket.user = &transfer;
  transfer.socket = fd;
  transfer.sent_at = loop_.Now();
  return true;
}

// The descriptor of a connection; libcurl does not report it while a transfer runs.
curl_socket_t CurlMulti::Find(const Ends& ends) {
  for (auto& [fd, socket] : sockets_) {
    if (socket.is_connection && Has(fd, socket, ends)) return fd;
  }
  return CURL_SOCKET_BAD;
}

// Ports are shared by connections to different peers.
bool CurlMulti::Has(curl_socket_t fd, Socket& socket, const Ends& ends) {
  if (socket.local_port != 0) {
    return socket.local_port == ends.local_port && socket.peer_ip == ends.peer_ip;
  }
  if (LocalPort(fd) != ends.local_port || PeerIp(fd) != ends.peer_ip) return false;
  socket.local_port = ends.local_port;
  socket.peer_ip = ends.peer_ip;
  socket.retired = !peer_ips_.empty() && !peer_ips_.contains(socket.peer_ip);
  return true;
}

void CurlMulti::RetireOthers(const absl::flat_hash_set<std::string>& peer_ips) {
  peer_ips_ = peer_ips;
  for (auto& [fd, socket] : sockets_) {
    if (socket.local_port != 0 && !peer_ips.contains(socket.peer_ip)) Retire(fd, socket);
  }
}

void CurlMulti::RetireSilent(SteadyTime since) {
  for (auto& [fd, socket] : sockets_) {
    const bool idle = socket.local_port != 0 && socket.user == nullptr;
    if (idle && socket.answered_at < since) Retire(fd, socket);
  }
}

// libcurl closes it when it next looks for a connection; the peer should know now.
void CurlMulti::Retire(curl_socket_t fd, Socket& socket) {
  socket.retired = true;
  if (socket.user == nullptr) ::shutdown(fd, SHUT_RDWR);
}

curl_socket_t CurlMulti::OnOpenSocket(void* data, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<CurlTransfer*>(data);
  if (!transfer.MayConnect()) return CURL_SOCKET_BAD;
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  // libcurl 7.88 closes a connection that is still being established without notice, and may reuse
  // the number for the next one without saying again what to watch, because it is the same.
  CurlMulti& multi = *transfer.multi;
  const int wanted = std::exchange(multi.sockets_[fd], Socket()).wanted;
  multi.sockets_[fd].is_connection = true;
  if (wanted != CURL_POLL_NONE) multi.Watch(fd, wanted);
  transfer.opened_connection = true;
  transfer.multi->events_.on_opened();
  return fd;
}

int CurlMulti::OnCloseSocket(void* self, curl_socket_t fd) {
  static_cast<CurlMulti*>(self)->sockets_.erase(fd);
  return close(fd);
}

int CurlMulti::OnSocket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& multi = *static_cast<CurlMulti*>(self);
  if (what != CURL_POLL_REMOVE) {
    multi.Watch(fd, what);
    return 0;
  }
  // The watch of an established connection stays for its next use, until OnCloseSocket. Whatever
  // else libcurl had watched (an unestablished one, its resolver's descriptors) it closes without
  // notice.
  Socket& socket = multi.sockets_[fd];
  socket.wanted = CURL_POLL_NONE;
  if (!socket.is_connection) {
    multi.sockets_.erase(fd);
  } else if (socket.local_port == 0) {
    socket.watch.reset();
  } else if (socket.watch) {
    socket.watch->Want(false, false);
  }
  return 0;
}

void CurlMulti::Watch(curl_socket_t fd, int what) {
  Socket& socket = sockets_[fd];
  if (!socket.watch) {
    socket.watch = std::make_unique<FdWatch>(loop_, fd, [this, fd](bool readable, bool writable) {
      SocketAction(fd, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
    });
  }
  socket.wanted = what;
  socket.watch->Want((what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
}

int CurlMulti::OnTimer(CURLM*, long timeout_ms, void* self) {
  auto& multi = *static_cast<CurlMulti*>(self);
  multi.loop_.Cancel(std::exchange(multi.timer_, 0));
  if (timeout_ms >= 0) {
    multi.timer_ = multi.loop_.RunAfter(std::chrono::milliseconds(timeout_ms), [&multi] {
      multi.timer_ = 0;
      multi.SocketAction(CURL_SOCKET_TIMEOUT, 0);
    });
  }
  return 0;
}

void CurlMulti::SocketAction(curl_socket_t fd, int events) {
  int running = 0;
  Require(curl_multi_socket_action(multi_, fd, events, &running) == CURLM_OK, "a socket action");
  ReportDone();
}

void CurlMulti::ReportDone() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // Read it now: the message is gone once the handle is removed. The union is libcurl's.
    const CURLcode code = message->data.result;  // NOLINT(cppcoreguidelines-pro-type-union-access)
    CurlTransfer* done = nullptr;
    Require(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &done) == CURLE_OK,
            "CURLINFO_PRIVATE");
    events_.on_done(*done, code);
  }
}

}  // namespace enos::gateway
