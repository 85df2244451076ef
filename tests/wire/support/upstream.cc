#include "tests/wire/support/upstream.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "tests/support/wait.h"

namespace enos::gateway::testing {

Upstream::Upstream(sandbox::HttpServerOptions options) : server_(std::move(options), &handler_) {
  handler_.on_request = [this](sandbox::HttpRequest request, const sandbox::Responder& responder) {
    OnRequestReceived(std::move(request), responder);
  };
  const absl::Status started = server_.Start();
  EXPECT_TRUE(started.ok()) << started;
}

void Upstream::OnRequestReceived(sandbox::HttpRequest request,
                                 const sandbox::Responder& responder) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(std::move(request));
  if (hold_) {
    held_.push_back(responder);
    held_more_.notify_all();
  } else {
    responder.Send(answer_);
  }
}

void Upstream::AnswerWith(sandbox::Answer answer) {
  const std::lock_guard lock(mutex_);
  hold_ = false;
  answer_ = std::move(answer);
}

void Upstream::Hold() {
  const std::lock_guard lock(mutex_);
  hold_ = true;
}

bool Upstream::WaitForHeld(std::size_t count) {
  std::unique_lock lock(mutex_);
  return held_more_.wait_for(lock, kGuard, [&] { return held_.size() >= count; });
}

std::size_t Upstream::AnswerHeld(const sandbox::Answer& answer) {
  std::vector<sandbox::Responder> held;
  {
    const std::lock_guard lock(mutex_);
    held = std::exchange(held_, {});
  }
  for (const auto& responder : held) responder.Send(answer);
  return held.size();
}

void Upstream::AnswerHeldButFirst(const sandbox::Answer& answer) {
  std::vector<sandbox::Responder> held;
  {
    const std::lock_guard lock(mutex_);
    held.assign(held_.begin() + 1, held_.end());
    held_.erase(held_.begin() + 1, held_.end());
  }
  for (const auto& responder : held) responder.Send(answer);
}

std::vector<sandbox::HttpRequest> Upstream::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

RefusingPort::RefusingPort(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;  // the port may have been a server's a moment ago
  EXPECT_EQ(setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(socket_, generic, size), 0);
  EXPECT_EQ(getsockname(socket_, generic, &size), 0);
  port_ = ntohs(address.sin_port);
}

RefusingPort::~RefusingPort() { close(socket_); }

}  // namespace enos::gateway::testing
