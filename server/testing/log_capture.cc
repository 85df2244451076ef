#include "server/testing/log_capture.h"

#include <utility>

namespace enos::gateway {

LogCapture::LogCapture(LogLevel level) {
  LogOptions options;
  options.level = level;
  options.synchronous = true;
  options.writer = [written = written_](std::string_view line) {
    const std::lock_guard<std::mutex> lock(written->mutex);
    written->lines.emplace_back(line);
  };
  StartLog(std::move(options));
}

LogCapture::~LogCapture() { StopLog(std::chrono::milliseconds(0)); }

std::vector<std::string> LogCapture::Lines() const {
  constexpr size_t kTimeLength = sizeof("2026-11-22T21:00:00.123Z");  // with the space after it
  const std::lock_guard<std::mutex> lock(written_->mutex);
  std::vector<std::string> lines;
  for (const std::string& line : written_->lines)
    lines.push_back(line.substr(kTimeLength, line.size() - kTimeLength - 1));
  return lines;
}

std::string LogCapture::Text() const {
  const std::lock_guard<std::mutex> lock(written_->mutex);
  std::string text;
  for (const std::string& line : written_->lines) text += line;
  return text;
}

}  // namespace enos::gateway
