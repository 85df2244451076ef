#ifndef ENOS_SERVER_LISTENER_CONNECTION_ACCEPTOR_H_
#define ENOS_SERVER_LISTENER_CONNECTION_ACCEPTOR_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "server/base/listening_socket.h"
#include "server/listener/connection_table.h"
#include "server/listener/inbound_watch.h"

namespace enos::gateway {

// Accepts connections on one thread and hands them over. Replaces gRPC 1.51's own listener, which
// never accepts again after one EMFILE and has no connection limit.
//
// Beyond `max_connections` open ones a new one is closed at once, so that its client can go
// elsewhere and the descriptors that calls to EnOS need stay free. So is one that would take one of
// the process's last kReserved descriptors. If there is none left at all, connections wait until
// there are some.
//
// Open connections are also watched: see InboundWatch.
//
// Used from one thread, unless noted otherwise.
class ConnectionAcceptor {
 public:
  // Receives a connected socket, non-blocking and close-on-exec, and owns it from then on. Called
  // on the acceptor's thread.
  using HandOver = std::function<void(int fd)>;

  // For what must keep working during a shortage, such as health checks.
  static constexpr uint64_t kReserved = 16;

  // `on_cut` and `sensors` are called on the watch's thread. If no unaccounted bytes are allowed
  // (kNotWatched), there is none.
  explicit ConnectionAcceptor(
      size_t max_connections, InboundLimits limits = {},
      InboundWatch::OnCut on_cut = [](CutReason) {},
      InboundSensors sensors = InboundSensors::Real())
      : max_connections_(max_connections),
        is_watched_(limits.max_unaccounted > 0),
        watch_(connections_, limits, std::move(sensors), std::move(on_cut)) {}
  ~ConnectionAcceptor();  // stops
  ConnectionAcceptor(const ConnectionAcceptor&) = delete;
  ConnectionAcceptor& operator=(const ConnectionAcceptor&) = delete;

  // See ListeningSocket::Listen.
  std::error_code Listen(const std::string& host, uint16_t port);
  // Or at a Unix-domain socket: see ListeningSocket::ListenAt.
  std::error_code ListenAt(const std::string& path);
  uint16_t port() const { return socket_.port(); }

  // After Listen, once.
  void Start(HandOver hand_over);

  // Nothing is handed over afterwards, and nothing listens. A second call does nothing. Connections
  // are watched until StopWatching or destruction.
  void Stop();
  void StopWatching() { watch_.Stop(); }

  // Whether the last connection was closed because `max_connections` was reached or memory is
  // short. Thread-safe.
  bool full() const { return full_; }

  // What was handed over.
  ConnectionTable& connections() { return connections_; }

 private:
  std::error_code MakeWake();
  void Run();
  bool AcceptAll();
  void Take(int fd);
  bool HasRoom();
  void Report(const char* refused);
  void WaitForWake(std::chrono::milliseconds wait);

  const size_t max_connections_;
  const bool is_watched_;
  ListeningSocket socket_;
  int wake_ = -1;  // eventfd: set to stop
  HandOver hand_over_;
  ConnectionTable connections_;
  InboundWatch watch_;
  std::chrono::steady_clock::time_point looked_;
  const char* refusing_ = nullptr;  // the reason, as last reported
  std::atomic<bool> full_{false};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LISTENER_CONNECTION_ACCEPTOR_H_
