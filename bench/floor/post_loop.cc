#include "bench/floor/post_loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace enos::bench {
namespace {

// A benchmark that cannot be set up has nothing to measure.
void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "floor-post: %s failed\n", what);
  std::exit(1);
}

template <typename T>
void SetOption(CURL* handle, CURLoption option, T value) {
  Require(curl_easy_setopt(handle, option, value) == CURLE_OK, "curl_easy_setopt");
}

template <typename T>
void SetOption(CURLM* multi, CURLMoption option, T value) {
  Require(curl_multi_setopt(multi, option, value) == CURLM_OK, "curl_multi_setopt");
}

curl_slist* MakeList(const std::vector<std::string>& lines) {
  curl_slist* list = nullptr;
  for (const std::string& line : lines) {
    list = curl_slist_append(list, line.c_str());
    Require(list != nullptr, "curl_slist_append");
  }
  return list;
}

}  // namespace

PostLoop::PostLoop(PostOptions options)
    : options_(std::move(options)),
      headers_(MakeList(options_.headers)),
      multi_(curl_multi_init()),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  Require(multi_ != nullptr, "curl_multi_init");
  Require(epoll_ >= 0, "epoll_create1");
  SetOption(multi_, CURLMOPT_SOCKETFUNCTION, &PostLoop::OnSocket);
  SetOption(multi_, CURLMOPT_SOCKETDATA, this);
  SetOption(multi_, CURLMOPT_TIMERFUNCTION, &PostLoop::OnTimer);
  SetOption(multi_, CURLMOPT_TIMERDATA, this);
  SetOption(multi_, CURLMOPT_PIPELINING,
            long{options_.http2 ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING});
  SetOption(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.in_flight));
  for (std::size_t i = 0; i < options_.in_flight; ++i) Prepare(transfers_.emplace_back());
}

PostLoop::~PostLoop() {
  transfers_.clear();
  curl_multi_cleanup(multi_);
  close(epoll_);
}

void PostLoop::Prepare(Transfer& transfer) {
  CURL* easy = curl_easy_init();
  Require(easy != nullptr, "curl_easy_init");
  transfer.handle.reset(easy);
  SetOption(easy, CURLOPT_NOSIGNAL, 1L);
  SetOption(easy, CURLOPT_PRIVATE, &transfer);
  SetOption(easy, CURLOPT_HTTP_VERSION,
            long{options_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1});
  if (options_.http2) SetOption(easy, CURLOPT_PIPEWAIT, 1L);  // for the one connection
  SetOption(easy, CURLOPT_URL, options_.url.c_str());
  SetOption(easy, CURLOPT_HTTPHEADER, headers_.get());
  SetOption(easy, CURLOPT_POST, 1L);
  SetOption(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(options_.body.size()));
  SetOption(easy, CURLOPT_POSTFIELDS, options_.body.data());  // not copied by libcurl
  SetOption(easy, CURLOPT_WRITEFUNCTION, &PostLoop::OnBody);
  SetOption(easy, CURLOPT_WRITEDATA, &transfer);
  if (!options_.ca_file.empty()) SetOption(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
}

PostResult PostLoop::Run(std::size_t calls) {
  result_ = {};
  result_.latency_us.reserve(calls);
  to_start_ = calls;
  for (Transfer& transfer : transfers_) {
    if (to_start_ > 0) Start(transfer);
  }
  while (running_ > 0) Step();
  return std::exchange(result_, {});
}

void PostLoop::Start(Transfer& transfer) {
  --to_start_;
  ++running_;
  transfer.answer_bytes = 0;
  transfer.began = Clock::now();
  Require(curl_multi_add_handle(multi_, transfer.handle.get()) == CURLM_OK,
          "curl_multi_add_handle");
}

int PostLoop::OnSocket(CURL* /*handle*/, curl_socket_t socket, int what, void* self, void* known) {
  static_cast<PostLoop*>(self)->Watch(socket, what, known != nullptr);
  return 0;
}

void PostLoop::Watch(curl_socket_t socket, int what, bool known) {
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);  // may be closed, and so gone, already
    return;
  }
  epoll_event event{};
  event.data.fd = socket;
  if (what != CURL_POLL_OUT) event.events |= static_cast<uint32_t>(EPOLLIN);
  if (what != CURL_POLL_IN) event.events |= static_cast<uint32_t>(EPOLLOUT);
  const int operation = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  Require(epoll_ctl(epoll_, operation, socket, &event) == 0, "epoll_ctl");
  if (!known) {
    Require(curl_multi_assign(multi_, socket, this) == CURLM_OK, "curl_multi_assign");
  }
}

int PostLoop::OnTimer(CURLM* /*multi*/, long timeout_ms, void* self) {
  auto& loop = *static_cast<PostLoop*>(self);
  loop.timer_set_ = timeout_ms >= 0;
  loop.timer_due_ = Clock::now() + std::chrono::milliseconds(timeout_ms);
  return 0;
}

std::size_t PostLoop::OnBody(char* /*data*/, std::size_t size, std::size_t count, void* transfer) {
  static_cast<Transfer*>(transfer)->answer_bytes += size * count;
  return size * count;
}

// For epoll_wait: -1 is for ever.
int PostLoop::WaitMs() const {
  if (!timer_set_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(timer_due_ - Clock::now()).count();
  return static_cast<int>(std::max<int64_t>(left, 0));
}

void PostLoop::Step() {
  constexpr int kEvents = 256;
  std::array<epoll_event, kEvents> events{};
  const int count = epoll_wait(epoll_, events.data(), kEvents, WaitMs());
  Require(count >= 0 || errno == EINTR, "epoll_wait");
  int still_running = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    int what = 0;
    if ((event.events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
    Require(curl_multi_socket_action(multi_, event.data.fd, what, &still_running) == CURLM_OK,
            "curl_multi_socket_action");
  }
  if (timer_set_ && Clock::now() >= timer_due_) {
    timer_set_ = false;
    Require(curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &still_running) == CURLM_OK,
            "curl_multi_socket_action");
  }
  Reap();
}

void PostLoop::Reap() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-union-access): libcurl's way of giving the result
    Take(message->easy_handle, message->data.result);  // the message is gone afterwards
  }
}

void PostLoop::Take(CURL* handle, CURLcode code) {
  Transfer* transfer = nullptr;
  Require(curl_easy_getinfo(handle, CURLINFO_PRIVATE, &transfer) == CURLE_OK, "CURLINFO_PRIVATE");
  long status = 0;
  Require(curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK,
          "CURLINFO_RESPONSE_CODE");
  if (code == CURLE_OK && status == 200 && transfer->answer_bytes > 0) {
    ++result_.answered;
    const auto took = Clock::now() - transfer->began;
    result_.latency_us.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  } else {
    ++result_.failed;
  }
  Require(curl_multi_remove_handle(multi_, handle) == CURLM_OK, "curl_multi_remove_handle");
  --running_;
  if (to_start_ > 0) Start(*transfer);
}

}  // namespace enos::bench
