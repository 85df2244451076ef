#include "server/keystore/sqlite_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <memory>
#include <string>

#include "server/keystore/open_key_store.h"
#include "server/testing/store_rig.h"
#include "tests/support/files.h"

namespace enos::gateway {
namespace {

using testing::HasSubstr;

class SqliteDatabaseTest : public testing::Test {
 protected:
  std::unique_ptr<Database> Open() { return OpenDatabase("sqlite:" + path_); }

  TempFolder folder_;
  const std::string path_ = folder_.path("keys.db");
};

TEST_F(SqliteDatabaseTest, BelongsToOneProcess) {
  StoreRig rig(Open());
  const SqlResult second = Open()->Connect();
  EXPECT_EQ(second.end, SqlEnd::kRefused);
  EXPECT_THAT(second.why, HasSubstr("another process uses"));
}

TEST_F(SqliteDatabaseTest, IsForItsOwnerOnly) {
  StoreRig rig(Open());
  for (const char* suffix : {"", "-lock", "-wal", "-shm"}) {
    struct stat info{};
    ASSERT_EQ(stat((path_ + suffix).c_str(), &info), 0) << suffix;
    EXPECT_EQ(info.st_mode & 0777, 0600U) << suffix;
  }
}

TEST_F(SqliteDatabaseTest, WritesThroughAtACommit) {
  SqliteDatabase database(path_, SqliteDatabase::Use::kOwn);
  ASSERT_EQ(database.Connect().end, SqlEnd::kDone);
  EXPECT_EQ(database.Run("PRAGMA synchronous").rows.at(0).at(0), "2") << "FULL";
  EXPECT_EQ(database.Run("PRAGMA journal_mode").rows.at(0).at(0), "wal");
}

TEST_F(SqliteDatabaseTest, WhatFailsIsRolledBack) {
  SqliteDatabase database(path_, SqliteDatabase::Use::kOwn);
  ASSERT_EQ(database.Connect().end, SqlEnd::kDone);
  EXPECT_EQ(database.Run("BEGIN; CREATE TABLE gone (a INT); SELECT nothing; COMMIT").end,
            SqlEnd::kRefused);
  EXPECT_EQ(database.Run("SELECT * FROM gone").end, SqlEnd::kRefused);
  EXPECT_EQ(database.Run("BEGIN; COMMIT; SELECT 1").end, SqlEnd::kDone);
}

TEST_F(SqliteDatabaseTest, AFolderThatIsNotThereIsRefused) {
  const SqlResult result = OpenDatabase("sqlite:" + folder_.path("none/keys.db"))->Connect();
  EXPECT_EQ(result.end, SqlEnd::kRefused);
  EXPECT_THAT(result.why, HasSubstr("No such file or directory"));
}

TEST_F(SqliteDatabaseTest, AFileThatIsNoDatabaseIsRefused) {
  WriteFile(path_, std::string(5000, 'x'));
  StoreRig rig(Open());
  EXPECT_THAT(std::string(rig.started().message()), HasSubstr("not a database"));
}

// An earlier process left it: nobody will ever complete it.
TEST_F(SqliteDatabaseTest, WhatAnEarlierProcessLeftReservedIsInDoubtAtOnce) {
  {
    StoreRig rig(Open());
    Await(rig.Reserve(AttemptAt(1, 1)));
    Await(rig.Reserve(AttemptAt(2, 1)));
    Await(rig.Started(AttemptAt(2, 1), "i-1"));
  }
  StoreRig rig(Open());
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(1, 2))).state, KeyState::kInDoubt);
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(2, 2))).state, KeyState::kStarted);
}

TEST_F(SqliteDatabaseTest, IsDescribedForPeopleWithoutTheLock) {
  const std::string enos = StoreRig::Options().enos;
  EXPECT_THAT(*DescribeStore("sqlite:" + path_, enos), HasSubstr("to be made"));
  EXPECT_FALSE(DescribeStore("sqlite:" + folder_.path("none/keys.db"), enos).ok());
  StoreRig rig(Open());
  Await(rig.Reserve(AttemptAt(1, 1)));
  EXPECT_EQ(*DescribeStore("sqlite:" + path_, enos),
            "sqlite, tables of version 1, 1 keys, 0 of them in doubt");
}

TEST_F(SqliteDatabaseTest, APathThatCannotBeItsFileIsAWrongSetting) {
  const auto problem = [](const std::string& path) {
    return FindStoreProblem("sqlite:" + path).value_or("");
  };
  EXPECT_EQ(problem(path_), "");
  {
    StoreRig rig(Open());
  }
  EXPECT_EQ(problem(path_), "");
  EXPECT_THAT(problem(folder_.path("none/keys.db")),
              HasSubstr("(" + folder_.path("none") + ": No such file or directory)"));
  EXPECT_THAT(problem(path_ + "/keys.db"), HasSubstr("(" + path_ + " is not a directory)"));
  EXPECT_THAT(problem(folder_.path("")), HasSubstr(" is not a regular file)"));
  EXPECT_THAT(problem("/dev/null"), HasSubstr("(/dev/null is not a regular file)"));
  EXPECT_THAT(problem(folder_.path(std::string(300, 'x'))), HasSubstr(": File name too long)"));
  ASSERT_EQ(mkdir(folder_.path("other.db-lock").c_str(), 0700), 0);
  EXPECT_THAT(problem(folder_.path("other.db")), HasSubstr("-lock is not a regular file)"));
}

TEST_F(SqliteDatabaseTest, WaitsForSomebodyWhoWritesBesideIt) {
  StoreRig rig(Open());
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &other), SQLITE_OK);
  sqlite3_busy_timeout(other, 10000);  // the store itself may be writing
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  rig.SetPatience(std::chrono::milliseconds(20));
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(1, 1))).state, KeyState::kUnavailable);
  rig.SetPatience(kGuard);
  auto waits = rig.Reserve(AttemptAt(2, 1));
  sqlite3_close(other);
  EXPECT_EQ(Await(waits).state, KeyState::kMine);
}

}  // namespace
}  // namespace enos::gateway
