#ifndef ENOS_SERVER_TESTING_LOG_CAPTURE_H_
#define ENOS_SERVER_TESTING_LOG_CAPTURE_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/log/log.h"

namespace enos::gateway {

// For tests: collects the log's lines from its construction to its destruction. Synchronous: a line
// is there as soon as Log has returned. One at a time; thread-safe.
class LogCapture {
 public:
  explicit LogCapture(LogLevel level = LogLevel::kTrace);
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  // The lines so far, without the time and the line break: "info  call failed flow_id=3377".
  std::vector<std::string> Lines() const;

  // The lines so far as they are written, one text.
  std::string Text() const;

 private:
  struct Written {
    std::mutex mutex;
    std::vector<std::string> lines;
  };
  // Shared with the writer, which a thread in the middle of Log may still be using.
  std::shared_ptr<Written> written_ = std::make_shared<Written>();
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_LOG_CAPTURE_H_
