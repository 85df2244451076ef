// What a store promises, of SQLite and of a PostgreSQL server alike.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "server/keystore/postgres_database.h"
#include "server/keystore/sqlite_database.h"
#include "server/testing/store_rig.h"
#include "tests/support/files.h"
#include "tests/support/postgres.h"

namespace enos::gateway {
namespace {

using namespace std::string_literals;
using std::chrono::hours;
using std::chrono::milliseconds;
using testing::HasSubstr;

enum class Kind { kSqlite, kPostgres };

std::string KindName(const testing::TestParamInfo<Kind>& kind) {
  return kind.param == Kind::kSqlite ? "Sqlite" : "Postgres";
}

class KeyStoreBehaviourTest : public testing::TestWithParam<Kind> {
 protected:
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    if (GetParam() == Kind::kSqlite) return;
    if (!PostgresIsInstalled()) GTEST_SKIP() << "PostgreSQL is not installed";
    if (!server_) server_ = std::make_unique<PostgresServer>();
    Sql("DROP TABLE IF EXISTS enos_idempotency_keys, enos_idempotency_meta");
  }

  std::unique_ptr<Database> Open() const {
    if (GetParam() == Kind::kPostgres) return std::make_unique<PostgresDatabase>(server_->url());
    return std::make_unique<SqliteDatabase>(path(), SqliteDatabase::Use::kOwn);
  }

  // What a person does beside the store.
  void Sql(const std::string& sql) const {
    if (GetParam() == Kind::kPostgres) {
      PostgresDatabase database(server_->url());
      ASSERT_EQ(database.Connect().end, SqlEnd::kDone);
      const SqlResult result = database.Run(sql);
      ASSERT_EQ(result.end, SqlEnd::kDone) << result.why;
      return;
    }
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &handle), SQLITE_OK);
    sqlite3_busy_timeout(handle, 10000);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }

  std::string path() const { return folder_.path("keys.db"); }

  TempFolder folder_;
  inline static std::unique_ptr<PostgresServer> server_;
};

INSTANTIATE_TEST_SUITE_P(Databases, KeyStoreBehaviourTest,
                         testing::Values(Kind::kSqlite, Kind::kPostgres), &KindName);

TEST_P(KeyStoreBehaviourTest, WhatNobodyReservedIsNotThere) {
  StoreRig rig(Open());
  ASSERT_TRUE(rig.started().ok()) << rig.started();
  EXPECT_EQ(Await(rig.Look(AttemptAt(1, 1).key)).state, KeyState::kNone);
}

TEST_P(KeyStoreBehaviourTest, TheFirstAttemptOwnsTheRecord) {
  StoreRig rig(Open());
  const KeyAttempt mine = AttemptAt(1, 1);
  EXPECT_EQ(Await(rig.Reserve(mine)).state, KeyState::kMine);
  EXPECT_EQ(Await(rig.Reserve(mine)).state, KeyState::kMine) << "again";

  const KeyFinding other = Await(rig.Reserve(AttemptAt(1, 2)));
  EXPECT_EQ(other.state, KeyState::kReserved);
  EXPECT_EQ(other.fingerprint, mine.key.fingerprint);
  EXPECT_EQ(Await(rig.Look(mine.key)).state, KeyState::kReserved);
}

TEST_P(KeyStoreBehaviourTest, AfterItsLeaseNobodySends) {
  StoreRig rig(Open());
  const KeyAttempt late = AttemptAt(1, 1, milliseconds(-5001));
  EXPECT_EQ(Await(rig.Reserve(late)).state, KeyState::kInDoubt) << "not even its owner";
  const KeyFinding found = Await(rig.Look(late.key));
  EXPECT_EQ(found.state, KeyState::kInDoubt);
  EXPECT_EQ(found.doubt.likely_flow_instance_id, "2791-20261118");
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(1, 2))).state, KeyState::kInDoubt);
}

