#ifndef ENOS_SERVER_KEYSTORE_DATABASE_H_
#define ENOS_SERVER_KEYSTORE_DATABASE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace enos::gateway {

// The words in which the databases differ.
struct SqlDialect {
  const char* now;  // the database's clock: milliseconds since 1970, the same within a statement
  bool arrays;      // a statement takes all rows at once, an array for each column; else one row
  const char* table_options;  // at the end of CREATE TABLE
};

// Values for a statement, row after row.
class SqlValues {
 public:
  using Value = std::variant<std::monostate, int64_t, std::string>;  // NULL; a number; EncodeText's

  SqlValues& Text(std::string_view text);
  SqlValues& Number(int64_t number);
  SqlValues& Null();

  bool empty() const { return values_.empty(); }
  size_t size() const { return values_.size(); }
  const Value& operator[](size_t i) const { return values_[i]; }

 private:
  std::vector<Value> values_;
};

// A statement with values. A connection parses it when it first meets it, and keeps it.
struct SqlStatement {
  std::string types;  // of a row's values: 't' text, 'n' number
  std::string sql;
};

// A statement and the rows of values that it is for: at least one.
struct SqlStep {
  const SqlStatement* statement = nullptr;
  SqlValues values;
};

struct SqlBatch {
  std::vector<SqlStep> changes;  // in one transaction
  SqlStep select;                // after its commit
};

using SqlRow = std::vector<std::optional<std::string>>;  // nullopt: NULL

enum class SqlEnd {
  kDone,     // all of it
  kRefused,  // the text is at fault, or a setting is: nothing of it was done
  kAgain,    // not now (a lock, a full disk); whether it was done is not known
  kLost,     // no connection, or no answer in time; whether it was done is not known
};

struct SqlResult {
  SqlEnd end = SqlEnd::kLost;
  std::vector<SqlRow> rows;  // of the last SELECT
  std::string why;           // for people, one line, without a secret; empty where done
};

// A connection to a database; used by one thread at a time, which it may keep for a few seconds.
class Database {
 public:
  virtual ~Database() = default;

  virtual const SqlDialect& dialect() const = 0;
  virtual const char* kind() const = 0;  // "sqlite", "postgresql"
  // Whether no other process writes to it while this one has it open.
  virtual bool exclusive() const = 0;

  // Connects, anew if need be. kRefused: it cannot work with this setting. kDone may have a `why`:
  // a warning.
  virtual SqlResult Connect() = 0;

  // Does a text of several statements. Where one fails, those after it are left out and the
  // transaction, if one is open, is rolled back.
  virtual SqlResult Run(const std::string& sql) = 0;
  // The same of a batch.
  virtual SqlResult Run(const SqlBatch& batch) = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_KEYSTORE_DATABASE_H_
