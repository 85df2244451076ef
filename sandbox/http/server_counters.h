// Counts what an HttpServer saw, and lets a test wait for a count instead of sleeping.
#ifndef ENOS_SANDBOX_HTTP_SERVER_COUNTERS_H_
#define ENOS_SANDBOX_HTTP_SERVER_COUNTERS_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace enos::sandbox {

struct ServerCounts {
  std::uint64_t connections_opened = 0;      // accepted since the start
  std::uint64_t connections_open = 0;        // of these, not yet closed by the server
  std::uint64_t handshakes_failed = 0;       // TLS: the client refused or broke off
  std::uint64_t request_heads_seen = 0;      // head complete; the body may be missing
  std::uint64_t requests_received = 0;       // complete requests
  std::uint64_t requests_broken_off = 0;     // the client went away inside a request's head or body
  std::uint64_t bytes_of_body_received = 0;  // of complete requests
};

// Thread-safe.
class ServerCounters {
 public:
  // A guard against a test that would hang, not a time that matters to its outcome.
  static constexpr std::chrono::seconds kGuard{30};

  ServerCounts Get() const;
  // Applies a change and wakes the waiters.
  void Update(const std::function<void(ServerCounts&)>& change);
  // True as soon as the condition holds; false when the guard ran out.
  bool WaitUntil(const std::function<bool(const ServerCounts&)>& condition,
                 std::chrono::milliseconds guard = kGuard) const;

  // At least so many (complete requests, heads, connections accepted) since the start.
  bool WaitForRequests(std::uint64_t count, std::chrono::milliseconds guard = kGuard) const;
  bool WaitForHeads(std::uint64_t count, std::chrono::milliseconds guard = kGuard) const;
  bool WaitForConnections(std::uint64_t count, std::chrono::milliseconds guard = kGuard) const;
  // Exactly so many open now.
  bool WaitForOpenConnections(std::uint64_t count, std::chrono::milliseconds guard = kGuard) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  ServerCounts counts_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_HTTP_SERVER_COUNTERS_H_
