#ifndef ENOS_TESTS_WIRE_SUPPORT_STALLED_CALLER_H_
#define ENOS_TESTS_WIRE_SUPPORT_STALLED_CALLER_H_

#include <string>
#include <string_view>

#include "tests/support/raw_http2.h"

namespace enos::gateway::testing {

// A caller that reads nothing: it announces the largest windows, asks for more than
// its socket holds, and reads nothing. What the gateway sends it later, response headers included,
// stays in the gateway. For a gateway in this process, whose end of the connection it looks at.
class StalledCaller {
 public:
  // Connects, and returns once nothing goes out any more.
  explicit StalledCaller(const std::string& address);

  // Calls UpdateAndTriggerFlow for flow 7, with this grpc-timeout ("300m"; empty: no deadline).
  void Call(const std::string& request_id, const std::string& timeout);

 private:
  int GatewaysEnd();
  void Ask(uint32_t stream);

  RawHttp2 connection_;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_STALLED_CALLER_H_
