#ifndef ENOS_SERVER_GATEWAY_H_
#define ENOS_SERVER_GATEWAY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "server/base/random.h"
#include "server/config/settings.h"

namespace enos::gateway {

// The whole gateway, wired up: gRPC server, upstream event loop, token, connections. main.cc and
// the end-to-end tests run the same one. Used from one thread.
class Gateway {
 public:
  // `random` is called here and, later, on the loop's thread. The log must already be running.
  Gateway(Settings settings, const RandomSource& random);
  ~Gateway();  // stops without a drain delay
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // Listens, serves, and starts fetching a token. An error's message is one line that names the
  // setting whose address or database is not available, or (InvalidArgument) whose file is not
  // valid; in that case nothing was served.
  absl::Status Start();

  // The address of the RPC port, with the actual port.
  std::string address() const;
  // The address of /livez and /readyz, likewise; empty if they are not served.
  std::string metrics_address() const;

  // Reports NOT_SERVING from now on (and /readyz 503), for load balancers to see, while calls are
  // still served.
  void StopServing();

  // Refuses new calls and returns when the open ones are answered and the sent ones have ended,
  // after the drain timeout at the latest. /livez and /readyz keep answering until then.
  void Drain();

 private:
  struct Parts;
  Settings settings_;  // except for the keys, which the parts hold
  std::unique_ptr<Parts> parts_;
  bool running_ = false;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_GATEWAY_H_
