#include "server/keystore/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>
#include <variant>

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

int64_t UnixMilliseconds() {
  return std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
}

// The value has to stay until the statement was executed.
void Bind(sqlite3_stmt* statement, int column, const SqlValues::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    sqlite3_bind_text(statement, column, text->data(), static_cast<int>(text->size()),
                      SQLITE_STATIC);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    sqlite3_bind_int64(statement, column, *number);
  } else {
    sqlite3_bind_null(statement, column);
  }
}

SqlRow ReadRow(sqlite3_stmt* statement) {
  SqlRow row;
  const int columns = sqlite3_column_count(statement);
  row.reserve(static_cast<size_t>(columns));
  for (int i = 0; i < columns; ++i) {
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
  // SQLite's own clock is the same, but read and reckoned anew wherever it stands in a statement.
  // A number beyond those of the columns.
  static const SqlDialect dialect = {"?99", false, " WITHOUT ROWID"};
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
  const std::string path = LockOf(path_);
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
  RollBack();
  return result;
}

SqlResult SqliteDatabase::Run(const SqlBatch& batch) {
  if (handle_ == nullptr) return {SqlEnd::kLost, {}, "not open"};
  static const SqlStatement begin{{}, "BEGIN"};
  static const SqlStatement commit{{}, "COMMIT"};
  SqlResult result = Done();
  if (!batch.changes.empty()) Do({&begin, {}}, &result);
  for (const SqlStep& change : batch.changes) Do(change, &result);
  if (!batch.changes.empty()) Do({&commit, {}}, &result);
  // A transaction again: by itself each row would take the locks anew, which are system calls.
  Do({&begin, {}}, &result);
  Do(batch.select, &result);
  Do({&commit, {}}, &result);
  RollBack();
  return result;
}

void SqliteDatabase::RollBack() {
  if (sqlite3_get_autocommit(handle_) == 0)
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

// One statement; moves on to the next.
void SqliteDatabase::Step(const char** sql, SqlResult* result) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle_, *sql, -1, &statement, sql);
  if (code != SQLITE_OK) {
    *result = Failure(code);
  } else if (statement != nullptr) {
    if (sqlite3_column_count(statement) > 0) result->rows.clear();
    Execute(statement, result);
  }
  sqlite3_finalize(statement);
}

// A statement, once for each row of its values; not after a failure.
void SqliteDatabase::Do(const SqlStep& step, SqlResult* result) {
  if (result->end != SqlEnd::kDone) return;
  sqlite3_stmt*& statement = statements_[step.statement->sql];
  if (statement == nullptr) {
    const int code = sqlite3_prepare_v3(handle_, step.statement->sql.c_str(), -1,
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
      *result = Failure(code);
      return;
    }
  }
  const size_t columns = step.statement->types.size();
  size_t value = 0;
  do {
    for (size_t column = 1; column <= columns; ++column)
      Bind(statement, static_cast<int>(column), step.values[value++]);
    Execute(statement, result);
    sqlite3_reset(statement);
  } while (value < step.values.size() && result->end == SqlEnd::kDone);
}

void SqliteDatabase::Execute(sqlite3_stmt* statement, SqlResult* result) const {
  const int now = sqlite3_bind_parameter_index(statement, dialect().now);
  if (now > 0) sqlite3_bind_int64(statement, now, UnixMilliseconds());
  int code = SQLITE_OK;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) result->rows.push_back(ReadRow(statement));
  if (code != SQLITE_DONE) *result = Failure(code);
}

SqlResult SqliteDatabase::Failure(int code) const {
  const char* message = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  return {EndOf(code), {}, Concat(path_, ": ", message)};
}

void SqliteDatabase::Close() {
  for (const auto& [sql, statement] : std::exchange(statements_, {})) sqlite3_finalize(statement);
  sqlite3_close_v2(std::exchange(handle_, nullptr));
}

}  // namespace enos::gateway
