#ifndef ENOS_SERVER_KEYSTORE_SQLITE_DATABASE_H_
#define ENOS_SERVER_KEYSTORE_SQLITE_DATABASE_H_

#include <map>
#include <memory>
#include <string>

#include "server/keystore/database.h"

struct sqlite3;       // NOLINT(readability-identifier-naming): the name is SQLite's
struct sqlite3_stmt;  // NOLINT(readability-identifier-naming): likewise

namespace enos::gateway {

// A file on this machine (WAL, synchronous=FULL). It belongs to one process, by a lock on the file
// beside it, PATH-lock, which the system takes back when the process ends. Who only reads does not
// need it.
class SqliteDatabase final : public Database {
 public:
  enum class Use { kOwn, kRead };

  SqliteDatabase(std::string path, Use use);
  ~SqliteDatabase() override;

  // The file that the lock is on.
  static std::string LockOf(const std::string& path) { return path + "-lock"; }

  const SqlDialect& dialect() const override;
  const char* kind() const override { return "sqlite"; }
  bool exclusive() const override { return use_ == Use::kOwn; }
  SqlResult Connect() override;
  SqlResult Run(const std::string& sql) override;
  SqlResult Run(const SqlBatch& batch) override;

 private:
  SqlResult Lock();
  SqlResult MakeFile() const;
  SqlResult Open();
  SqlResult Failure(int code) const;
  void Step(const char** sql, SqlResult* result);
  void Do(const SqlStep& step, SqlResult* result);
  void Execute(sqlite3_stmt* statement, SqlResult* result) const;
  void RollBack();
  void Close();

  const std::string path_;
  const Use use_;
  int lock_fd_ = -1;
  sqlite3* handle_ = nullptr;
  std::map<std::string, sqlite3_stmt*> statements_;  // of batches, by their text
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_KEYSTORE_SQLITE_DATABASE_H_
