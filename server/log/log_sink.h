#ifndef ENOS_SERVER_LOG_LOG_SINK_H_
#define ENOS_SERVER_LOG_LOG_SINK_H_

#include <spdlog/sinks/base_sink.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>

#include "server/log/log.h"

namespace enos::gateway {

// What a sink knows about the queue that feeds it. Thread-safe.
struct LogQueue {
  std::function<size_t()> lost_lines = [] { return size_t{0}; };  // dropped so far
  std::function<size_t()> waiting = [] { return size_t{0}; };     // in it now
  // How long the sink lets lines collect after it has written.
  std::chrono::milliseconds rest{0};
};

// spdlog's end of the log: adds the time to each line and passes it to the writer. Internal to
// log.cc.
//
// Lines in quick succession are written together: a system call for each, and a wake-up of this
// thread, would cost more than everything else the log does for a call. So lines are collected
// while others wait, and after writing the thread rests briefly, so that more can arrive.
class LogSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  LogSink(LogWriter writer, LogFormat format, LogQueue queue);

  // Waits until `flush` has gone through the queue. False if it has not within `wait`.
  bool WaitForFlush(std::chrono::milliseconds wait);

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;

 private:
  void Append(const spdlog::details::log_msg& message);
  void Write();
  void TellOfLostLines(const spdlog::details::log_msg& next);

  const LogWriter writer_;
  const LogFormat format_;
  const LogQueue queue_;
  spdlog::memory_buf_t lines_;  // not yet written
  size_t lost_lines_told_ = 0;

  std::mutex flush_mutex_;  // not base_sink's, which is held while the writer is stuck
  std::condition_variable flush_done_;
  bool flushed_ = false;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LOG_LOG_SINK_H_
