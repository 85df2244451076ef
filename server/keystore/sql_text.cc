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

SqlRows& SqlRows::Text(std::string_view text) {
  // Encoded texts have neither of the quotes, nor a backslash.
  const char quote = dialect_.arrays ? '"' : '\'';
  std::string& cell = cells_.emplace_back();
  cell.reserve(text.size() + 2);
  cell += quote;
  AppendEncoded(text, cell);
  cell += quote;
  return *this;
}

SqlRows& SqlRows::Number(int64_t number) {
  cells_.push_back(std::to_string(number));
  return *this;
}

SqlRows& SqlRows::Null() {
  cells_.emplace_back("NULL");
  return *this;
}

void SqlRows::AppendValues(std::string& sql) const {
  sql += "(VALUES ";
  for (size_t i = 0; i < cells_.size(); ++i) {
    const bool first = i % types_.size() == 0;
    if (i > 0) sql += first ? "), " : ", ";
    if (first) sql += '(';
    sql += cells_[i];
  }
  sql += ")) AS v";
}

void SqlRows::AppendArrays(std::string& sql) const {
  sql += "unnest(";
  std::string names;
  for (size_t column = 0; column < types_.size(); ++column) {
    if (column > 0) sql += ", ";
    for (size_t i = column; i < cells_.size(); i += types_.size())
      sql.append(i == column ? "'{" : ",").append(cells_[i]);
    sql += types_[column] == 't' ? "}'::TEXT[]" : "}'::BIGINT[]";
    names.append(column > 0 ? ", " : "").append("column").append(std::to_string(column + 1));
  }
  sql.append(") AS v(").append(names).append(")");
}

SqlText& SqlText::Rows(const SqlRows& rows) {
  if (dialect_.arrays) {
    rows.AppendArrays(sql_);
  } else {
    rows.AppendValues(sql_);
  }
  return *this;
}

SqlText& SqlText::IsOneOf(const std::vector<std::string_view>& texts) {
  const char quote = dialect_.arrays ? '"' : '\'';
  sql_ += dialect_.arrays ? " = ANY ('{" : " IN (";
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) sql_ += ',';
    sql_ += quote;
    AppendEncoded(texts[i], sql_);
    sql_ += quote;
  }
  sql_ += dialect_.arrays ? "}')" : ")";
  return *this;
}

SqlText& SqlText::Text(std::string_view text) {
  sql_ += '\'';
  AppendEncoded(text, sql_);
  sql_ += '\'';
  return *this;
}

}  // namespace enos::gateway
