#include "token_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "regular_file.h"

namespace enos::flow {
namespace {

absl::Status Problem(const std::string& path, absl::string_view what) {
  // Giving the token itself instead of a path is an easy mistake, and it must not be shown. A JWT
  // begins with `{"` in base64.
  if (absl::StartsWith(path, "eyJ")) {
    return absl::InvalidArgumentError("token_file: expected the path of a file, not a token");
  }
  return absl::InvalidArgumentError(absl::StrCat("token_file=", path, ": ", what));
}

}  // namespace

absl::StatusOr<std::string> ReadTokenFile(const std::string& path) {
  constexpr size_t kMaxBytes = kMaxTokenBytes + 2;  // a line's end may follow
  absl::StatusOr<std::string> content = ReadRegularFile(path, kMaxBytes + 1);
  if (!content.ok())
    return Problem(path, absl::StrCat("cannot be read (", content.status().message(), ")"));
  std::string token = *std::move(content);
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
