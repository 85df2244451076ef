#ifndef ENOS_SERVER_HTTP_CURL_MULTI_H_
#define ENOS_SERVER_HTTP_CURL_MULTI_H_

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "server/http/curl_transfer.h"
#include "server/loop/event_loop.h"
#include "server/loop/fd_watch.h"

namespace enos::gateway {

// One of libcurl's multi handles with a few connections and the easy handles that use them, driven
// by an EventLoop through curl_multi_socket_action: the cost of a wake-up does not grow with the
// number of transfers.
//
// Only a few, because libcurl finds a free connection by searching all that the multi handle has:
// with thousands in one, that alone takes half of the processor.
//
// Loop thread only; or constructed before the loop starts and destroyed after it stopped.
class CurlMulti {
 public:
  static constexpr int kMaxTransfers = 64;  // and as many connections

  struct Events {
    // Called with each transfer that ended by itself: take its result, then Release it.
    std::function<void(CurlTransfer& transfer, CURLcode code)> on_done;
    // A connection is being opened.
    std::function<void()> on_opened;
  };

  // Both `loop` and `share`, which may be null, must outlive this object.
  CurlMulti(EventLoop& loop, const CurlTransferOptions& options, CURLSH* share, Events events);
  ~CurlMulti();  // transfers that still run end without a callback
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  bool has_room() const { return running_ < kMaxTransfers; }
  bool idle() const { return running_ == 0; }

  // Whether there was a transfer since the last call of this function.
  bool TakeWasUsed() { return std::exchange(was_used_, running_ > 0); }

  // A transfer to be prepared and started; returned by Release. Needs room.
  CurlTransfer& Acquire();
  void Start(CurlTransfer& transfer);
  // A transfer that ended by itself and NeedsOtherConnection.
  void StartAgain(CurlTransfer& transfer);
  // Ends a transfer at once if it still runs.
  void Release(CurlTransfer& transfer);

  // A connection identified by its endpoints, as libcurl reports them.
  struct Ends {
    std::string_view peer_ip;
    int local_port;
  };
  // Whether a transfer that is about to write its request may do so on that connection. Not if the
  // connection has something to read, is closed, or is to be closed.
  bool Claim(CurlTransfer& transfer, const Ends& ends);

  // Closes connections to peers other than these: idle ones now, others after their transfer,
  // including those that transfers started with older addresses have yet to open.
  void RetireOthers(const absl::flat_hash_set<std::string>& peer_ips);
  // Closes idle connections that have received nothing since then.
  void RetireSilent(SteadyTime since);

 private:
  struct Socket {
    std::unique_ptr<FdWatch> watch;
    int wanted = CURL_POLL_NONE;  // what it watches for
    bool is_connection = false;   // opened, and closed, through our functions
    int local_port = 0;           // 0: no transfer has claimed it yet
    std::string peer_ip;
    CurlTransfer* user = nullptr;  // the transfer that uses it; null: idle
    bool retired = false;          // to be closed after its transfer
    SteadyTime answered_at;        // when it was last known to work
  };

  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* self, void* socket);
  static int OnTimer(CURLM* multi, long timeout_ms, void* self);
  static curl_socket_t OnOpenSocket(void* data, curlsocktype purpose, curl_sockaddr* address);
  static int OnCloseSocket(void* self, curl_socket_t fd);

  void Watch(curl_socket_t fd, int what);
  curl_socket_t Find(const Ends& ends);
  bool Has(curl_socket_t fd, Socket& socket, const Ends& ends);
  void Retire(curl_socket_t fd, Socket& socket);
  void SocketAction(curl_socket_t fd, int events);
  void ReportDone();

  EventLoop& loop_;
  const CurlTransferOptions options_;
  CURLSH* const share_;
  const Events events_;
  CURLM* const multi_;
  TimerId timer_ = 0;
  int running_ = 0;
  bool was_used_ = false;
  std::vector<std::unique_ptr<CurlTransfer>> transfers_;  // all transfers
  std::vector<CurlTransfer*> free_;
  absl::flat_hash_map<curl_socket_t, Socket> sockets_;
  absl::flat_hash_set<std::string> peer_ips_;  // see RetireOthers; empty: any
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_CURL_MULTI_H_
