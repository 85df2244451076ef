#include "results_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace enos::flow::cli {
namespace {

absl::Status Failed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(what, " (", strerror(errno), ")"));
}

absl::Status ReadAll(int descriptor, std::string& text) {
  char buffer[65536];
  for (;;) {
    const ssize_t size = read(descriptor, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Failed("cannot be read");
    if (size == 0) return absl::OkStatus();
    text.append(buffer, static_cast<size_t>(size));
  }
}

// True for the beginning of a record, and for the zeros that a file system may leave in place of
// one: somebody else's file must not lose its last line.
bool MayBeOfARecord(absl::string_view torn) {
  constexpr absl::string_view kBeginning = R"({"line":)";
  return torn.find_first_not_of('\0') == absl::string_view::npos ||
         absl::StartsWith(torn, kBeginning.substr(0, torn.size()));
}

// After a host crash a new file exists only if its directory was written.
void SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ResultsFile>> ResultsFile::Open(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) return Failed("cannot be opened");
  std::unique_ptr<ResultsFile> file(new ResultsFile(descriptor));
  absl::Status status = file->Prepare(path);
  if (!status.ok()) return status;
  return file;
}

ResultsFile::~ResultsFile() { close(descriptor_); }

absl::Status ResultsFile::Prepare(const std::string& path) {
  struct stat about{};
  if (fstat(descriptor_, &about) != 0) return Failed("cannot be looked at");
  if (!S_ISREG(about.st_mode)) {
    return absl::InvalidArgumentError("expected a file, because it is reread to resume");
  }
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? absl::InvalidArgumentError("another enos-flow is writing to it")
                                : Failed("cannot be locked");
  }
  absl::Status status = ReadAll(descriptor_, past_);
  if (!status.ok()) return status;
  const size_t end = past_.rfind('\n') + 1;  // 0 if there is no line
  torn_ = end != past_.size();
  if (torn_ && !MayBeOfARecord(absl::string_view(past_).substr(end))) {
    return absl::InvalidArgumentError("its last line is not a record of enos-flow trigger --batch");
  }
  past_.resize(end);
  whole_ = static_cast<off_t>(end);
  SyncFolderOf(path);
  return absl::OkStatus();
}

absl::Status ResultsFile::CutOffTornLine() {
  if (!torn_) return absl::OkStatus();
  if (ftruncate(descriptor_, whole_) != 0) {
    return Failed("cannot be written");
  }
  torn_ = false;
  return absl::OkStatus();
}

absl::Status ResultsFile::Append(absl::string_view lines) {
  absl::Status whole = CutOffTornLine();
  if (!whole.ok()) return whole;
  const off_t end = whole_ + static_cast<off_t>(lines.size());
  while (!lines.empty()) {
    const ssize_t size = write(descriptor_, lines.data(), lines.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      torn_ = true;  // perhaps
      return Failed("cannot be written");
    }
    lines.remove_prefix(static_cast<size_t>(size));
  }
  whole_ = end;
  return absl::OkStatus();
}

absl::Status ResultsFile::AppendDurably(absl::string_view lines) {
  absl::Status status = Append(lines);
  if (status.ok() && fdatasync(descriptor_) != 0) status = Failed("cannot be written to the disk");
  return status;
}

}  // namespace enos::flow::cli