TEST_P(KeyStoreBehaviourTest, TheLeaseOutlivesTheTransferByFiveSeconds) {
  StoreRig rig(Open());
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(1, 1, milliseconds(-3000)))).state, KeyState::kMine);
}

TEST_P(KeyStoreBehaviourTest, AResultIsKept) {
  const KeyAttempt mine = AttemptAt(1, 1);
  {
    StoreRig rig(Open());
    Await(rig.Reserve(mine));
    EXPECT_EQ(Await(rig.Started(mine, "2791-20261119")).state, KeyState::kStarted);
  }
  StoreRig rig(Open());
  const KeyFinding found = Await(rig.Reserve(AttemptAt(1, 2)));
  EXPECT_EQ(found.state, KeyState::kStarted);
  EXPECT_EQ(found.fingerprint, mine.key.fingerprint);
  EXPECT_EQ(found.started.flow_instance_id, "2791-20261119");
  EXPECT_EQ(found.started.enos_request_id, "request-1");
}

TEST_P(KeyStoreBehaviourTest, ADoubtIsKept) {
  StoreRig rig(Open());
  const KeyAttempt mine = AttemptAt(1, 1);
  Await(rig.Reserve(mine));
  const CallError lost = Lost("the connection was lost; é'\\\0; DROP TABLE $1"s);
  EXPECT_EQ(Await(rig.Doubt(mine, lost)).state, KeyState::kDoubt);

  const KeyFinding found = Await(rig.Reserve(AttemptAt(1, 2)));
  EXPECT_EQ(found.state, KeyState::kDoubt);
  EXPECT_EQ(found.doubt.code, lost.code);
  EXPECT_EQ(found.doubt.reason, lost.reason);
  EXPECT_EQ(found.doubt.execution, Execution::kUnknown);
  EXPECT_EQ(found.doubt.message, lost.message);
  EXPECT_EQ(found.doubt.likely_flow_instance_id, "2791-1");
  EXPECT_EQ(found.doubt.enos_code, -77);
  EXPECT_EQ(found.doubt.enos_message, lost.enos_message);
  EXPECT_EQ(found.doubt.http_status, 502);
  EXPECT_EQ(found.doubt.enos_request_id, "r-1");
}

TEST_P(KeyStoreBehaviourTest, ADoubtWithoutACodeOfEnosHasNone) {
  StoreRig rig(Open());
  const KeyAttempt mine = AttemptAt(1, 1);
  Await(rig.Reserve(mine));
  CallError lost = Lost("lost");
  lost.enos_code.reset();
  lost.likely_flow_instance_id.clear();
  const KeyFinding found = Await(rig.Doubt(mine, lost));
  EXPECT_EQ(found.doubt.enos_code, std::nullopt);
  EXPECT_EQ(found.doubt.likely_flow_instance_id, "2791-20261118") << "as reserved";
}

TEST_P(KeyStoreBehaviourTest, TheOwnerMayCompleteAfterItsLease) {
  StoreRig rig(Open());
  const KeyAttempt late = AttemptAt(1, 1, milliseconds(-6000));
  Await(rig.Reserve(late));
  EXPECT_EQ(Await(rig.Started(late, "i-1")).state, KeyState::kStarted);
}

TEST_P(KeyStoreBehaviourTest, OnlyTheOwnerCompletes) {
  StoreRig rig(Open());
  Await(rig.Reserve(AttemptAt(1, 1)));
  EXPECT_EQ(Await(rig.Started(AttemptAt(1, 2), "i-1")).state, KeyState::kReserved);
  EXPECT_EQ(Await(rig.Doubt(AttemptAt(1, 2), Lost("x"))).state, KeyState::kReserved);
}

TEST_P(KeyStoreBehaviourTest, AResultIsFinal) {
  StoreRig rig(Open());
  const KeyAttempt mine = AttemptAt(1, 1);
  Await(rig.Reserve(mine));
  Await(rig.Started(mine, "i-1"));
  EXPECT_EQ(Await(rig.Doubt(mine, Lost("x"))).state, KeyState::kStarted);
  EXPECT_EQ(Await(rig.Remove(mine)).state, KeyState::kStarted) << "what was executed stays";
}

