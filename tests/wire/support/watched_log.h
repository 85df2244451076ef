#ifndef ENOS_TESTS_WIRE_SUPPORT_WATCHED_LOG_H_
#define ENOS_TESTS_WIRE_SUPPORT_WATCHED_LOG_H_

#include <string>

#include "server/testing/log_capture.h"
#include "tests/support/wait.h"

namespace enos::gateway::testing {

// The log, waited for: a line comes when the gateway writes it.
class WatchedLog {
 public:
  bool WaitFor(const std::string& text) const {
    return WaitUntil([&] { return capture_.Text().find(text) != std::string::npos; });
  }
  std::string Text() const { return capture_.Text(); }

 private:
  LogCapture capture_;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_WATCHED_LOG_H_
