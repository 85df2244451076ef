#include "server/keystore/sql_text.h"

#include <array>

namespace enos::gateway {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

// No quote, backslash, dollar or percent sign, and nothing beyond ASCII.
bool IsPlain(char c) {
  constexpr std::string_view kSigns = " -_.,:;/@+=()[]{}<>#*!?&|~^";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kSigns.find(c) != std::string_view::npos;
}

const std::array<bool, 256>& Plain() {
  static const auto table = [] {
    std::array<bool, 256> plain{};
    for (size_t i = 0; i < plain.size(); ++i) plain.at(i) = IsPlain(static_cast<char>(i));
    return plain;
  }();
  return table;
}

void AppendEncoded(std::string_view text, std::string& to) {
  const std::array<bool, 256>& plain = Plain();
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (plain[byte]) {
      to += c;
    } else {
      to += '%';
      to += kHex[byte >> 4];
      to += kHex[byte & 15];
    }
  }
}

}  // namespace

std::string EncodeText(std::string_view text) {
  std::string encoded;
  AppendEncoded(text, encoded);
  return encoded;
}

std::string DecodeText(std::string_view encoded) {
  std::string text;
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '%' && i + 2 < encoded.size()) {
      const size_t high = kHex.find(encoded[i + 1]);
      const size_t low = kHex.find(encoded[i + 2]);
      if (high != std::string_view::npos && low != std::string_view::npos) {
        text += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    text += encoded[i];
  }
  return text;
}

SqlText& SqlText::Text(std::string_view text) {
  sql_ += '\'';
  AppendEncoded(text, sql_);
  sql_ += '\'';
  return *this;
}

}  // namespace enos::gateway
