#include "server/keystore/postgres_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <array>
#include <boost/asio.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <regex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/base/secret_mask.h"
#include "server/base/text.h"
#include "server/keystore/open_key_store.h"
#include "server/testing/store_rig.h"
#include "tests/support/postgres.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

// Passes one connection on, and tells its client another process id than the server's: what a
// pooler does.
class PoolerLike {
 public:
  explicit PoolerLike(int server_port)
      : acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}),
        thread_([this, server_port] { Pass(server_port); }) {}
  ~PoolerLike() { thread_.join(); }
  int port() const { return acceptor_.local_endpoint().port(); }

 private:
  using Socket = boost::asio::ip::tcp::socket;

  void Pass(int server_port) {
    Socket client = acceptor_.accept();
    Socket server(io_);
    server.connect({boost::asio::ip::address_v4::loopback(), static_cast<uint16_t>(server_port)});
    std::thread there([&] { Copy(client, server, false); });
    Copy(server, client, true);
    there.join();
  }

  static void Copy(Socket& from, Socket& to, bool change) {
    boost::system::error_code error;
    std::array<char, 65536> bytes{};
    for (size_t size = 0; (size = from.read_some(boost::asio::buffer(bytes), error)) > 0;) {
      std::string text(bytes.data(), size);
      const size_t key = text.find(std::string("K\0\0\0\x0C", 5));  // BackendKeyData
      if (change && key != std::string::npos) text.at(key + 8) ^= 1;
      boost::asio::write(to, boost::asio::buffer(text), error);
      if (error) break;
    }
    to.shutdown(Socket::shutdown_both, error);
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

class PostgresDatabaseTest : public testing::Test {
 protected:
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    if (!PostgresIsInstalled()) GTEST_SKIP() << "PostgreSQL is not installed";
    if (!server_) server_ = std::make_unique<PostgresServer>();
    Sql("DROP TABLE IF EXISTS enos_idempotency_keys, enos_idempotency_meta;"
        " ALTER ROLE gateway RESET ALL");
  }

  static std::unique_ptr<Database> Open(milliseconds limit = PostgresDatabase::kLimit) {
    return std::make_unique<PostgresDatabase>(server_->url(), limit);
  }

  static SqlResult Sql(const std::string& sql) {
    PostgresDatabase database(server_->url());
    EXPECT_EQ(database.Connect().end, SqlEnd::kDone);
    return database.Run(sql);
  }

  // What a gateway sends for a reservation, for a connection of the test's own.
  static std::string PreparedReservation(PGconn* connection, const KeyAttempt& attempt) {
    const KeyBatches batches(Open()->dialect(), std::chrono::hours(1));
    const KeyOperation operation{KeyOperationKind::kReserve, attempt, Note(), {}, {}};
    const SqlBatch batch = batches.Make({&operation}, std::chrono::steady_clock::now());
    StatementNames names;
    for (const SqlStatement* statement : {batch.changes.at(0).statement, batch.select.statement}) {
      const std::string name = "test_" + std::to_string(names.size());
      names[statement->sql] = name;
      PQclear(PQexec(connection, PrepareSql(name, *statement).c_str()));
    }
    return BatchSql(batch, names);
  }

  inline static std::unique_ptr<PostgresServer> server_;
};

TEST_F(PostgresDatabaseTest, RunsATextAndGivesTheRowsOfItsLastSelect) {
  const SqlResult result = Sql("SELECT 1; SELECT 'a', NULL, 3");
  EXPECT_EQ(result.end, SqlEnd::kDone);
  ASSERT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.rows[0], (SqlRow{"a", std::nullopt, "3"}));
  EXPECT_TRUE(Sql("SELECT 1; SELECT 1 WHERE false").rows.empty());
}

