#ifndef ENOS_SERVER_KEYSTORE_SQL_TEXT_H_
#define ENOS_SERVER_KEYSTORE_SQL_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/keystore/database.h"

namespace enos::gateway {

// A text as the databases hold it: percent-encoded, but for what no database and no encoding reads
// as anything else. So no quoting rule matters, U+0000 is held by columns that cannot, and people
// can read most of it.
std::string EncodeText(std::string_view text);
// The reverse; what is no encoding stays as it is.
std::string DecodeText(std::string_view encoded);

// Rows of values, to be read by a statement.
class SqlRows {
 public:
  // A type for each column: 't' for texts, 'n' for numbers.
  SqlRows(const SqlDialect& dialect, std::string_view types) : dialect_(dialect), types_(types) {}

  // The next cell, from left to right.
  SqlRows& Text(std::string_view text);
  SqlRows& Number(int64_t number);
  SqlRows& Null();

 private:
  friend class SqlText;
  void AppendValues(std::string& sql) const;
  void AppendArrays(std::string& sql) const;

  const SqlDialect& dialect_;
  const std::string_view types_;
  std::vector<std::string> cells_;
};

// SQL with its values in it: words of ours, numbers and encoded texts. Nothing else gets in.
class SqlText {
 public:
  explicit SqlText(const SqlDialect& dialect) : dialect_(dialect) {}

  template <size_t kSize>
  SqlText& Words(const char (&words)[kSize]) {
    sql_.append(words, kSize - 1);
    return *this;
  }
  SqlText& Now() {
    sql_.append(dialect_.now);
    return *this;
  }
  SqlText& Number(int64_t number) {
    sql_.append(std::to_string(number));
    return *this;
  }
  SqlText& Text(std::string_view text);
  // A table, `v`, with the columns column1, column2 and so on. At least one row.
  SqlText& Rows(const SqlRows& rows);
  // After a column: whether it is one of these. At least one.
  SqlText& IsOneOf(const std::vector<std::string_view>& texts);

  const SqlDialect& dialect() const { return dialect_; }
  const std::string& sql() const { return sql_; }

 private:
  const SqlDialect& dialect_;
  std::string sql_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_KEYSTORE_SQL_TEXT_H_
