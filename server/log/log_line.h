#ifndef ENOS_SERVER_LOG_LOG_LINE_H_
#define ENOS_SERVER_LOG_LOG_LINE_H_

#include <string>
#include <string_view>

#include "server/log/log.h"

namespace enos::gateway {

// One log line without its time, in either format. What is added has been masked. Internal to the
// log.
class LogLine {
 public:
  LogLine(LogFormat format, LogLevel level, std::string_view event);

  void Add(const LogField& field);
  void Add(std::string_view key, std::string_view text);

  const std::string& text() const { return line_; }

 private:
  void AddKey(std::string_view key);
  void AddMilliseconds(std::chrono::nanoseconds span);

  const LogFormat format_;
  std::string line_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LOG_LOG_LINE_H_
