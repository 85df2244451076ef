#ifndef ENOS_SERVER_KEYSTORE_POSTGRES_DATABASE_H_
#define ENOS_SERVER_KEYSTORE_POSTGRES_DATABASE_H_

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "server/base/scheduler.h"
#include "server/base/secret.h"
#include "server/keystore/database.h"
#include "server/keystore/sql_text.h"

struct pg_conn;    // NOLINT(readability-identifier-naming): these names are libpq's
struct pg_result;  // NOLINT(readability-identifier-naming)

namespace enos::gateway {

// What a URL has to be.
inline constexpr std::string_view kPostgresUrl =
    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with special characters of the password "
    "percent-encoded, and after a question mark only parameters that libpq knows";

// Masks the passwords in a postgresql:// URL, as they stand there and decoded, in all that leaves
// the process. False: libpq does not take it for a URL.
bool RegisterPasswords(std::string_view url);

// A connection to a PostgreSQL server, by libpq. Each text is one message (simple query), so that
// the server begins when it has all of it. Nothing waits longer than the limit, whatever the server
// or the network do: then the connection is given up.
class PostgresDatabase final : public Database {
 public:
  static constexpr std::chrono::milliseconds kLimit{5000};

  explicit PostgresDatabase(std::string_view url, std::chrono::milliseconds limit = kLimit);
  ~PostgresDatabase() override;

  const SqlDialect& dialect() const override;
  const char* kind() const override { return "postgresql"; }
  bool exclusive() const override { return false; }
  SqlResult Connect() override;
  SqlResult Run(const std::string& sql) override;
  SqlResult Run(const SqlBatch& batch) override;

 private:
  SqlResult Login(SteadyTime until);
  SqlResult CheckServer(SteadyTime until);
  SqlResult Prepare(const SqlStatement& statement, SteadyTime until);
  SqlResult Do(const std::string& sql, SteadyTime until);
  SqlResult Await(SteadyTime until);
  bool AwaitSocket(short events, SteadyTime until) const;
  SqlResult ReadResult(const pg_result* result) const;
  SqlResult Lost(std::string_view what);
  std::string Error() const;
  void Close();

  const Secret url_;
  const std::chrono::milliseconds limit_;
  const bool readable_;
  pg_conn* connection_ = nullptr;
  StatementNames prepared_;  // in this connection
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_KEYSTORE_POSTGRES_DATABASE_H_