TEST_F(PostgresDatabaseTest, WhatFailsIsRolledBackAndLeavesTheConnectionUsable) {
  PostgresDatabase database(server_->url());
  ASSERT_EQ(database.Connect().end, SqlEnd::kDone);
  const SqlResult failed =
      database.Run("BEGIN; CREATE TABLE gone (a INT); SELECT 1 / 0; COMMIT; SELECT 2");
  EXPECT_EQ(failed.end, SqlEnd::kRefused);
  EXPECT_THAT(failed.why, HasSubstr("division by zero"));
  EXPECT_EQ(database.Run("SELECT 1").end, SqlEnd::kDone);
  EXPECT_EQ(database.Run("SELECT * FROM gone").end, SqlEnd::kRefused);
}

TEST_F(PostgresDatabaseTest, ASessionIsDurableAndDoesNotHoldOthersUp) {
  Sql("ALTER ROLE gateway SET synchronous_commit = off");
  const auto shown = [](const std::string& name) { return *Sql("SHOW " + name).rows.at(0).at(0); };
  EXPECT_EQ(shown("synchronous_commit"), "on");
  EXPECT_EQ(shown("statement_timeout"), "2s");
  EXPECT_EQ(shown("lock_timeout"), "2s");
  EXPECT_EQ(shown("idle_in_transaction_session_timeout"), "2s");
  Sql("ALTER ROLE gateway SET synchronous_commit = remote_apply");
  EXPECT_EQ(shown("synchronous_commit"), "remote_apply") << "more than needed stays";
}

TEST_F(PostgresDatabaseTest, APoolerIsRefused) {
  PoolerLike pooler(server_->port());
  PostgresDatabase database(server_->UrlAt(pooler.port()));
  const SqlResult result = database.Connect();
  EXPECT_EQ(result.end, SqlEnd::kRefused) << result.why;
  EXPECT_THAT(result.why, HasSubstr("pooler"));
}

TEST_F(PostgresDatabaseTest, AReadOnlyDatabaseIsRefused) {
  Sql("ALTER ROLE gateway SET default_transaction_read_only = on");
  StoreRig rig(Open());
  EXPECT_THAT(std::string(rig.started().message()), HasSubstr("read-only"));
  PostgresDatabase database(server_->url() + "?options=-c%20default_transaction_read_only%3Doff");
  ASSERT_EQ(database.Connect().end, SqlEnd::kDone);
  database.Run("ALTER ROLE gateway RESET ALL");
}

TEST_F(PostgresDatabaseTest, NoErrorShowsThePassword) {
  PostgresDatabase wrong("postgresql://gateway:wr%6Fng-word@127.0.0.1:" +
                         std::to_string(server_->port()) + "/postgres?sslmode=disable");
  const SqlResult result = wrong.Connect();
  EXPECT_EQ(result.end, SqlEnd::kLost);
  EXPECT_THAT(result.why, HasSubstr("authentication failed"));
  for (const std::string text : {"wr%6Fng-word", "wrong-word"})
    EXPECT_TRUE(KnownSecrets().Finds(text)) << text;

  PostgresDatabase unreadable("postgresql://gateway:0ther-word@[::1");
  EXPECT_EQ(unreadable.Connect().end, SqlEnd::kRefused);
  EXPECT_THAT(unreadable.Connect().why, Not(HasSubstr("0ther")));
  EXPECT_TRUE(KnownSecrets().Finds("0ther-word"));

  RegisterPasswords("postgresql://h/d?user=u&password=th%69rd-word&sslmode=require");
  EXPECT_TRUE(KnownSecrets().Finds("third-word"));
  EXPECT_TRUE(KnownSecrets().Finds("th%69rd-word"));
}

// Without a server.
TEST(PostgresUrl, ThatLibpqCannotReadIsAWrongSetting) {
  EXPECT_EQ(FindStoreProblem("postgresql://u:p@h:5432/d?sslmode=verify-full"), std::nullopt);
  for (const std::string url :
       {"postgresql://u:f0urth-word@[::1", "postgresql://u:f0urth-word@h/d?sslmod=require",
        "postgresql://h/d?password=f0urth-word&user"}) {
    const std::string problem = FindStoreProblem(url).value_or("");
    EXPECT_THAT(problem, HasSubstr("postgresql://USER:PASSWORD@HOST:PORT/DATABASE")) << url;
    EXPECT_THAT(problem, Not(HasSubstr("f0urth")));
  }
  EXPECT_TRUE(KnownSecrets().Finds("f0urth-word"));
}