TEST_P(KeyStoreBehaviourTest, WhatOthersMayHaveSeenInDoubtIsNotRemoved) {
  StoreRig rig(Open());
  const KeyAttempt mine = AttemptAt(1, 1);
  EXPECT_EQ(Await(rig.Reserve(mine)).state, KeyState::kMine);
  Sql("UPDATE enos_idempotency_keys SET lease_until_ms = 0");
  EXPECT_EQ(Await(rig.Remove(mine)).state, KeyState::kInDoubt);
  EXPECT_EQ(Await(rig.Look(mine.key)).state, KeyState::kInDoubt);
}

TEST_P(KeyStoreBehaviourTest, OnlyTheOwnerRemoves) {
  StoreRig rig(Open());
  const KeyAttempt mine = AttemptAt(1, 1);
  Await(rig.Reserve(mine));
  EXPECT_EQ(Await(rig.Remove(AttemptAt(1, 2))).state, KeyState::kNone) << "it has none";
  EXPECT_EQ(Await(rig.Look(mine.key)).state, KeyState::kReserved);
  EXPECT_EQ(Await(rig.Remove(mine)).state, KeyState::kNone);
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(1, 2))).state, KeyState::kMine);
}

TEST_P(KeyStoreBehaviourTest, NoTextHurts) {
  StoreRig rig(Open());
  const std::vector<std::string> texts = {"'; DROP TABLE enos_idempotency_keys; --",
                                          "\\",
                                          "\\'",
                                          "$1",
                                          "$$",
                                          "\0x"s,
                                          std::string(256, '\''),
                                          ";",
                                          "%s%00",
                                          "\xF0\x9F\x98\x80",
                                          "\"",
                                          "E'\\x00'",
                                          "COMMIT;"};
  std::vector<StoreRig::Finding> findings;
  for (size_t i = 0; i < texts.size(); ++i) {
    KeyNote note = Note(texts[i]);
    note.org_id = note.likely_flow_instance_id = texts[i];
    findings.push_back(rig.Reserve(AttemptAt(static_cast<int>(i), 1, milliseconds(-6000)), note));
  }
  for (size_t i = 0; i < texts.size(); ++i) {
    const KeyFinding found = Await(findings[i]);
    EXPECT_EQ(found.state, KeyState::kInDoubt) << i << found.why;
    EXPECT_EQ(found.doubt.likely_flow_instance_id, texts[i]);
  }
}

TEST_P(KeyStoreBehaviourTest, ExtremeNumbersFit) {
  StoreRig rig(Open());
  const KeyAttempt mine = AttemptAt(1, 1);
  KeyNote note = Note();
  note.trigger_time_ms = std::numeric_limits<int64_t>::min();
  ASSERT_EQ(Await(rig.Reserve(mine, note)).state, KeyState::kMine);
  CallError lost = Lost("x");
  lost.enos_code = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(Await(rig.Doubt(mine, lost)).doubt.enos_code, lost.enos_code);
}

TEST_P(KeyStoreBehaviourTest, AKeyThatCarriesItsTimeIsTakenWithinTheWindowOnly) {
  SqlKeyStoreOptions options = StoreRig::Options();
  options.ttl = hours(1);
  StoreRig rig(Open(), options);
  const int64_t now = UnixMilliseconds();
  const auto reserve = [&](int key, int64_t time) {
    KeyAttempt attempt = AttemptAt(key, 1);
    attempt.key.key_time_ms = time;
    return Await(rig.Reserve(attempt));
  };
  constexpr int64_t kMinute = 60000;
  EXPECT_EQ(reserve(1, now).state, KeyState::kMine);
  EXPECT_EQ(reserve(2, now - 59 * kMinute).state, KeyState::kMine);
  EXPECT_EQ(reserve(3, now + 9 * kMinute).state, KeyState::kMine);
  const KeyFinding old = reserve(4, now - 61 * kMinute);
  EXPECT_EQ(old.state, KeyState::kExpired);
  EXPECT_THAT(old.why, HasSubstr("further back"));
  EXPECT_EQ(reserve(5, 0).state, KeyState::kExpired);
  const KeyFinding ahead = reserve(6, now + 11 * kMinute);
  EXPECT_EQ(ahead.state, KeyState::kExpired);
  EXPECT_THAT(ahead.why, HasSubstr("future"));
  for (const int key : {4, 5, 6})
    EXPECT_EQ(Await(rig.Look(AttemptAt(key, 1).key)).state, KeyState::kNone) << "no record is made";
}

