#ifndef ENOS_TESTS_SUPPORT_PROGRAMS_H_
#define ENOS_TESTS_SUPPORT_PROGRAMS_H_

#include <string>
#include <vector>

#include "tests/support/process.h"

namespace enos {

// The keys of a sandbox that was told no others.
inline constexpr char kAccessKey[] = "sandbox-key";
inline constexpr char kSecretKey[] = "sandbox-secret";

// What starts a gateway in front of `enos_url`: a free port, no metrics port, no drain delay, and
// the keys above; `more` comes last.
ProcessOptions GatewayOptions(const std::string& enos_url, std::vector<std::string> more = {});

// A running gateway.
class GatewayProcess : public Process {
 public:
  explicit GatewayProcess(ProcessOptions options);
  // host:port; empty, and the test fails, when it does not come to listen.
  const std::string& address() const { return address_; }
  // Of /metrics, /livez and /readyz; empty unless it was started with --metrics_listen.
  const std::string& metrics_address() const { return metrics_address_; }

 private:
  std::string address_;
  std::string metrics_address_;
};

// A running sandbox; it takes a free port.
class SandboxProcess : public Process {
 public:
  explicit SandboxProcess(std::vector<std::string> flags = {});
  // http://host:port; empty, and the test fails, when it does not come up.
  const std::string& url() const { return url_; }
  // The body of GET `path`, for example "/_sandbox/calls".
  std::string View(const std::string& path) const;

 private:
  std::string url_;
};

// What starts the command-line client.
ProcessOptions FlowCommand(std::vector<std::string> arguments);

// The command `enos-flow trigger --address=... <flags>`, run to its end.
struct CommandResult {
  int status = -1;  // -1: not by itself
  std::string out;
  std::string err;
};
CommandResult Trigger(const std::string& address, std::vector<std::string> flags);

}  // namespace enos

#endif  // ENOS_TESTS_SUPPORT_PROGRAMS_H_
