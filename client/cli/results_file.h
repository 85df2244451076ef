#ifndef ENOS_FLOW_CLI_RESULTS_FILE_H_
#define ENOS_FLOW_CLI_RESULTS_FILE_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace enos::flow::cli {

// The file that a batch's records are appended to, locked against other commands for as long as
// this object lives. For one thread.
class ResultsFile {
 public:
  // Creates the file, or opens one with earlier records. An incomplete last line, left by a full
  // disk or a host that crashed in the middle of a write, is ignored, and cut off by the first
  // Append: its writer was not told that it had been written, so nothing depended on it. Errors say
  // what is wrong, without the file's name.
  static absl::StatusOr<std::unique_ptr<ResultsFile>> Open(const std::string& path);
  ~ResultsFile();
  ResultsFile(const ResultsFile&) = delete;
  ResultsFile& operator=(const ResultsFile&) = delete;

  // The file's content when it was opened: whole lines.
  const std::string& past() const { return past_; }

  // Passes whole lines to the kernel: they survive the end of this process, however it comes.
  absl::Status Append(absl::string_view lines);
  // Append, and waits until the disk has them: they survive a crash of the host as well.
  absl::Status AppendDurably(absl::string_view lines);

 private:
  explicit ResultsFile(int descriptor) : descriptor_(descriptor) {}
  absl::Status Prepare(const std::string& path);
  absl::Status CutOffTornLine();

  const int descriptor_;
  std::string past_;
  off_t whole_ = 0;    // the bytes that are whole lines
  bool torn_ = false;  // there are more than these
};

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_RESULTS_FILE_H_
