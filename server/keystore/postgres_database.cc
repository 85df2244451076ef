#include "server/keystore/postgres_database.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "server/base/secret_mask.h"
#include "server/base/text.h"
#include "server/contract/upstream_text.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

SqlResult Done() { return {SqlEnd::kDone, {}, {}}; }

// Of an SQLSTATE, what its class tells; the exceptions first.
SqlEnd EndOf(std::string_view state) {
  if (state == "57014" || state == "53100") return SqlEnd::kAgain;  // time-out, disk full
  const std::string_view kind = state.substr(0, 2);
  // Data, integrity, syntax and rights, limits, internal.
  for (const std::string_view refused : {"22", "23", "42", "54", "XX"})
    if (kind == refused) return SqlEnd::kRefused;
  // Rolled back, resources, not in this state (locks).
  for (const std::string_view again : {"40", "53", "55"})
    if (kind == again) return SqlEnd::kAgain;
  // Among others: shut down, read-only after a fail-over; what a new connection may get over.
  return SqlEnd::kLost;
}

// user:PASSWORD@host, and ?password=PASSWORD; as it stands there.
void RegisterRawPasswords(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return;
  const std::string_view rest = url.substr(scheme + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  // Both signs as libpq finds them: the first.
  const std::string_view user = authority.substr(0, authority.find('@'));
  const size_t colon = user.find(':');
  if (user.size() < authority.size() && colon != std::string_view::npos)
    RegisterSecret(user.substr(colon + 1), SecretLife::kForever);
  const size_t question = rest.find('?');
  if (question == std::string_view::npos) return;
  for (const std::string_view parameter : Split(rest.substr(question + 1), '&')) {
    for (const std::string_view start : {"password=", "sslpassword="})
      if (StartsWith(parameter, start))
        RegisterSecret(parameter.substr(start.size()), SecretLife::kForever);
  }
}

}  // namespace

bool RegisterPasswords(std::string_view url) {
  RegisterRawPasswords(url);
  PQconninfoOption* options = PQconninfoParse(std::string(url).c_str(), nullptr);
  if (options == nullptr) return false;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val != nullptr && EndsWith(option->keyword, "password"))
      RegisterSecret(option->val, SecretLife::kForever);
  }
  PQconninfoFree(options);
  return true;
}

PostgresDatabase::PostgresDatabase(std::string_view url, milliseconds limit)
    : url_(url), limit_(limit), readable_(RegisterPasswords(url)) {}

PostgresDatabase::~PostgresDatabase() { Close(); }

const SqlDialect& PostgresDatabase::dialect() const {
  static const SqlDialect dialect = {
      "(SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT))", true,
      // Room for the result beside the reservation: no entry of an index has to change.
      " WITH (fillfactor = 50)"};
  return dialect;
}

SqlResult PostgresDatabase::Connect() {
  Close();
  // Not libpq's own text: the whole URL may be in it.
  if (!readable_) {
    return {SqlEnd::kRefused, {}, Concat("the URL cannot be read, expected ", kPostgresUrl)};
  }
  const SteadyTime until = std::chrono::steady_clock::now() + limit_;
  SqlResult result = Login(until);
  if (result.end == SqlEnd::kDone) result = CheckServer(until);
  if (result.end != SqlEnd::kDone) Close();
  return result;
}

SqlResult PostgresDatabase::Login(SteadyTime until) {
  const std::string url(url_.Reveal());
  const char* names[] = {"dbname", "fallback_application_name", nullptr};
  const char* values[] = {url.c_str(), "enos-flow-gateway", nullptr};
  connection_ = PQconnectStartParams(names, values, /*expand_dbname=*/1);
  if (connection_ == nullptr) return Lost("no memory");
  // It may come from a file that the URL or the environment names.
  if (const char* password = PQpass(connection_)) RegisterSecret(password, SecretLife::kForever);
  // Notices would go to stderr.
  PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
  auto state = PGRES_POLLING_WRITING;
  while (PQstatus(connection_) != CONNECTION_BAD && state != PGRES_POLLING_OK) {
    const auto events = static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT);
    if (!AwaitSocket(events, until)) return Lost("cannot connect: no answer in time");
    state = PQconnectPoll(connection_);
    if (state == PGRES_POLLING_FAILED) break;
  }
  if (PQstatus(connection_) == CONNECTION_OK && PQsetnonblocking(connection_, 1) == 0)
    return Done();
  return Lost("cannot connect");
}

