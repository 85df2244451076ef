#include "read_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <istream>
#include <iterator>
#include <memory>

#include "absl/strings/str_cat.h"

namespace enos::flow::cli {

absl::StatusOr<std::string> ReadFile(const std::string& path, std::istream& standard_input) {
  if (path == "-") {
    return std::string(std::istreambuf_iterator<char>(standard_input), {});
  }
  // Not an ifstream: opening a directory succeeds, and reading it then throws.
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  std::string text;
  char buffer[65536];
  size_t size = 0;
  while (file != nullptr && (size = std::fread(buffer, 1, sizeof(buffer), file.get())) > 0) {
    text.append(buffer, size);
  }
  if (file != nullptr && std::ferror(file.get()) == 0) return text;
  const std::string message = absl::StrCat("cannot be read (", strerror(errno), ")");
  return errno == ENOENT ? absl::NotFoundError(message) : absl::InvalidArgumentError(message);
}

}  // namespace enos::flow::cli