// There may have been a record, and what it stood for may have been executed.
TEST_P(KeyStoreBehaviourTest, WhoOnlyLooksIsToldThatAKeyIsOutOfTheWindow) {
  SqlKeyStoreOptions options = StoreRig::Options();
  options.ttl = hours(1);
  StoreRig rig(Open(), options);
  const int64_t now = UnixMilliseconds();
  KeyRef key = AttemptAt(1, 1).key;
  key.key_time_ms = now - 3660000;
  const KeyFinding old = Await(rig.Look(key));
  EXPECT_EQ(old.state, KeyState::kExpired);
  EXPECT_THAT(old.why, HasSubstr("further back"));
  key.key_time_ms = now - 3540000;
  EXPECT_EQ(Await(rig.Look(key)).state, KeyState::kNone);
  Sql("UPDATE enos_idempotency_meta SET newest_removed_ms = " + std::to_string(now - 3540000));
  EXPECT_EQ(Await(rig.Look(key)).state, KeyState::kExpired);
}

TEST_P(KeyStoreBehaviourTest, ARecordIsFoundWhateverTheTimeInItsKey) {
  StoreRig rig(Open());
  KeyAttempt attempt = AttemptAt(1, 1);
  attempt.key.key_time_ms = UnixMilliseconds();
  Await(rig.Reserve(attempt));
  Await(rig.Started(attempt, "i-1"));
  attempt.nonce = Digest(2).substr(32);
  attempt.key.key_time_ms = 0;
  EXPECT_EQ(Await(rig.Reserve(attempt)).state, KeyState::kStarted);
}

TEST_P(KeyStoreBehaviourTest, KeysOfTheTimeOfWhatWasRemovedAreNotTaken) {
  StoreRig rig(Open());
  const int64_t now = UnixMilliseconds();
  Sql("UPDATE enos_idempotency_meta SET newest_removed_ms = " + std::to_string(now - 3600000));
  KeyAttempt attempt = AttemptAt(1, 1);
  attempt.key.key_time_ms = now - 3600000 + 600000;
  const KeyFinding found = Await(rig.Reserve(attempt));
  EXPECT_EQ(found.state, KeyState::kExpired);
  EXPECT_THAT(found.why, HasSubstr("forgotten"));
  attempt.key.key_time_ms = now - 3600000 + 601000;
  EXPECT_EQ(Await(rig.Reserve(attempt)).state, KeyState::kMine);
}

TEST_P(KeyStoreBehaviourTest, WhatIsOlderThanTheWindowAndAnHourIsRemoved) {
  {
    StoreRig rig(Open());
    for (int i = 0; i < 300; ++i) Await(rig.Reserve(AttemptAt(i, 1)));
  }
  const int64_t old = UnixMilliseconds() - 2 * 3600 * 1000;
  // Two thirds are older than that, by up to 200 ms.
  Sql("UPDATE enos_idempotency_keys SET created_at_ms = " + std::to_string(old) +
      " - CAST(substr(id, 62) AS INTEGER), lease_until_ms = 0 WHERE substr(id, 62) LIKE '1__'"
      " OR substr(id, 62) LIKE '2__'");
  SqlKeyStoreOptions options = StoreRig::Options();
  options.ttl = hours(1);
  options.sweep_interval = milliseconds(1);
  options.idle_check = milliseconds(1);
  StoreRig rig(Open(), options);
  const auto removed = [&](int key) {
    return Await(rig.Look(AttemptAt(key, 1).key)).state == KeyState::kNone;
  };
  EXPECT_TRUE(WaitUntil([&] { return removed(100) && removed(199) && removed(299); }));
  EXPECT_FALSE(removed(99));
  KeyAttempt attempt = AttemptAt(1, 2);
  attempt.key.id = Digest(4000);
  attempt.key.key_time_ms = old - 100 + 599000;
  EXPECT_EQ(Await(rig.Reserve(attempt)).state, KeyState::kExpired);
}

