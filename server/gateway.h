#ifndef ENOS_SERVER_GATEWAY_H_
#define ENOS_SERVER_GATEWAY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "server/base/random.h"
#include "server/config/settings.h"

namespace enos::gateway {

// The whole gateway, wired: gRPC server, upstream event loop, token, connections. main.cc and the
// end-to-end tests run the same one. Used from one thread.
class Gateway {
 public:
  // `random` is called here and, later, on the loop's thread. The log must run already.
  Gateway(Settings settings, const RandomSource& random);
  ~Gateway();  // stops without a drain delay
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // Listens, serves, and begins to fetch a token. The message of an error is one line that names
  // the setting whose address cannot be had, or (InvalidArgument) whose file is not valid; nothing
  // was served then.
  absl::Status Start();

  // Where the RPC is served, with the port that was taken.
  std::string address() const;
  // Where /livez and /readyz are served, likewise; empty when they are not.
  std::string metrics_address() const;

  // Says NOT_SERVING from now on (and /readyz 503), for load balancers to see, while calls are
  // still served.
  void StopServing();

  // Refuses new calls and returns when the open ones are answered and what was sent has ended,
  // after the drain time-out at the latest. /livez and /readyz go on until then.
  void Drain();

 private:
  struct Parts;
  Settings settings_;  // but for the keys, which the parts hold
  std::unique_ptr<Parts> parts_;
  bool running_ = false;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_GATEWAY_H_
