#ifndef ENOS_BENCH_BASELINE_POST_LOOP_H_
#define ENOS_BENCH_BASELINE_POST_LOOP_H_

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace enos::bench {

// What is posted, again and again.
struct PostOptions {
  std::string url;
  std::string body;
  std::vector<std::string> headers;  // "Name: value"
  std::string ca_file;               // PEM; empty: the system's
  std::size_t in_flight = 1;         // each has its own connection, which is kept
  bool http2 = false;                // all share one connection instead (TLS only)
};

// What came of one Run.
struct PostResult {
  std::size_t answered = 0;         // HTTP 200 with a body
  std::size_t failed = 0;           // everything else
  std::vector<int64_t> latency_us;  // of the answered ones, in no order
};

// Posts the same body over libcurl's multi interface (HTTP/1.1 without multiplexing, as the
// gateway, or HTTP/2 with it), with a fixed number in flight. What a call costs here is what
// libcurl costs when it is used as well as we know how: every option is set once, when a handle is
// made; curl_multi_socket_action on epoll with what is ready, so that libcurl need not ask; the
// watch of a kept connection stays armed between requests; a timer that is due runs before the loop
// waits; few transfers in each multi handle, because libcurl searches all connections of one for a
// free one. One thread, as the gateway's upstream loop; not thread-safe.
class PostLoop {
 public:
  explicit PostLoop(PostOptions options);
  PostLoop(const PostLoop&) = delete;
  PostLoop& operator=(const PostLoop&) = delete;
  ~PostLoop();

  // Makes so many calls and returns when the last one has ended. Connections stay for the next Run.
  PostResult Run(std::size_t calls);

 private:
  using Clock = std::chrono::steady_clock;

  struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  // A multi handle, with a few transfers and their connections.
  struct Multi {
    CURLM* handle = nullptr;
    bool timer_set = false;
    Clock::time_point timer_due;
  };

  // By descriptor. What epoll was told may be more than what libcurl wants.
  struct Socket {
    Multi* multi = nullptr;
    int wanted = CURL_POLL_REMOVE;
    uint32_t watched = 0;  // EPOLLIN, EPOLLOUT; 0: epoll does not know it
  };

  struct Transfer {
    std::unique_ptr<CURL, FreeHandle> handle;
    Multi* multi = nullptr;
    std::size_t answer_bytes = 0;
    Clock::time_point began;
  };

  static int OnSocket(CURL* handle, curl_socket_t fd, int what, void* self, void* known);
  static int OnTimer(CURLM* handle, long timeout_ms, void* data);
  static int OnClose(void* self, curl_socket_t socket);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* transfer);

  Multi& AddMulti();
  void Prepare(Transfer& transfer);
  void Start(Transfer& transfer);
  Socket& At(curl_socket_t socket);
  void Watch(curl_socket_t fd, uint32_t events);
  int WaitMs() const;
  void Step();
  void RunTimers();
  void OnReady(curl_socket_t fd, uint32_t events);
  void Act(Multi& multi, curl_socket_t socket, int what);
  void Take(CURL* handle, CURLcode code);

  const PostOptions options_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  int epoll_ = -1;
  std::deque<Multi> multis_;        // their addresses stay
  std::deque<Transfer> transfers_;  // likewise
  std::vector<Socket> sockets_;
  std::size_t to_start_ = 0;
  std::size_t running_ = 0;
  PostResult result_;
};

}  // namespace enos::bench

#endif  // ENOS_BENCH_BASELINE_POST_LOOP_H_