SqlResult PostgresDatabase::CheckServer(SteadyTime until) {
  SqlResult result =
      Do("SET statement_timeout = '2s'; SET lock_timeout = '2s';"
         " SET idle_in_transaction_session_timeout = '2s';"
         " SET default_transaction_isolation = 'read committed';"
         // Statements are planned once, perhaps while the table is empty: by its indexes, whatever
         // it looks like.
         " SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;"
         " SET enable_hashjoin = off; SET enable_mergejoin = off;"
         // The price that then stands at the table of one row would have all of it compiled.
         " SET jit = off;"
         " SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
         " WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false);"
         " SELECT pg_is_in_recovery(), current_setting('transaction_read_only'), pg_backend_pid(),"
         " current_setting('synchronous_commit'), current_setting('fsync'),"
         " current_setting('full_page_writes')",
         until);
  if (result.end != SqlEnd::kDone) return result;
  const SqlRow row = std::exchange(result.rows, {}).at(0);
  const auto refused = [](std::string why) {
    return SqlResult{SqlEnd::kRefused, {}, std::move(why)};
  };
  if (row.at(0) != "f") return refused("the server is a standby, expected the writable primary");
  if (row.at(1) != "off") return refused("the database is read-only");
  if (row.at(2) != std::to_string(PQbackendPID(connection_))) {
    return refused(
        "between gateway and server is a pooler (pgbouncer?), expected the server itself");
  }
  if (row.at(3) != "on" && row.at(3) != "remote_apply")
    return refused("synchronous_commit cannot be switched on");
  if (row.at(4) != "on" || row.at(5) != "on")
    result.why = "fsync or full_page_writes is off: a crash of the server's machine loses keys";
  return result;
}

SqlResult PostgresDatabase::Run(const std::string& sql) {
  return Do(sql, std::chrono::steady_clock::now() + limit_);
}

SqlResult PostgresDatabase::Run(const SqlBatch& batch) {
  const SteadyTime until = std::chrono::steady_clock::now() + limit_;
  for (const SqlStep& change : batch.changes)
    if (SqlResult result = Prepare(*change.statement, until); result.end != SqlEnd::kDone)
      return result;
  if (SqlResult result = Prepare(*batch.select.statement, until); result.end != SqlEnd::kDone)
    return result;
  return Do(BatchSql(batch, prepared_), until);
}

// The server then has it parsed and planned, under a name, until the connection ends.
SqlResult PostgresDatabase::Prepare(const SqlStatement& statement, SteadyTime until) {
  if (prepared_.count(statement.sql) > 0) return Done();
  const std::string name = "enos_" + std::to_string(prepared_.size());
  SqlResult result = Do(PrepareSql(name, statement), until);
  if (result.end == SqlEnd::kDone) prepared_.emplace(statement.sql, name);
  return result;
}

SqlResult PostgresDatabase::Do(const std::string& sql, SteadyTime until) {
  if (connection_ == nullptr) return {SqlEnd::kLost, {}, "not connected"};
  if (PQsendQuery(connection_, sql.c_str()) == 0) return Lost("connection lost");
  SqlResult result = Await(until);
  if (result.end == SqlEnd::kLost || PQtransactionStatus(connection_) == PQTRANS_IDLE)
    return result;
  // What failed in a transaction left it open, though without its locks.
  if (PQsendQuery(connection_, "ROLLBACK") == 0) return Lost("connection lost");
  if (const SqlResult ended = Await(until); ended.end != SqlEnd::kDone) return ended;
  return result;
}

// All results of what was sent: the last rows, or the error.
SqlResult PostgresDatabase::Await(SteadyTime until) {
  SqlResult all = Done();
  for (;;) {
    const int left = PQflush(connection_);
    if (left < 0) return Lost("connection lost");
    if (left == 0 && PQisBusy(connection_) == 0) {
      const Result result(PQgetResult(connection_));
      if (!result) break;
      SqlResult one = ReadResult(result.get());
      const bool selected = PQresultStatus(result.get()) == PGRES_TUPLES_OK;
      if (selected || one.end != SqlEnd::kDone) all = std::move(one);
      continue;
    }
    const auto events = static_cast<short>(left == 0 ? POLLIN : POLLIN | POLLOUT);
    if (!AwaitSocket(events, until)) return Lost("no answer in time");
    if (PQconsumeInput(connection_) == 0) return Lost("connection lost");
  }
  return all.end == SqlEnd::kLost ? Lost(all.why) : all;
}

bool PostgresDatabase::AwaitSocket(short events, SteadyTime until) const {
  for (;;) {
    const auto left =
        std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd socket{PQsocket(connection_), events, 0};
    const int ready = poll(&socket, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

SqlResult PostgresDatabase::ReadResult(const PGresult* result) const {
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return {state == nullptr ? SqlEnd::kLost : EndOf(state), {}, Error()};
  }
  SqlResult read = Done();
  for (int i = 0; i < PQntuples(result); ++i) {
    SqlRow& row = read.rows.emplace_back();
    for (int j = 0; j < PQnfields(result); ++j) {
      if (PQgetisnull(result, i, j) != 0) {
        row.emplace_back(std::nullopt);
      } else {
        row.emplace_back(
            std::string(PQgetvalue(result, i, j), static_cast<size_t>(PQgetlength(result, i, j))));
      }
    }
  }
  return read;
}

// libpq's text may hold anything, and of the server's.
std::string PostgresDatabase::Error() const {
  return CleanUpstreamText(PQerrorMessage(connection_), KnownSecrets());
}

SqlResult PostgresDatabase::Lost(std::string_view what) {
  const std::string error = connection_ == nullptr ? "" : Error();
  Close();
  return {SqlEnd::kLost,
          {},
          error.empty() || error == what ? std::string(what) : Concat(what, " (", error, ")")};
}

void PostgresDatabase::Close() {
  prepared_.clear();
  PQfinish(std::exchange(connection_, nullptr));
}

}  // namespace enos::gateway
