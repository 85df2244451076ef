#include "tests/soak/keys/cutting_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

namespace enos::soak {
namespace {

constexpr int kTickMs = 50;
// Longer than a gateway waits for the database (5 s).
constexpr std::chrono::milliseconds kUntilLate{5500};
constexpr std::chrono::seconds kPatience{10};

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int Connect(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

bool WaitToRead(int fd, int milliseconds) {
  pollfd one{fd, POLLIN, 0};
  return poll(&one, 1, milliseconds) > 0;
}

// What is there; empty: the end.
std::string Read(int fd) {
  std::string bytes(65536, '\0');
  const ssize_t count = recv(fd, bytes.data(), bytes.size(), 0);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

bool Write(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// A message has a letter and a length, which counts itself.
std::size_t LengthOf(const std::string& bytes) {
  if (bytes.size() < 5) return 5;
  std::size_t length = 0;
  for (std::size_t i = 1; i < 5; ++i) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  return length + 1;
}

// Until the database says that it is ready for the next one, or ends.
void AwaitAnswer(int server) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  std::string last;
  while (std::chrono::steady_clock::now() < give_up) {
    if (!WaitToRead(server, kTickMs)) continue;
    const std::string bytes = Read(server);
    if (bytes.empty()) return;
    last += bytes;
    if (last.size() >= 6 && last[last.size() - 6] == 'Z') return;
  }
}

}  // namespace

const char* CuttingProxy::NameOf(Cut cut) {
  static constexpr const char* kNames[] = {"before the statement", "in the middle of it",
                                           "after its last byte", "its answer lost",
                                           "done after the gateway gave up"};
  return kNames[cut];
}

CuttingProxy::CuttingProxy(std::uint16_t to_port, std::uint64_t seed)
    : to_port_(to_port), random_(seed) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || listen(listener_, 128) != 0 ||
      getsockname(listener_, generic, &size) != 0)
    return;
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

CuttingProxy::~CuttingProxy() {
  ended_ = true;
  if (acceptor_.joinable()) acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  close(listener_);
}

void CuttingProxy::Accept() {
  while (!ended_) {
    if (!WaitToRead(listener_, kTickMs)) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) connections_.emplace_back([this, client] { Serve(client); });
  }
}

void CuttingProxy::Serve(int client) {
  const int server = Connect(to_port_);
  bool in_session = false;  // before it are messages of another form, for TLS and the login
  while (server >= 0 && !ended_) {
    pollfd both[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (poll(both, 2, kTickMs) <= 0) continue;
    if (both[1].revents != 0) {
      const std::string bytes = Read(server);
      if (bytes.empty() || !Write(client, bytes)) break;
      in_session = in_session || (bytes.size() >= 6 && bytes[bytes.size() - 6] == 'Z');
    }
    if (both[0].revents != 0 && !ToServer(client, server, in_session)) break;
  }
  // Half of them as a reset.
  bool reset = false;
  {
    const std::lock_guard lock(mutex_);
    reset = random_() % 2 == 0;
  }
  const linger at_once{1, 0};
  if (reset) setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(client);
  if (server >= 0) close(server);
}

// False: the connection is to end.
bool CuttingProxy::ToServer(int client, int server, bool& in_session) {
  std::string message = Read(client);
  if (message.empty()) return false;
  while (in_session && message.size() < LengthOf(message)) {
    const std::string more = Read(client);
    if (more.empty()) return false;
    message += more;
  }
  Cut cut = kBefore;
  if (!in_session || !Draw(cut)) return Write(server, message);
  DoCut(cut, client, server, message);
  return false;
}

bool CuttingProxy::Draw(Cut& cut) {
  const std::lock_guard lock(mutex_);
  ++messages_;
  if (static_cast<int>(random_() % 1000) >= permille_) return false;
  // The late one is rare: it keeps a gateway's store waiting for seconds.
  cut = random_() % 20 == 0 ? kLate : static_cast<Cut>(random_() % kLate);
  return true;
}

void CuttingProxy::DoCut(Cut cut, int client, int server, const std::string& message) {
  ++cuts_.at(cut);
  switch (cut) {
    case kBefore:
      return;
    case kMiddle:
      Write(server, std::string_view(message).substr(0, message.size() / 2));
      return;
    case kAfter:
      Write(server, message);
      return;
    case kAnswerLost:
      Write(server, message);
      return AwaitAnswer(server);
    default:
      break;
  }
  const auto late = std::chrono::steady_clock::now() + kUntilLate;
  while (!ended_ && std::chrono::steady_clock::now() < late) {
    if (WaitToRead(client, kTickMs) && Read(client).empty()) break;  // it gave up
  }
  Write(server, message);
  AwaitAnswer(server);
}

}  // namespace enos::soak
