#include "server/base/utf8.h"

namespace enos::gateway {
namespace {

// What may follow a lead byte (Unicode standard, table 3-7): the length of the character and the
// range of its second byte; the bytes after that are 0x80 to 0xBF.
struct Lead {
  size_t length = 0;  // 0: no character starts with this byte
  uint8_t second_min = 0x80;
  uint8_t second_max = 0xBF;
};

Lead LeadOf(uint8_t byte) {
  if (byte < 0x80) return {1};
  if (byte < 0xC2) return {};
  if (byte < 0xE0) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

}  // namespace

Utf8Char DecodeUtf8(std::string_view text) {
  if (text.empty()) return {};
  const auto first = static_cast<uint8_t>(text[0]);
  const Lead lead = LeadOf(first);
  if (lead.length == 0) return {false, 1, 0};
  if (lead.length == 1) return {true, 1, first};

  uint32_t code_point = first & (0xFFu >> (lead.length + 1));
  for (size_t i = 1; i < lead.length; ++i) {
    if (i >= text.size()) return {false, i, 0};
    const auto byte = static_cast<uint8_t>(text[i]);
    const uint8_t min = i == 1 ? lead.second_min : uint8_t{0x80};
    const uint8_t max = i == 1 ? lead.second_max : uint8_t{0xBF};
    if (byte < min || byte > max) return {false, i, 0};
    code_point = (code_point << 6) | (byte & 0x3Fu);
  }
  return {true, lead.length, code_point};
}

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Char c = DecodeUtf8(text);
    if (!c.valid) return false;
    text.remove_prefix(c.size);
  }
  return true;
}

std::string ToValidUtf8(std::string_view text, size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    const Utf8Char c = DecodeUtf8(text);
    const std::string_view piece = c.valid ? text.substr(0, c.size) : kReplacementCharacter;
    if (out.size() + piece.size() > max_bytes) break;
    out.append(piece);
    text.remove_prefix(c.size);
  }
  return out;
}

}  // namespace enos::gateway
