#include "server/contract/upstream_text.h"

#include <algorithm>

#include "server/base/utf8.h"

namespace enos::gateway {
namespace {

constexpr size_t kMaxTextBytes = 256;
// C0, DEL and C1, and the two Unicode line separators: what could forge a log line or move a
// cursor.
bool IsControl(uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x2028 ||
         code_point == 0x2029;
}

void TrimSpaces(std::string& text) {
  text.erase(std::min(text.find_last_not_of(' ') + 1, text.size()));
  text.erase(0, text.find_first_not_of(' '));
}

}  // namespace

std::string CleanUpstreamText(std::string_view text, const SecretMask& secrets) {
  const std::string masked = secrets.MaskedStart(text, kMostRead);
  std::string printable;
  for (std::string_view rest = masked; !rest.empty();) {
    const Utf8Char c = DecodeUtf8(rest);
    if (!c.valid) {
      printable.append(kReplacementCharacter);
    } else if (IsControl(c.code_point)) {
      printable.push_back(' ');
    } else {
      printable.append(rest.substr(0, c.size));
    }
    rest.remove_prefix(c.size);
  }
  TrimSpaces(printable);
  std::string out = ToValidUtf8(printable, kMaxTextBytes);
  TrimSpaces(out);
  return out;
}

std::string CleanRequestId(std::string_view request_id, const SecretMask& secrets) {
  if (request_id.empty() || request_id.size() > kMaxRequestIdBytes) return {};
  if (request_id.front() == ' ' || request_id.back() == ' ') return {};
  for (const char c : request_id) {
    if (c < 0x20 || c > 0x7E) return {};
  }
  return secrets.Finds(request_id) ? std::string() : std::string(request_id);
}

}  // namespace enos::gateway
