#include "token_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace enos::flow {
namespace {

// Closed at the end of the scope.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  const int value_;
};

absl::Status Problem(const std::string& path, absl::string_view what) {
  // Giving the token itself instead of a path is an easy mistake, and it must not be shown. A JWT
  // begins with `{"` in base64.
  if (absl::StartsWith(path, "eyJ")) {
    return absl::InvalidArgumentError("token_file: expected the path of a file, not a token");
  }
  return absl::InvalidArgumentError(absl::StrCat("token_file=", path, ": ", what));
}

absl::Status CannotBeRead(const std::string& path, int error) {
  return Problem(path, absl::StrCat("cannot be read (", strerror(error), ")"));
}

// Up to `most` bytes; false and errno if that fails.
bool ReadUpTo(int descriptor, size_t most, std::string& content) {
  content.resize(most);
  size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = read(descriptor, content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  content.resize(size);
  return true;
}

}  // namespace

absl::StatusOr<std::string> ReadTokenFile(const std::string& path) {
  // Non-blocking: opening a pipe would wait for its writer.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (file.value() < 0 || fstat(file.value(), &status) != 0) return CannotBeRead(path, errno);
  if (S_ISDIR(status.st_mode)) return CannotBeRead(path, EISDIR);
  if (!S_ISREG(status.st_mode)) {
    return Problem(path, "expected a file, because it is reread for each call");
  }
  constexpr size_t kMaxBytes = kMaxTokenBytes + 2;  // a line ending may follow
  std::string token;
  if (!ReadUpTo(file.value(), kMaxBytes + 1, token)) return CannotBeRead(path, errno);
  const bool too_large = token.size() > kMaxBytes;
  absl::StripTrailingAsciiWhitespace(&token);
  if (token.empty()) return Problem(path, "is empty, expected a token");
  if (too_large || token.size() > kMaxTokenBytes) {
    return Problem(path, absl::StrCat("expected a token of at most ", kMaxTokenBytes, " bytes"));
  }
  const auto printable = [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); };
  if (!std::all_of(token.begin(), token.end(), printable)) {
    return Problem(path, "expected a single token: printable ASCII characters, no blanks");
  }
  return token;
}

absl::Status CheckTokenFileUse(const ClientOptions& options) {
  if (options.token_file.empty() || UsesTls(options.channel) ||
      IsLoopbackAddress(options.channel.address)) {
    return absl::OkStatus();
  }
  return Problem(options.token_file,
                 absl::StrCat("a token is not sent in plaintext to another machine (",
                              options.channel.address, "), expected TLS"));
}

}  // namespace enos::flow
