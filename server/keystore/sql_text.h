#ifndef ENOS_SERVER_KEYSTORE_SQL_TEXT_H_
#define ENOS_SERVER_KEYSTORE_SQL_TEXT_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "server/keystore/database.h"

namespace enos::gateway {

// A text as the databases hold it: percent-encoded, but for what no database and no encoding reads
// as anything else. So no quoting rule matters, U+0000 is held by columns that cannot, and people
// can read most of it.
std::string EncodeText(std::string_view text);
// The reverse; what is no encoding stays as it is.
std::string DecodeText(std::string_view encoded);

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
  SqlText& TableOptions() {
    sql_.append(dialect_.table_options);
    return *this;
  }
  // In a statement with values: where they come from, as column1, column2 and so on, after such
  // words as FROM. Nothing where the statement is for one row.
  template <size_t kSize>
  SqlText& Rows(const char (&words)[kSize], std::string_view types) {
    if (dialect_.arrays) Words(words).Arrays(types);
    return *this;
  }

  // The text as a statement whose values are called column1, column2 and so on.
  SqlStatement Statement(const std::string& types) const;

  const std::string& sql() const { return sql_; }

 private:
  void Arrays(std::string_view types);

  const SqlDialect& dialect_;
  std::string sql_;
};

// For a database whose statements take arrays: a statement gets a name, and a batch by such names
// is one text.
using StatementNames = std::map<std::string, std::string>;  // by the statement's text
std::string PrepareSql(const std::string& name, const SqlStatement& statement);
std::string BatchSql(const SqlBatch& batch, const StatementNames& names);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_KEYSTORE_SQL_TEXT_H_
