#include "server/keystore/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "server/base/text.h"

namespace enos::gateway {
namespace {

constexpr int kBusyMilliseconds = 2000;
constexpr mode_t kOwnerOnly = 0600;

SqlResult Refused(std::string why) { return {SqlEnd::kRefused, {}, std::move(why)}; }
SqlResult Done() { return {SqlEnd::kDone, {}, {}}; }

std::string ErrorText(int error) { return std::generic_category().message(error); }

SqlEnd EndOf(int code) {
  switch (code & 0xff) {  // the primary code
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
      return SqlEnd::kRefused;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return SqlEnd::kAgain;
    default:
      return SqlEnd::kLost;
  }
}

SqlRow ReadRow(sqlite3_stmt* statement) {
  SqlRow row;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
    if (text == nullptr) {
      row.emplace_back(std::nullopt);
    } else {
      row.emplace_back(std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement, i))));
    }
  }
  return row;
}

}  // namespace

SqliteDatabase::SqliteDatabase(std::string path, Use use) : path_(std::move(path)), use_(use) {}

SqliteDatabase::~SqliteDatabase() {
  Close();
  if (lock_fd_ >= 0) close(lock_fd_);
}

const SqlDialect& SqliteDatabase::dialect() const {
  static const SqlDialect dialect = {
      "(SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))", false};
  return dialect;
}

SqlResult SqliteDatabase::Connect() {
  Close();
  if (use_ == Use::kOwn) {
    if (SqlResult locked = Lock(); locked.end != SqlEnd::kDone) return locked;
    if (SqlResult made = MakeFile(); made.end != SqlEnd::kDone) return made;
  }
  SqlResult opened = Open();
  if (opened.end != SqlEnd::kDone) Close();
  return opened;
}

SqlResult SqliteDatabase::Lock() {
  if (lock_fd_ >= 0) return Done();
  const std::string path = path_ + "-lock";
  lock_fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (lock_fd_ < 0) return Refused(Concat(path, " cannot be written (", ErrorText(errno), ")"));
  if (flock(lock_fd_, LOCK_EX | LOCK_NB) == 0) return Done();
  const int error = errno;
  close(std::exchange(lock_fd_, -1));
  if (error == EWOULDBLOCK)
    return Refused(Concat("another process uses ", path_, " (it has locked ", path, ")"));
  return Refused(Concat(path, " cannot be locked (", ErrorText(error), ")"));
}

// SQLite would make it readable for others; the files beside it get the same mode.
SqlResult SqliteDatabase::MakeFile() const {
  const int fd = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (fd < 0) return Refused(Concat(path_, " cannot be written (", ErrorText(errno), ")"));
  close(fd);
  return Done();
}

SqlResult SqliteDatabase::Open() {
  // Its statistics, which nobody reads, take a lock at each allocation. Has to come first of all.
  static const int no_statistics = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(no_statistics);
  const int flags = use_ == Use::kOwn ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int code = sqlite3_open_v2(path_.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) return Failure(code);
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, kBusyMilliseconds);
  if (use_ == Use::kRead) return Done();
  // FULL: in WAL mode anything less does not write through at a commit. The folder for temporary
  // files may be read-only, and is slower than memory. 16 MiB of pages: keys are random, so each
  // reservation needs another page of their index.
  SqlResult mode =
      Run("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;"
          " PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL");
  if (mode.end != SqlEnd::kDone) return mode;
  if (mode.rows.empty() || mode.rows[0].at(0) != "wal")
    return Refused(Concat(path_, ": its file system does not permit SQLite's WAL"));
  return Done();
}

SqlResult SqliteDatabase::Run(const std::string& sql) {
  if (handle_ == nullptr) return {SqlEnd::kLost, {}, "not open"};
  SqlResult result = Done();
  const char* rest = sql.c_str();
  while (*rest != '\0' && result.end == SqlEnd::kDone) Step(&rest, &result);
  if (sqlite3_get_autocommit(handle_) == 0)
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  return result;
}

// One statement; moves on to the next.
void SqliteDatabase::Step(const char** sql, SqlResult* result) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(handle_, *sql, -1, &statement, sql);
  if (code == SQLITE_OK && statement != nullptr) {
    if (sqlite3_column_count(statement) > 0) result->rows.clear();
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
      result->rows.push_back(ReadRow(statement));
    if (code == SQLITE_DONE) code = SQLITE_OK;
  }
  if (code != SQLITE_OK) *result = Failure(code);
  sqlite3_finalize(statement);
}

SqlResult SqliteDatabase::Failure(int code) const {
  const char* message = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  return {EndOf(code), {}, Concat(path_, ": ", message)};
}

void SqliteDatabase::Close() { sqlite3_close_v2(std::exchange(handle_, nullptr)); }

}  // namespace enos::gateway
