#include "server/config/sources.h"

#include <absl/status/status.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "server/config/values.h"

namespace enos::gateway {
namespace {

absl::Status SystemError() {
  return absl::UnavailableError(std::generic_category().message(errno));
}

// Reads up to `content`'s size and shrinks it to what came.
absl::Status Fill(int file, std::string* content) {
  size_t have = 0;
  while (have < content->size()) {
    const ssize_t got = ::read(file, content->data() + have, content->size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError();
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  content->resize(have);
  return absl::OkStatus();
}

}  // namespace

std::optional<std::string> LookUpEnvironment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(WithoutLineBreak(value));
}

absl::StatusOr<std::string> ReadFileStart(const std::string& path, size_t limit) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return SystemError();
  std::string content(limit, '\0');
  absl::Status status = Fill(file, &content);
  ::close(file);
  if (!status.ok()) return status;
  return content;
}

}  // namespace enos::gateway