TEST_P(KeyStoreBehaviourTest, TheQueryOfTheDocsFindsWhatIsInDoubt) {
  StoreRig rig(Open());
  const KeyAttempt lost = AttemptAt(1, 1);
  Await(rig.Reserve(lost, Note("lost")));
  Await(rig.Doubt(lost, Lost("lost")));
  Await(rig.Reserve(AttemptAt(2, 1, milliseconds(-6000)), Note("lease-ended")));
  Await(rig.Reserve(AttemptAt(3, 1), Note("under-way")));
  std::string sql = SqlOfDocs("FROM enos_idempotency_keys");
  if (GetParam() == Kind::kSqlite) {  // as the docs say
    sql = std::regex_replace(sql, std::regex(R"(to_timestamp\((.*?)\))"),
                             "datetime($1, 'unixepoch')");
    sql = std::regex_replace(sql, std::regex(R"(extract\(epoch FROM now\(\)\))"), "unixepoch()");
  }
  const std::unique_ptr<Database> database =
      GetParam() == Kind::kSqlite
          ? std::make_unique<SqliteDatabase>(path(), SqliteDatabase::Use::kRead)
          : Open();
  ASSERT_EQ(database->Connect().end, SqlEnd::kDone);
  const SqlResult found = database->Run(sql);
  EXPECT_EQ(found.end, SqlEnd::kDone) << found.why;
  std::vector<std::string> keys;
  for (const SqlRow& row : found.rows) {
    keys.push_back(row.at(1).value_or(""));
    EXPECT_THAT(row.at(4).value_or(""), HasSubstr("2026-11-18")) << "the trigger time";
  }
  EXPECT_THAT(keys, testing::UnorderedElementsAre("lost", "lease-ended"));
}

TEST_P(KeyStoreBehaviourTest, OperationsOfOneKeyAreDoneInOrder) {
  StoreRig rig(Open());
  const KeyAttempt first = AttemptAt(1, 1);
  const KeyAttempt second = AttemptAt(1, 2);
  std::vector<StoreRig::Finding> findings;
  findings.push_back(rig.Reserve(first));
  findings.push_back(rig.Reserve(second));
  findings.push_back(rig.Remove(first));
  findings.push_back(rig.Reserve(second));
  findings.push_back(rig.Started(second, "i-2"));
  findings.push_back(rig.Look(first.key));
  const std::vector<KeyState> expected = {KeyState::kMine, KeyState::kReserved, KeyState::kNone,
                                          KeyState::kMine, KeyState::kStarted,  KeyState::kStarted};
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(Await(findings[i]).state, expected[i]) << i;
}

TEST_P(KeyStoreBehaviourTest, AStoreOfAnotherEnosIsRefused) {
  {
    StoreRig rig(Open());
  }
  SqlKeyStoreOptions options = StoreRig::Options();
  options.enos = "https://other.example.com";
  StoreRig rig(Open(), options);
  EXPECT_THAT(std::string(rig.started().message()),
              HasSubstr("belong to the EnOS at https://enos.example.com"));
}

TEST_P(KeyStoreBehaviourTest, TablesOfANewerGatewayAreRefused) {
  {
    StoreRig rig(Open());
  }
  Sql("UPDATE enos_idempotency_meta SET schema_version = 2");
  StoreRig rig(Open());
  EXPECT_THAT(std::string(rig.started().message()), HasSubstr("a newer gateway"));
}

}  // namespace
}  // namespace enos::gateway
