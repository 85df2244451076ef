#include "server/base/read_file.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace enos::gateway {
namespace {

absl::Status SystemError() {
  return absl::UnavailableError(std::generic_category().message(errno));
}

absl::Status NotRegular() { return absl::UnavailableError("not a regular file"); }

absl::StatusOr<Secret> ReadOpened(int file, size_t max_bytes) {
  struct stat about{};
  if (::fstat(file, &about) != 0) return SystemError();
  if (!S_ISREG(about.st_mode)) return NotRegular();
  const auto size = static_cast<size_t>(about.st_size);
  if (size > max_bytes)
    return absl::UnavailableError(absl::StrCat("larger than ", max_bytes, " bytes"));
  // Never grows, which would leave bytes behind; the extra byte detects a file that grows.
  std::string content(size + 1, '\0');
  size_t have = 0;
  while (have < content.size()) {
    const ssize_t got = ::read(file, content.data() + have, content.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      absl::Status error = SystemError();
      WipeString(content);
      return error;
    }
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  const bool grew = have > size;
  content.resize(have);
  Secret secret = Secret::TakeFrom(content);
  if (grew) return absl::UnavailableError("being written");
  return secret;
}

}  // namespace

absl::StatusOr<Secret> ReadWholeFile(const std::string& path, size_t max_bytes) {
  // Non-blocking, because a pipe without a writer would block the reader; and a terminal must not
  // become the controlling one, whose hang-up ends this process.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0 && errno == ENXIO) return NotRegular();  // a socket, or a device without a driver
  if (file < 0) return SystemError();
  absl::StatusOr<Secret> content = ReadOpened(file, max_bytes);
  ::close(file);
  return content;
}

absl::StatusOr<FileContents> ReadFilesTogether(const std::vector<std::string>& paths,
                                               size_t max_bytes) {
  FileContents contents;
  contents.reserve(paths.size());
  for (const std::string& path : paths) {
    absl::StatusOr<Secret> content = ReadWholeFile(path, max_bytes);
    if (!content.ok()) {
      return absl::UnavailableError(
          absl::StrCat("\"", path, "\": ", std::string(content.status().message())));
    }
    contents.push_back(*std::move(content));
  }
  return contents;
}

}  // namespace enos::gateway
