#include "regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace enos::flow {
namespace {

absl::Status SystemError(int error) { return absl::InvalidArgumentError(strerror(error)); }

absl::StatusOr<std::string> ReadOpened(int file, size_t max_bytes) {
  struct stat about{};
  if (fstat(file, &about) != 0) return SystemError(errno);
  if (S_ISDIR(about.st_mode)) return SystemError(EISDIR);
  if (!S_ISREG(about.st_mode)) return absl::InvalidArgumentError("not a regular file");
  std::string content;
  char buffer[4096];
  while (content.size() < max_bytes) {
    const ssize_t got = read(file, buffer, std::min(sizeof(buffer), max_bytes - content.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(errno);
    if (got == 0) break;
    content.append(buffer, static_cast<size_t>(got));
  }
  return content;
}

}  // namespace

absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t max_bytes) {
  // Non-blocking: opening a pipe would wait for its writer.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return SystemError(errno);
  auto content = ReadOpened(file, max_bytes);
  close(file);
  return content;
}

}  // namespace enos::flow
