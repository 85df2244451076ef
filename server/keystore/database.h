#ifndef ENOS_SERVER_KEYSTORE_DATABASE_H_
#define ENOS_SERVER_KEYSTORE_DATABASE_H_

#include <optional>
#include <string>
#include <vector>

namespace enos::gateway {

// The words in which the databases differ.
struct SqlDialect {
  const char* now;  // the database's clock: milliseconds since 1970, the same within a statement
  bool arrays;      // many values are one literal, which is read faster than one for each
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
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_KEYSTORE_DATABASE_H_