TEST_F(PostgresDatabaseTest, SeveralGatewaysMayMakeTheTablesAtOnce) {
  std::vector<std::future<bool>> started;
  for (int i = 0; i < 8; ++i) {
    started.push_back(
        std::async(std::launch::async, [] { return StoreRig(Open()).started().ok(); }));
  }
  for (auto& one : started) EXPECT_TRUE(Await(one));
}

TEST_F(PostgresDatabaseTest, OfSeveralGatewaysOneOwnsARecord) {
  StoreRig one(Open());
  StoreRig other(Open());
  constexpr int kKeys = 500;
  std::vector<std::pair<StoreRig::Finding, StoreRig::Finding>> findings;
  for (int i = 0; i < kKeys; ++i)
    findings.emplace_back(one.Reserve(AttemptAt(i, 1)), other.Reserve(AttemptAt(kKeys - 1 - i, 2)));
  int mine = 0;
  for (auto& [a, b] : findings) {
    for (auto* finding : {&a, &b}) {
      const KeyFinding found = Await(*finding);
      EXPECT_TRUE(found.state == KeyState::kMine || found.state == KeyState::kReserved)
          << static_cast<int>(found.state) << found.why;
      if (found.state == KeyState::kMine) ++mine;
    }
  }
  EXPECT_EQ(mine, kKeys);
}

// A gateway that was stopped when only half of its batch had left.
TEST_F(PostgresDatabaseTest, AClientThatStopsInTheMiddleOfATextHoldsUpNobody) {
  StoreRig rig(Open());
  PGconn* stopped = PQconnectdb(server_->url().c_str());
  ASSERT_EQ(PQstatus(stopped), CONNECTION_OK);
  const std::string sql = PreparedReservation(stopped, AttemptAt(1, 1));
  // 'Q', the length, the text: all of it but its end.
  const auto size = static_cast<uint32_t>(sql.size() + 5);
  std::string message = "Q";
  for (const int shift : {24, 16, 8, 0}) message += static_cast<char>(size >> shift);
  message += sql;
  message.pop_back();
  ASSERT_EQ(write(PQsocket(stopped), message.data(), message.size()),
            static_cast<ssize_t>(message.size()));

  EXPECT_EQ(Await(rig.Reserve(AttemptAt(1, 2))).state, KeyState::kMine);
  EXPECT_EQ(Await(rig.Remove(AttemptAt(1, 2))).state, KeyState::kNone);
  PQfinish(stopped);
}

// Whatever else has a transaction open on a record: only that key waits.
TEST_F(PostgresDatabaseTest, ATransactionThatSomebodyLeavesOpenHoldsUpItsKeyOnly) {
  StoreRig rig(Open());
  PGconn* raw = PQconnectdb(server_->url().c_str());
  std::string sql = PreparedReservation(raw, AttemptAt(1, 1));
  sql.erase(sql.find("COMMIT"));
  PQclear(PQexec(raw, sql.c_str()));
  ASSERT_EQ(PQtransactionStatus(raw), PQTRANS_INTRANS);

  auto held = rig.Reserve(AttemptAt(1, 2));
  auto free = rig.Reserve(AttemptAt(2, 1));
  EXPECT_EQ(Await(free).state, KeyState::kMine);
  EXPECT_EQ(held.wait_for(milliseconds(0)), std::future_status::timeout);
  PQfinish(raw);
  EXPECT_EQ(Await(held).state, KeyState::kMine);
}

