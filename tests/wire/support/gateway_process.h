#ifndef ENOS_TESTS_WIRE_SUPPORT_GATEWAY_PROCESS_H_
#define ENOS_TESTS_WIRE_SUPPORT_GATEWAY_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace enos::gateway::testing {

// The program enos-flow-gateway in a process of its own.
class GatewayProcess {
 public:
  // Starts it and waits until it listens. `listen` may name port 0.
  GatewayProcess(const std::string& enos_url, const std::string& listen,
                 std::vector<std::string> flags = {});
  ~GatewayProcess();  // kills it
  GatewayProcess(const GatewayProcess&) = delete;
  GatewayProcess& operator=(const GatewayProcess&) = delete;

  // host:port; empty where it did not start.
  const std::string& address() const { return address_; }

  // SIGKILL, and waits for its end.
  void Kill();

 private:
  void ReadAddress();

  pid_t pid_ = -1;
  int log_ = -1;  // its standard error
  std::string address_;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_GATEWAY_PROCESS_H_
