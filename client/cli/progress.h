#ifndef ENOS_FLOW_CLI_PROGRESS_H_
#define ENOS_FLOW_CLI_PROGRESS_H_

#include <chrono>
#include <iosfwd>
#include <string>

#include "batch_runner.h"

namespace enos::flow::cli {

// "[#####.....] 512/1000  3 failed  1 unclear  16 in flight  230/s  2s left", in at most `columns`
// columns.
std::string ProgressText(const BatchCounts& counts, std::chrono::milliseconds elapsed, int columns);

// Keeps one line of a terminal up to date, at most ten times a second.
class ProgressBar {
 public:
  ProgressBar(std::ostream& terminal, int columns) : terminal_(terminal), columns_(columns) {}

  void Show(const BatchCounts& counts, std::chrono::steady_clock::time_point now);
  // Clears the line, for others to write.
  void Clear();

 private:
  std::ostream& terminal_;
  const int columns_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_PROGRESS_H_