// They are planned once, while the table is still empty.
TEST_F(PostgresDatabaseTest, StatementsFindTheirRecordsByTheirIndex) {
  PostgresDatabase database(server_->url());
  ASSERT_EQ(database.Connect().end, SqlEnd::kDone);
  ASSERT_EQ(database.Run(CreateTablesSql("enos", database.dialect())).end, SqlEnd::kDone);
  const KeyBatches batches(database.dialect(), std::chrono::hours(1));
  std::vector<KeyOperation> operations(3);
  operations[0].kind = KeyOperationKind::kStarted;
  operations[1].kind = KeyOperationKind::kDoubt;
  operations[2].kind = KeyOperationKind::kRemove;
  SqlBatch batch = batches.Make({&operations[0], &operations[1], &operations[2]},
                                std::chrono::steady_clock::now());
  batch.changes.push_back(batch.select);
  ASSERT_EQ(batch.changes.size(), 4U);
  for (const SqlStep& step : batch.changes) {
    ASSERT_EQ(database.Run(PrepareSql("s", *step.statement)).end, SqlEnd::kDone);
    const std::string execute = BatchSql({{}, step}, {{step.statement->sql, "s"}});
    std::string plan;
    for (const SqlRow& row : database.Run("EXPLAIN " + execute).rows) plan += *row.at(0) + "\n";
    EXPECT_THAT(plan, HasSubstr("Index Scan using enos_idempotency_keys_pkey")) << execute;
    EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on enos_idempotency_keys"))) << execute;
    EXPECT_THAT(plan, Not(HasSubstr("JIT"))) << execute;
    database.Run("DEALLOCATE s");
  }
}

TEST_F(PostgresDatabaseTest, AServerThatHangsMakesNobodyWaitLonger) {
  StoreRig rig(Open(milliseconds(200)));
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(1, 1))).state, KeyState::kMine);
  server_->Pause();
  rig.SetPatience(milliseconds(50));
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(2, 1))).state, KeyState::kUnavailable);
  EXPECT_TRUE(WaitUntil([&] { return !rig.why().empty(); }));
  EXPECT_THAT(rig.why(), HasSubstr("no answer in time"));
  server_->Resume();
  rig.SetPatience(kGuard);
  EXPECT_EQ(Await(rig.Look(AttemptAt(1, 1).key)).state, KeyState::kReserved);
  EXPECT_EQ(rig.why(), "");
}

// Not replicated is not durable: the server must not give up waiting and say "done".
TEST_F(PostgresDatabaseTest, ACommitThatASynchronousStandbyDoesNotHaveIsNotDone) {
  StoreRig rig(Open(milliseconds(3000)));
  const auto set_standby = [](const std::string& name) {
    Sql("ALTER SYSTEM SET synchronous_standby_names = '" + name + "'");
    Sql("SELECT pg_reload_conf()");
    EXPECT_TRUE(
        WaitUntil([&] { return Sql("SHOW synchronous_standby_names").rows[0][0] == name; }));
  };
  set_standby("nobody");
  rig.SetPatience(milliseconds(2500));
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(1, 1))).state, KeyState::kUnavailable);
  set_standby("");
  rig.SetPatience(kGuard);
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(1, 1))).state, KeyState::kMine);
}

TEST_F(PostgresDatabaseTest, ItSurvivesACrashOfTheServer) {
  StoreRig rig(Open());
  std::vector<StoreRig::Finding> findings;
  for (int i = 0; i < 200; ++i) findings.push_back(rig.Reserve(AttemptAt(i, 1)));
  Await(findings[0]);
  server_->Kill();
  server_->Start();
  for (size_t i = 1; i < findings.size(); ++i)
    EXPECT_EQ(Await(findings[i]).state, KeyState::kMine) << i;
  StoreRig other(Open());
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(Await(other.Reserve(AttemptAt(i, 2))).state, KeyState::kReserved) << i;
}

TEST_F(PostgresDatabaseTest, IsDescribedForPeople) {
  const std::string enos = StoreRig::Options().enos;
  EXPECT_EQ(*DescribeStore(server_->url(), enos),
            "postgresql, without tables yet: the gateway makes them");
  StoreRig rig(Open());
  Await(rig.Reserve(AttemptAt(1, 1)));
  Await(rig.Reserve(AttemptAt(2, 1, milliseconds(-6000))));
  EXPECT_EQ(*DescribeStore(server_->url(), enos),
            "postgresql, tables of version 1, 2 keys, 1 of them in doubt");
  EXPECT_THAT(std::string(DescribeStore(server_->url(), "https://x").status().message()),
              HasSubstr("belong to the EnOS at"));
}

