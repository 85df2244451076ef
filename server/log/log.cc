#include "server/log/log.h"

#include <poll.h>
#include <pthread.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/logger.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "server/log/log_line.h"
#include "server/log/log_sink.h"

namespace enos::gateway {

namespace log_internal {
std::atomic<int> g_level{kOff};
}  // namespace log_internal

namespace {

// Long enough for a batch under load, too short for a person to notice.
constexpr std::chrono::milliseconds kRest{2};

struct Backend {
  LogFormat format = LogFormat::kLogfmt;
  std::shared_ptr<spdlog::logger> logger;
  std::shared_ptr<LogSink> sink;
  // Null when synchronous. The last member, so that its thread has ended before the others go.
  std::shared_ptr<spdlog::details::thread_pool> pool;
};

struct State {
  std::mutex mutex;  // held only to copy or replace `backend`, never while writing
  std::shared_ptr<Backend> backend;
  // Logs whose writer was stuck when they were stopped; kept forever, because their thread uses
  // them.
  std::vector<std::shared_ptr<Backend>> left_behind;
};

// Never destroyed: threads of libraries may log until the process exits.
State& TheState() {
  static State& state = *new State;
  return state;
}

std::shared_ptr<Backend> ReplaceBackend(std::shared_ptr<Backend> next) {
  const std::lock_guard<std::mutex> lock(TheState().mutex);
  return std::exchange(TheState().backend, std::move(next));
}

std::shared_ptr<Backend> CurrentBackend() {
  const std::lock_guard<std::mutex> lock(TheState().mutex);
  return TheState().backend;
}

std::shared_ptr<Backend> MakeBackend(LogOptions options) {
  auto backend = std::make_shared<Backend>();
  backend->format = options.format;
  if (options.synchronous) {
    backend->sink =
        std::make_shared<LogSink>(std::move(options.writer), options.format, LogQueue());
    backend->logger = std::make_shared<spdlog::logger>("gateway", backend->sink);
  } else {
    backend->pool = std::make_shared<spdlog::details::thread_pool>(
        options.queue_lines, 1, [] { pthread_setname_np(pthread_self(), "enos-log"); });
    // The sink is used on the pool's own thread, which ends before the pool does.
    auto* const pool = backend->pool.get();
    backend->sink =
        std::make_shared<LogSink>(std::move(options.writer), options.format,
                                  LogQueue{[pool] { return pool->overrun_counter(); },
                                           [pool] { return pool->queue_size(); }, kRest});
    backend->logger = std::make_shared<spdlog::async_logger>(
        "gateway", backend->sink, backend->pool, spdlog::async_overflow_policy::overrun_oldest);
  }
  backend->logger->set_level(spdlog::level::trace);  // LogEnabled has decided before
  return backend;
}

// Ends a log that is no longer the current one.
bool Retire(std::shared_ptr<Backend> backend, std::chrono::milliseconds wait) {
  if (backend == nullptr) return true;
  backend->logger->flush();
  if (backend->sink->WaitForFlush(wait)) return true;
  // Destroying the pool would wait for its thread, which waits for the stuck writer.
  const std::lock_guard<std::mutex> lock(TheState().mutex);
  TheState().left_behind.push_back(std::move(backend));
  return false;
}

// Masked before it is escaped and truncated: otherwise an escaped or halved secret would slip
// through.
class Masked {
 public:
  explicit Masked(std::string_view text) : text_(text) {
    const SecretMask& mask = KnownSecrets();
    if (text.size() < mask.shortest()) return;  // most texts: neither copied nor searched
    masked_ = text;
    mask.Apply(&masked_);
    text_ = masked_;
  }
  Masked(const Masked&) = delete;
  Masked& operator=(const Masked&) = delete;

  std::string_view text() const { return text_; }

 private:
  std::string masked_;
  std::string_view text_;
};

template <typename Fields>
void LogFields(LogLevel level, std::string_view event, const Fields& fields) {
  if (!LogEnabled(level)) return;
  const std::shared_ptr<Backend> backend = CurrentBackend();
  if (backend == nullptr) return;
  LogLine line(backend->format, level, Masked(event).text());
  for (const LogField& field : fields) {
    if (const auto* text = std::get_if<std::string_view>(&field.value())) {
      line.Add(field.key(), Masked(*text).text());
    } else {
      line.Add(field);
    }
  }
  // spdlog's level is not used here; the line has its own.
  backend->logger->log(spdlog::level::info, spdlog::string_view_t(line.text()));
}

}  // namespace

void WriteToStderr(std::string_view lines) {
  while (!lines.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, lines.data(), lines.size());
    if (written > 0) {
      lines.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {  // somebody else made the terminal or pipe non-blocking
      pollfd stderr_fd{STDERR_FILENO, POLLOUT, 0};
      ::poll(&stderr_fd, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
}

void StartLog(LogOptions options) {
  const int level = static_cast<int>(options.level);
  Retire(ReplaceBackend(MakeBackend(std::move(options))), std::chrono::milliseconds(0));
  log_internal::g_level.store(level, std::memory_order_relaxed);
}

bool StopLog(std::chrono::milliseconds wait) {
  log_internal::g_level.store(log_internal::kOff, std::memory_order_relaxed);
  return Retire(ReplaceBackend(nullptr), wait);
}

uint64_t LostLogLines() {
  const std::shared_ptr<Backend> backend = CurrentBackend();
  return backend != nullptr && backend->pool != nullptr ? backend->pool->overrun_counter() : 0;
}

void SetLogLevel(LogLevel level) {
  const std::lock_guard<std::mutex> lock(TheState().mutex);
  if (TheState().backend != nullptr)
    log_internal::g_level.store(static_cast<int>(level), std::memory_order_relaxed);
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  LogFields(level, event, fields);
}

void Log(LogLevel level, std::string_view event, const std::vector<LogField>& fields) {
  LogFields(level, event, fields);
}

}  // namespace enos::gateway
