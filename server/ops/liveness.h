#ifndef ENOS_SERVER_OPS_LIVENESS_H_
#define ENOS_SERVER_OPS_LIVENESS_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/base/address.h"
#include "server/base/scheduler.h"

namespace enos::gateway {

// What the listener speaks.
enum class LivenessTls {
  kOff,
  kOn,
  kHandshakeOnly,  // clients need a certificate, and the check has none
};

struct LivenessOptions {
  ListenAddress grpc;  // where the gRPC listener is; an unspecified address means loopback
  LivenessTls tls = LivenessTls::kOff;
  // Runs a task on the upstream event loop; called on the check's thread.
  std::function<void(Task)> post;
  // Whether the listener closes connections at once because it has enough of them: that also counts
  // as an answer, or probes would kill a process for being busy. Thread-safe.
  std::function<bool()> full = [] { return false; };
  std::chrono::milliseconds timeout{2000};  // for everything together
};

// Whether this process works, seen from outside: opens a real connection to its gRPC listener and
// waits for the HTTP/2 server preface (a SETTINGS frame, RFC 9113 section 3.4), and has the
// upstream event loop run a task. With TLS the handshake comes first; the certificate is not
// checked (a liveness check that fails on an expired one would only kill the process). If clients
// need a certificate, the check stops after the handshake: with TLS 1.3 its last message, the
// server's Finished, comes before the client has to present one, so the check never needs a key.
// Why a real connection: a listener can be dead while everything else looks alive (gRPC 1.51's own
// never accepts again after one EMFILE). Says nothing about EnOS.
//
// Used on the one thread that runs `io`, which must no longer run when this is destroyed. The loop
// must no longer run when `io` is destroyed; tasks that it still holds do no harm.
class LivenessCheck {
 public:
  // Receives what is wrong, one line, or nothing.
  using Callback = absl::AnyInvocable<void(const std::string& failure)>;

  LivenessCheck(boost::asio::io_context& io, LivenessOptions options);
  ~LivenessCheck();
  LivenessCheck(const LivenessCheck&) = delete;
  LivenessCheck& operator=(const LivenessCheck&) = delete;

  // Calls back once, never synchronously, after the time-out at the latest. A caller that asks
  // while a check is running gets the result of that one.
  void Run(Callback done);

 private:
  class Round;

  void OnEnd(const std::string& failure);

  boost::asio::io_context& io_;
  const LivenessOptions options_;
  boost::asio::ssl::context tls_;
  std::shared_ptr<Round> round_;
  std::vector<Callback> waiting_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_OPS_LIVENESS_H_