// What docs/idempotency.md has the administrator of the database type.
TEST_F(PostgresDatabaseTest, ARoleAndADatabaseAsInTheDocsAreEnough) {
  const std::string statements =
      std::regex_replace(SqlOfDocs("CREATE ROLE"), std::regex("…"), "w0rd-of-the-docs");
  for (const std::string_view statement : Split(statements, '\n'))
    if (!statement.empty()) Sql(std::string(statement));
  const std::string url =
      "postgresql://enos_gateway:w0rd-of-the-docs@127.0.0.1:" + std::to_string(server_->port()) +
      "/enos_gateway";
  StoreRig rig(std::make_unique<PostgresDatabase>(url));
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(1, 1))).state, KeyState::kMine) << rig.started();
}

TEST(PostgresDatabaseSettingsTest, AStandbyIsRefused) {
  if (!PostgresIsInstalled()) GTEST_SKIP() << "PostgreSQL is not installed";
  PostgresServer server;
  server.Stop();
  server.StartAsStandby();
  const SqlResult result = PostgresDatabase(server.url()).Connect();
  EXPECT_EQ(result.end, SqlEnd::kRefused);
  EXPECT_THAT(result.why, HasSubstr("standby"));
}

// sslmode=verify-full, as docs/idempotency.md recommends; the password in a file of its own.
TEST(PostgresDatabaseSettingsTest, ByTlsOnlyTheServerOfThatNameIsTalkedTo) {
  if (!PostgresIsInstalled()) GTEST_SKIP() << "PostgreSQL is not installed";
  const auto authority = sandbox::MakeTestAuthority("authority");
  sandbox::TestServerName name;
  name.dns_names = {"db.example.com"};
  name.ip_addresses.clear();
  PostgresServer server({}, sandbox::MakeTestServerCertificate(authority, name));
  constexpr char kFromFile[] = "w0rd-of-a-file";
  PostgresDatabase first(server.url());
  ASSERT_EQ(first.Connect().end, SqlEnd::kDone);
  first.Run("ALTER ROLE gateway PASSWORD '" + std::string(kFromFile) + "'");
  const TempFolder folder;
  const std::string ca = folder.Write("ca.pem", authority.certificate_pem);
  const std::string other_ca =
      folder.Write("other.pem", sandbox::MakeTestAuthority("other").certificate_pem);
  const auto connect = [&](const std::string& host, const std::string& password_file,
                           const std::string& ca_file) {
    std::filesystem::permissions(password_file, std::filesystem::perms::owner_read);
    PostgresDatabase database("postgresql://gateway@" + host + ":" + std::to_string(server.port()) +
                              "/postgres?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=" +
                              ca_file + "&passfile=" + password_file);
    SqlResult result = database.Connect();
    if (result.end != SqlEnd::kDone) return result.why;
    return *database.Run("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").rows[0][0];
  };
  const std::string right = folder.Write("right", "*:*:*:gateway:" + std::string(kFromFile));
  const std::string wrong = folder.Write("wrong", "*:*:*:gateway:wr0ng-word-of-a-file");

  EXPECT_THAT(connect("other.example.com", right, ca), HasSubstr("does not match host name"));
  EXPECT_THAT(connect("db.example.com", right, other_ca), HasSubstr("certificate verify failed"));
  EXPECT_EQ(connect("db.example.com", right, ca), "TLSv1.3");
  EXPECT_THAT(connect("db.example.com", wrong, ca), HasSubstr("authentication failed"));
  for (const std::string word : {kFromFile, "wr0ng-word-of-a-file"})
    EXPECT_TRUE(KnownSecrets().Finds(word)) << word << " would not be masked in the log";
}

TEST(PostgresDatabaseSettingsTest, AServerThatMayLoseCommitsIsWarnedAbout) {
  if (!PostgresIsInstalled()) GTEST_SKIP() << "PostgreSQL is not installed";
  PostgresServer server({"fsync = off"});
  PostgresDatabase database(server.url());
  const SqlResult result = database.Connect();
  EXPECT_EQ(result.end, SqlEnd::kDone);
  EXPECT_THAT(result.why, HasSubstr("fsync"));
}

}  // namespace
}  // namespace enos::gateway
