#include "server/errors/upstream_text.h"

#include <algorithm>

#include "server/errors/utf8.h"

namespace enos::gateway {
namespace {

constexpr size_t kMaxTextBytes = 256;
constexpr size_t kMaxRequestIdBytes = 128;
constexpr std::string_view kMask = "***";

// Masks every byte that belongs to an occurrence of a secret; occurrences that overlap or touch
// become one mask, so that no tail of the second shows. Stops at `enough` bytes of output: of what
// comes later nothing is shown.
std::string MaskSecrets(std::string_view text, const Secrets& secrets, size_t enough) {
  std::string out;
  size_t masked_to = 0;  // bytes before this index belong to a secret
  bool in_mask = false;
  for (size_t i = 0; i < text.size() && out.size() < enough; ++i) {
    for (const std::string_view secret : secrets) {
      if (!secret.empty() && text.compare(i, secret.size(), secret) == 0) {
        masked_to = std::max(masked_to, i + secret.size());
      }
    }
    if (i >= masked_to) {
      out.push_back(text[i]);
      in_mask = false;
    } else if (!in_mask) {
      out.append(kMask);
      in_mask = true;
    }
  }
  return out;
}

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

std::string CleanUpstreamText(std::string_view text, const Secrets& secrets) {
  // Spaces and control characters at the start go away, so they must not use up the room. A text
  // that hides nothing else in its first pages than those is not worth reading further.
  const size_t enough = 8 * kMaxTextBytes;
  std::string masked = MaskSecrets(text, secrets, enough);
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

std::string CleanRequestId(std::string_view request_id, const Secrets& secrets) {
  if (request_id.empty() || request_id.size() > kMaxRequestIdBytes) return {};
  if (request_id.front() == ' ' || request_id.back() == ' ') return {};
  for (const char c : request_id) {
    if (c < 0x20 || c > 0x7E) return {};
  }
  for (const std::string_view secret : secrets) {
    if (!secret.empty() && request_id.find(secret) != std::string_view::npos) return {};
  }
  return std::string(request_id);
}

}  // namespace enos::gateway
