#include "server/keystore/sql_text.h"

#include <array>
#include <variant>

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

// Encoded texts have neither of the quotes, nor a backslash.
void AppendElement(const SqlValues::Value& value, std::string& to) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    to.append(1, '"').append(*text).append(1, '"');
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    to += std::to_string(*number);
  } else {
    to += "NULL";
  }
}

void AppendExecute(const std::string& name, const SqlStep& step, std::string& sql) {
  sql.append("EXECUTE ").append(name);
  const size_t columns = step.statement->types.size();
  for (size_t column = 0; column < columns; ++column) {
    sql += column == 0 ? " ('{" : ", '{";
    for (size_t i = column; i < step.values.size(); i += columns) {
      if (i != column) sql += ',';
      AppendElement(step.values[i], sql);
    }
    sql += "}'";
  }
  sql += "); ";
}

}  // namespace

std::string EncodeText(std::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
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

SqlValues& SqlValues::Text(std::string_view text) {
  values_.emplace_back(EncodeText(text));
  return *this;
}

SqlValues& SqlValues::Number(int64_t number) {
  values_.emplace_back(number);
  return *this;
}

SqlValues& SqlValues::Null() {
  values_.emplace_back();
  return *this;
}

SqlStatement SqlText::Statement(const std::string& types) const {
  SqlStatement statement{types, sql_};
  if (dialect_.arrays) return statement;
  // There the values have only numbers: ?1, ?2.
  constexpr std::string_view kColumn = "column";
  for (size_t at = 0; (at = statement.sql.find(kColumn, at)) != std::string::npos;)
    statement.sql.replace(at, kColumn.size(), "?");
  return statement;
}

void SqlText::Arrays(std::string_view types) {
  std::string names;
  sql_ += "unnest(";
  for (size_t i = 1; i <= types.size(); ++i) {
    const std::string number = std::to_string(i);
    sql_.append(i > 1 ? ", $" : "$").append(number);
    names.append(i > 1 ? ", column" : "column").append(number);
  }
  sql_.append(") AS v(").append(names).append(")");
}

SqlText& SqlText::Text(std::string_view text) {
  sql_ += '\'';
  AppendEncoded(text, sql_);
  sql_ += '\'';
  return *this;
}

std::string PrepareSql(const std::string& name, const SqlStatement& statement) {
  std::string sql = "PREPARE " + name;
  for (size_t i = 0; i < statement.types.size(); ++i) {
    sql += i == 0 ? " (" : ", ";
    sql += statement.types[i] == 't' ? "TEXT[]" : "BIGINT[]";
  }
  return sql.append(") AS ").append(statement.sql);
}

std::string BatchSql(const SqlBatch& batch, const StatementNames& names) {
  std::string sql;
  if (!batch.changes.empty()) {
    sql += "BEGIN; ";
    for (const SqlStep& change : batch.changes)
      AppendExecute(names.at(change.statement->sql), change, sql);
    sql += "COMMIT; ";
  }
  AppendExecute(names.at(batch.select.statement->sql), batch.select, sql);
  return sql;
}

}  // namespace enos::gateway
