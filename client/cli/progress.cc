#include "progress.h"

#include <algorithm>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace enos::flow::cli {
namespace {

constexpr std::chrono::milliseconds kInterval{100};
constexpr char kClearLine[] = "\r\x1b[K";
constexpr size_t kBarColumns = 24;

}  // namespace

std::string ProgressText(const BatchCounts& counts, std::chrono::milliseconds elapsed,
                         int columns) {
  const size_t ended = counts.started + counts.not_executed + counts.unknown + counts.undecided;
  const size_t total = counts.total();
  const size_t filled = total == 0 ? kBarColumns : kBarColumns * ended / total;
  std::string text = absl::StrCat("[", std::string(filled, '#'),
                                  std::string(kBarColumns - filled, '.'), "] ", ended, "/", total);
  if (counts.not_executed > 0) absl::StrAppend(&text, "  ", counts.not_executed, " failed");
  const size_t unclear = counts.unknown + counts.undecided;
  if (unclear > 0) absl::StrAppend(&text, "  ", unclear, " unclear");
  absl::StrAppend(&text, "  ", counts.in_flight, " in flight");
  const double seconds = static_cast<double>(elapsed.count()) / 1000;
  if (ended > 0 && seconds > 0) {
    const double rate = static_cast<double>(ended) / seconds;
    const auto left = absl::Seconds(static_cast<double>(total - ended) / rate);
    absl::StrAppendFormat(&text, "  %.0f/s  %s left", rate,
                          absl::FormatDuration(absl::Ceil(left, absl::Seconds(1))));
  }
  return text.substr(0, static_cast<size_t>(std::max(columns - 1, 1)));
}

void ProgressBar::Show(const BatchCounts& counts, std::chrono::steady_clock::time_point now) {
  if (shown_ && now - last_ < kInterval) return;
  if (start_ == std::chrono::steady_clock::time_point()) start_ = now;
  shown_ = true;
  last_ = now;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - start_);
  terminal_ << kClearLine << ProgressText(counts, elapsed, columns_) << std::flush;
}

void ProgressBar::Clear() {
  if (shown_) terminal_ << kClearLine << std::flush;
  shown_ = false;
}

}  // namespace enos::flow::cli
