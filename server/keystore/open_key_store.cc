#include "server/keystore/open_key_store.h"

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <system_error>

#include "server/base/text.h"
#include "server/keystore/key_statements.h"
#include "server/keystore/postgres_database.h"
#include "server/keystore/sqlite_database.h"

namespace enos::gateway {
namespace {

constexpr std::string_view kSqlite = "sqlite:";
constexpr int64_t kMostCounted = 100000;

std::string PathOf(std::string_view setting) { return std::string(setting.substr(kSqlite.size())); }

using Problem = std::optional<std::string>;

// Where files have to be made: the lock, and SQLite's own.
Problem FindFolderProblem(const std::string& folder) {
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(folder, error);
  if (error) return Concat(folder, ": ", error.message());
  if (!is_folder) return Concat(folder, " is not a directory");
  if (access(folder.c_str(), W_OK | X_OK) == 0) return std::nullopt;
  return Concat(folder, " cannot be written");
}

// One that is not there yet can be made.
Problem FindFileProblem(const std::string& path) {
  using std::filesystem::file_type;
  std::error_code error;
  const file_type type = std::filesystem::status(path, error).type();
  if (type == file_type::not_found) return std::nullopt;
  if (error) return Concat(path, ": ", error.message());
  if (type != file_type::regular) return Concat(path, " is not a regular file");
  if (access(path.c_str(), R_OK | W_OK) == 0) return std::nullopt;
  return Concat(path, " cannot be read and written");
}

Problem FindPathProblem(const std::string& path) {
  if (auto file = FindFileProblem(path)) return file;
  if (auto folder = FindFolderProblem(std::filesystem::path(path).parent_path().string()))
    return folder;
  return FindFileProblem(SqliteDatabase::LockOf(path));
}

std::string Counted(const std::optional<std::string>& number) {
  const std::string text = number.value_or("?");
  return text == std::to_string(kMostCounted) ? Concat("at least ", text) : text;
}

}  // namespace

const char* StoreKind(std::string_view setting) {
  if (setting.empty()) return "off";
  return StartsWith(setting, kSqlite) ? "sqlite" : "postgresql";
}

std::optional<std::string> FindStoreProblem(std::string_view setting) {
  if (!StartsWith(setting, kSqlite)) {
    if (RegisterPasswords(setting)) return std::nullopt;
    return std::string(kPostgresUrl);
  }
  const Problem problem = FindPathProblem(PathOf(setting));
  if (!problem) return std::nullopt;
  return Concat("sqlite:/PATH of a file to be read and written, or made (", *problem, ")");
}

std::unique_ptr<Database> OpenDatabase(std::string_view setting) {
  if (StartsWith(setting, kSqlite))
    return std::make_unique<SqliteDatabase>(PathOf(setting), SqliteDatabase::Use::kOwn);
  return std::make_unique<PostgresDatabase>(setting);
}

absl::StatusOr<std::string> DescribeStore(std::string_view setting, const std::string& enos) {
  std::unique_ptr<Database> database;
  if (StartsWith(setting, kSqlite)) {
    const std::string path = PathOf(setting);
    if (const Problem problem = FindPathProblem(path))
      return absl::FailedPreconditionError(*problem);
    if (access(path.c_str(), F_OK) != 0)
      return Concat("sqlite, to be made: ", path, " does not exist yet");
    database = std::make_unique<SqliteDatabase>(path, SqliteDatabase::Use::kRead);
  } else {
    database = std::make_unique<PostgresDatabase>(setting);
  }
  const SqlResult connected = database->Connect();
  if (connected.end != SqlEnd::kDone) return absl::UnavailableError(connected.why);
  const std::string warning = connected.why.empty() ? "" : Concat("; ", connected.why);

  const SqlResult meta = database->Run(ReadMetaSql(database->dialect()));
  if (meta.end == SqlEnd::kLost) return absl::UnavailableError(meta.why);
  if (meta.end != SqlEnd::kDone || meta.rows.empty())
    return Concat(database->kind(), ", without tables yet: the gateway makes them", warning);
  const SqlResult ours = CheckMeta(meta.rows, enos);
  if (ours.end != SqlEnd::kDone) return absl::FailedPreconditionError(ours.why);

  const SqlResult counted = database->Run(CountSql(kMostCounted, database->dialect()));
  if (counted.end != SqlEnd::kDone || counted.rows.size() != 1)
    return Concat(database->kind(), ", too many keys to count in time", warning);
  const SqlRow& counts = counted.rows[0];
  return Concat(database->kind(), ", tables of version ", std::to_string(kKeySchemaVersion), ", ",
                Counted(counts.at(0)), " keys, ", Counted(counts.at(1)), " of them in doubt",
                warning);
}

}  // namespace enos::gateway
