#include "server/log/log_line.h"

#include <array>
#include <charconv>
#include <variant>

#include "server/log/log_format.h"

namespace enos::gateway {
namespace {

// Size of most lines; the longest common one is the access log's.
constexpr size_t kUsualBytes = 640;

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return "trace";
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

// Padded so that events are aligned; a warning may stand out.
void AppendPadded(std::string_view level, std::string* line) {
  constexpr size_t kColumn = 6;
  line->append(level);
  line->append(level.size() < kColumn ? kColumn - level.size() : 1, ' ');
}

template <typename Number>
void AppendNumber(Number number, std::string* line) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  line->append(digits.data(), end);
}

}  // namespace

LogLine::LogLine(LogFormat format, LogLevel level, std::string_view event) : format_(format) {
  line_.reserve(kUsualBytes);
  if (format_ == LogFormat::kJson) {
    line_.append(R"("level":")").append(LevelName(level)).append(R"(","event":)");
    AppendLogJson(event, &line_);
  } else {
    AppendPadded(LevelName(level), &line_);
    AppendLogEvent(event, &line_);
  }
}

void LogLine::AddKey(std::string_view key) {
  line_.append(format_ == LogFormat::kJson ? ",\"" : " ");
  AppendLogKey(key, &line_);
  line_.append(format_ == LogFormat::kJson ? "\":" : "=");
}

void LogLine::Add(std::string_view key, std::string_view text) {
  AddKey(key);
  if (format_ == LogFormat::kJson) {
    AppendLogJson(text, &line_);
  } else {
    AppendLogValue(text, &line_);
  }
}

void LogLine::Add(const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value())) {
    Add(field.key(), *text);
    return;
  }
  AddKey(field.key());
  if (const auto* flag = std::get_if<bool>(&field.value())) {
    line_.append(*flag ? "true" : "false");
  } else if (const auto* number = std::get_if<int64_t>(&field.value())) {
    AppendNumber(*number, &line_);
  } else if (const auto* positive = std::get_if<uint64_t>(&field.value())) {
    AppendNumber(*positive, &line_);
  } else {
    AddMilliseconds(std::get<LogMilliseconds>(field.value()).span);
  }
}

// With integers: exact, and cheaper than floating point.
void LogLine::AddMilliseconds(std::chrono::nanoseconds span) {
  constexpr int64_t kMicrosPerMilli = 1000;
  int64_t micros = std::chrono::duration_cast<std::chrono::microseconds>(span).count();
  if (micros < 0) {
    line_.push_back('-');
    micros = -micros;
  }
  AppendNumber(micros / kMicrosPerMilli, &line_);
  const int64_t rest = micros % kMicrosPerMilli;
  line_.push_back('.');
  line_.push_back(static_cast<char>('0' + rest / 100));
  line_.push_back(static_cast<char>('0' + rest / 10 % 10));
  line_.push_back(static_cast<char>('0' + rest % 10));
}

}  // namespace enos::gateway
