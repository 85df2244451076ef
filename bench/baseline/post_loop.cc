#include "bench/baseline/post_loop.h"

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

constexpr std::size_t kMaxTransfers = 64;  // of a multi handle, as the gateway

// A benchmark that cannot be set up has nothing to measure.
void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "baseline-post: %s failed\n", what);
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
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  Require(epoll_ >= 0, "epoll_create1");
  for (std::size_t i = 0; i < options_.in_flight; ++i) {
    // All that share an HTTP/2 connection are in one.
    if (options_.http2 ? i == 0 : i % kMaxTransfers == 0) AddMulti();
    Transfer& transfer = transfers_.emplace_back();
    transfer.multi = &multis_.back();
    Prepare(transfer);
  }
}

PostLoop::~PostLoop() {
  transfers_.clear();
  for (const Multi& multi : multis_) curl_multi_cleanup(multi.handle);
  close(epoll_);
}

PostLoop::Multi& PostLoop::AddMulti() {
  Multi& multi = multis_.emplace_back();
  multi.handle = curl_multi_init();
  Require(multi.handle != nullptr, "curl_multi_init");
  SetOption(multi.handle, CURLMOPT_SOCKETFUNCTION, &PostLoop::OnSocket);
  SetOption(multi.handle, CURLMOPT_SOCKETDATA, this);
  SetOption(multi.handle, CURLMOPT_TIMERFUNCTION, &PostLoop::OnTimer);
  SetOption(multi.handle, CURLMOPT_TIMERDATA, &multi);
  SetOption(multi.handle, CURLMOPT_PIPELINING,
            options_.http2 ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING);
  SetOption(multi.handle, CURLMOPT_MAXCONNECTS, static_cast<long>(kMaxTransfers));
  return multi;
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
  SetOption(easy, CURLOPT_CLOSESOCKETFUNCTION, &PostLoop::OnClose);
  SetOption(easy, CURLOPT_CLOSESOCKETDATA, this);
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
  Require(curl_multi_add_handle(transfer.multi->handle, transfer.handle.get()) == CURLM_OK,
          "curl_multi_add_handle");
}

PostLoop::Socket& PostLoop::At(curl_socket_t socket) {
  const auto index = static_cast<std::size_t>(socket);
  if (index >= sockets_.size()) sockets_.resize(index + 1);
  return sockets_[index];
}

int PostLoop::OnSocket(CURL* handle, curl_socket_t fd, int what, void* self, void* /*known*/) {
  auto& loop = *static_cast<PostLoop*>(self);
  Socket& socket = loop.At(fd);
  socket.wanted = what;
  if (what == CURL_POLL_REMOVE) {
    // Mostly a connection that is kept: its watch for reading stays.
    if ((socket.watched & EPOLLOUT) != 0) loop.Watch(fd, socket.watched & EPOLLIN);
    return 0;
  }
  Transfer* transfer = nullptr;
  Require(curl_easy_getinfo(handle, CURLINFO_PRIVATE, &transfer) == CURLE_OK, "CURLINFO_PRIVATE");
  socket.multi = transfer->multi;
  uint32_t events = socket.watched & EPOLLIN;
  if (what != CURL_POLL_OUT) events |= static_cast<uint32_t>(EPOLLIN);
  if (what != CURL_POLL_IN) events |= static_cast<uint32_t>(EPOLLOUT);
  loop.Watch(fd, events);
  return 0;
}

void PostLoop::Watch(curl_socket_t fd, uint32_t events) {
  Socket& socket = At(fd);
  if (events == socket.watched) return;
  const int operation = events == 0           ? EPOLL_CTL_DEL
                        : socket.watched == 0 ? EPOLL_CTL_ADD
                                              : EPOLL_CTL_MOD;
  epoll_event event{};
  event.data.fd = fd;
  event.events = events;
  Require(epoll_ctl(epoll_, operation, fd, &event) == 0, "epoll_ctl");
  socket.watched = events;
}

int PostLoop::OnClose(void* self, curl_socket_t socket) {
  static_cast<PostLoop*>(self)->At(socket) = {};  // epoll forgets it, too
  return close(socket);
}

int PostLoop::OnTimer(CURLM* /*handle*/, long timeout_ms, void* data) {
  auto& multi = *static_cast<Multi*>(data);
  multi.timer_set = timeout_ms >= 0;
  multi.timer_due = Clock::now() + std::chrono::milliseconds(timeout_ms);
  return 0;
}

std::size_t PostLoop::OnBody(char* /*data*/, std::size_t size, std::size_t count, void* transfer) {
  static_cast<Transfer*>(transfer)->answer_bytes += size * count;
  return size * count;
}

// For epoll_wait: -1 is for ever.
int PostLoop::WaitMs() const {
  auto due = Clock::time_point::max();
  for (const Multi& multi : multis_) {
    if (multi.timer_set) due = std::min(due, multi.timer_due);
  }
  if (due == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now()).count();
  return static_cast<int>(std::max<int64_t>(left, 0));
}

void PostLoop::Step() {
  RunTimers();
  if (running_ == 0) return;
  constexpr int kEvents = 256;
  std::array<epoll_event, kEvents> events{};
  const int count = epoll_wait(epoll_, events.data(), kEvents, WaitMs());
  Require(count >= 0 || errno == EINTR, "epoll_wait");
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    OnReady(event.data.fd, event.events);
  }
}

// A transfer that was added begins with a timer that is due at once.
void PostLoop::RunTimers() {
  const auto now = Clock::now();
  for (Multi& multi : multis_) {
    if (!multi.timer_set || multi.timer_due > now) continue;
    multi.timer_set = false;
    Act(multi, CURL_SOCKET_TIMEOUT, 0);
  }
}

void PostLoop::OnReady(curl_socket_t fd, uint32_t events) {
  const Socket& socket = At(fd);
  if (socket.wanted == CURL_POLL_REMOVE) {  // it would be reported forever
    if (socket.watched != 0) Watch(fd, 0);
    return;
  }
  int what = 0;
  if ((events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
  Act(*socket.multi, fd, what);
}

void PostLoop::Act(Multi& multi, curl_socket_t socket, int what) {
  int left = 0;
  Require(curl_multi_socket_action(multi.handle, socket, what, &left) == CURLM_OK,
          "curl_multi_socket_action");
  while (const CURLMsg* message = curl_multi_info_read(multi.handle, &left)) {
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
  Require(curl_multi_remove_handle(transfer->multi->handle, handle) == CURLM_OK,
          "curl_multi_remove_handle");
  --running_;
  if (to_start_ > 0) Start(*transfer);
}

}  // namespace enos::bench
