#include "server/log/log_sink.h"

#include <spdlog/pattern_formatter.h>

#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include "server/log/log_line.h"

namespace enos::gateway {
namespace {

// The maximum written at once, plus at most one line.
constexpr size_t kBatchBytes = size_t{64} << 10;

}  // namespace

LogSink::LogSink(LogWriter writer, LogFormat format, LogQueue queue)
    : base_sink(std::make_unique<spdlog::pattern_formatter>(
          format == LogFormat::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})"
                                     : "%Y-%m-%dT%H:%M:%S.%eZ %v",
          spdlog::pattern_time_type::utc, "\n")),
      writer_(std::move(writer)),
      format_(format),
      queue_(std::move(queue)) {}

bool LogSink::WaitForFlush(std::chrono::milliseconds wait) {
  std::unique_lock<std::mutex> lock(flush_mutex_);
  return flush_done_.wait_for(lock, wait, [this] { return flushed_; });
}

void LogSink::sink_it_(const spdlog::details::log_msg& message) {
  TellOfLostLines(message);
  Append(message);
  if (queue_.waiting() > 0 && lines_.size() < kBatchBytes) return;
  Write();
  // Not if the queue is already full.
  if (queue_.waiting() == 0) std::this_thread::sleep_for(queue_.rest);
}

void LogSink::flush_() {
  Write();
  const std::lock_guard<std::mutex> lock(flush_mutex_);
  flushed_ = true;
  flush_done_.notify_all();
}

void LogSink::Append(const spdlog::details::log_msg& message) {
  formatter_->format(message, lines_);
}

void LogSink::Write() {
  if (lines_.size() > 0) writer_(std::string_view(lines_.data(), lines_.size()));
  lines_.clear();
}

void LogSink::TellOfLostLines(const spdlog::details::log_msg& next) {
  const size_t lost = queue_.lost_lines();
  if (lost == lost_lines_told_) return;
  LogLine line(format_, LogLevel::kWarning, "log lines lost");
  line.Add({"count", lost - lost_lines_told_});
  lost_lines_told_ = lost;
  Append({next.time, next.source, next.logger_name, spdlog::level::warn, line.text()});
}

}  // namespace enos::gateway
