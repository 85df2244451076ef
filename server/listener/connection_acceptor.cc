#include "server/listener/connection_acceptor.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "server/base/descriptors.h"
#include "server/log/log.h"

namespace enos::gateway {
namespace {

// Out of descriptors or memory: wait for some to be freed instead of spinning.
constexpr std::chrono::milliseconds kAcceptAgain{100};
// When full, how often to check which connections are closed: one system call for each.
constexpr std::chrono::milliseconds kLookAgain{100};

}  // namespace

ConnectionAcceptor::~ConnectionAcceptor() { Stop(); }

std::error_code ConnectionAcceptor::Listen(const std::string& host, uint16_t port) {
  if (const auto error = MakeWake()) return error;
  return socket_.Listen(host, port);
}

std::error_code ConnectionAcceptor::ListenAt(const std::string& path) {
  if (const auto error = MakeWake()) return error;
  return socket_.ListenAt(path);
}

std::error_code ConnectionAcceptor::MakeWake() {
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_ < 0) return {errno, std::generic_category()};
  return {};
}

void ConnectionAcceptor::Start(HandOver hand_over) {
  hand_over_ = std::move(hand_over);
  if (is_watched_) watch_.Start();
  thread_ = std::thread([this] { Run(); });
}

void ConnectionAcceptor::Stop() {
  ending_ = true;
  if (thread_.joinable()) {
    ::eventfd_write(wake_, 1);
    thread_.join();
  }
  socket_.Close();
  if (wake_ >= 0) ::close(std::exchange(wake_, -1));
}

void ConnectionAcceptor::Run() {
  pthread_setname_np(pthread_self(), "enos-accept");
  while (!ending_) {
    std::array<pollfd, 2> waiting{{{wake_, POLLIN, 0}, {socket_.fd(), POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), -1);
    if (AcceptAll()) continue;
    Report("the process is out of descriptors or memory: it waits");
    WaitForWake(kAcceptAgain);
  }
}

// False, with errno, if the system lacks the resources to accept.
bool ConnectionAcceptor::AcceptAll() {
  while (!ending_) {
    const int fd = ::accept4(socket_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      Take(fd);
    } else if (errno == EAGAIN) {
      return true;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return false;
    }
  }
  return true;
}

void ConnectionAcceptor::Take(int fd) {
  connections_.Forget(fd);
  // accept takes the lowest free number: at least that many are in use.
  const bool is_reserve = static_cast<uint64_t>(fd) + kReserved >= DescriptorLimit();
  const char* const refused = is_reserve             ? "too few descriptors: it is closed"
                              : !HasRoom()           ? "too many connections: it is closed"
                              : watch_.is_critical() ? "too little memory: it is closed"
                                                     : nullptr;
  full_ = refused != nullptr && !is_reserve;
  if (refused != nullptr) {
    ::close(fd);
    Report(refused);
    return;
  }
  Report(nullptr);
  connections_.Add(fd);
  watch_.Wake();
  hand_over_(fd);
}

// Once per change: there may be thousands of them.
void ConnectionAcceptor::Report(const char* refused) {
  if (std::exchange(refusing_, refused) == refused) return;
  if (refused == nullptr) return Log(LogLevel::kInfo, "connections are accepted again");
  Log(LogLevel::kWarning, "connection not accepted",
      {{"because", refused}, {"max_connections", max_connections_}});
}

bool ConnectionAcceptor::HasRoom() {
  if (connections_.size() < max_connections_) return true;
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < kLookAgain) return false;
  looked_ = now;
  connections_.ForgetClosed();
  return connections_.size() < max_connections_;
}

void ConnectionAcceptor::WaitForWake(std::chrono::milliseconds wait) {
  pollfd waiting{wake_, POLLIN, 0};
  ::poll(&waiting, 1, static_cast<int>(wait.count()));
}

}  // namespace enos::gateway
