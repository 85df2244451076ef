#ifndef ENOS_SERVER_LOG_LOG_H_
#define ENOS_SERVER_LOG_LOG_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "server/base/secret_mask.h"

namespace enos::gateway {

// The gateway's log: one event is one line of readable text with named fields, to stderr; or one
// line of JSON, with the same names.
//
//   2026-11-22T21:00:00.123Z info  call failed flow_id=3377 reason=ENOS_TIMEOUT execution=UNKNOWN
//   {"time":"2026-11-22T21:00:00.123Z","level":"info","event":"call failed","flow_id":3377,...}
//
//   Log(LogLevel::kInfo, "call failed", {{"flow_id", id}, {"reason", name}});
//
// Why spdlog: it is the well-maintained asynchronous logger in Debian 12, with what is needed here:
// a bounded queue that drops its oldest lines instead of making the writer wait, and a cheap UTC
// clock format. What it lacks, fields and escaping, is ours (log_format.h). Abseil's log is not in
// this Debian, and gRPC's own has no fields and writes synchronously.
//
// Logging never makes the caller wait for the reader of the log: a full queue drops its oldest
// lines, and a line "log lines lost" says how many as soon as the log is read again.
// Everything here is thread-safe, except that StartLog and StopLog must not run at the same time.

enum class LogLevel { kTrace, kDebug, kInfo, kWarning, kError };

enum class LogFormat { kLogfmt, kJson };

// A time span, written in milliseconds with three decimals.
struct LogMilliseconds {
  explicit LogMilliseconds(std::chrono::nanoseconds value) : span(value) {}
  std::chrono::nanoseconds span;
};

// One named value. Views the texts it is given, which must live until Log returns (temporaries in
// the call do). Only a bool, an integer, a text or LogMilliseconds compiles; a Secret does not.
class LogField {
 public:
  using Value = std::variant<std::string_view, int64_t, uint64_t, bool, LogMilliseconds>;

  template <typename T>
  LogField(std::string_view key, const T& value) : key_(key), value_(Convert(value)) {}

  std::string_view key() const { return key_; }
  const Value& value() const { return value_; }

 private:
  template <typename T>
  static Value Convert(const T& value) {
    if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, LogMilliseconds>) {
      return value;
    } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
      return static_cast<int64_t>(value);
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<uint64_t>(value);
    } else {
      static_assert(std::is_convertible_v<const T&, std::string_view>,
                    "a log field holds a text, an integer, a bool or LogMilliseconds");
      return std::string_view(value);
    }
  }

  std::string_view key_;
  Value value_;
};

// Receives complete lines with their line breaks, several at once when they come fast, on the log's
// thread. May block.
using LogWriter = std::function<void(std::string_view lines)>;

// Writes whole lines to standard error, without stdio. What cannot be written is dropped.
void WriteToStderr(std::string_view lines);

struct LogOptions {
  LogLevel level = LogLevel::kInfo;  // lines below it are not written
  LogFormat format = LogFormat::kLogfmt;
  LogWriter writer = &WriteToStderr;  // tests put their own here
  size_t queue_lines = 8192;  // lines waiting for the writer; with more, the oldest are dropped
  bool synchronous = false;   // call the writer from within Log, line by line: for tests
};

// Starts the log (and its thread: block signals first). Until then, and after StopLog, lines are
// dropped. A running log is replaced as if stopped without waiting.
void StartLog(LogOptions options);

// Writes what is queued, for at most `wait`, and stops the log. False if the writer did not finish
// in time: the rest is lost, and its thread is abandoned, without keeping the process from exiting.
bool StopLog(std::chrono::milliseconds wait);

// How many lines the running log's queue has dropped so far.
uint64_t LostLogLines();

// Changes the level of the running log.
void SetLogLevel(LogLevel level);

namespace log_internal {
inline constexpr int kOff = 1000;
extern std::atomic<int> g_level;
}  // namespace log_internal

// Whether a line of this level is written. Log checks this itself; check it before work that only
// serves the line.
inline bool LogEnabled(LogLevel level) {
  return static_cast<int>(level) >= log_internal::g_level.load(std::memory_order_relaxed);
}

// Writes one event. `event` is a fixed text of the program ("call failed"); anything variable goes
// into fields. Values are masked (KnownSecrets), then escaped and truncated (log_format.h).
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
void Log(LogLevel level, std::string_view event, const std::vector<LogField>& fields);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LOG_LOG_H_
