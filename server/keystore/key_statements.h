#ifndef ENOS_SERVER_KEYSTORE_KEY_STATEMENTS_H_
#define ENOS_SERVER_KEYSTORE_KEY_STATEMENTS_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "server/base/scheduler.h"
#include "server/keystore/database.h"
#include "server/keystore/key_store.h"

namespace enos::gateway {

enum class KeyOperationKind { kReserve, kLook, kStarted, kDoubt, kRemove };

// One call of KeyStore, as data.
struct KeyOperation {
  KeyOperationKind kind = KeyOperationKind::kLook;
  KeyAttempt attempt;  // kLook: the key alone
  KeyNote note;        // kReserve
  FlowStarted started;
  CallError doubt;
};

// Everything that is said to the database, in SQL that SQLite and PostgreSQL both understand. Each
// text is one transaction and, to PostgreSQL, one message. The server begins when it has all of it,
// so a gateway that stops halfway holds no lock; what is found is read after the commit, so that it
// is durable, and so that nothing is locked while a slow gateway reads.

// A batch: at most one operation for each key. No order of batches can lock up: first INSERTs,
// sorted, which may wait for one another's transactions; then UPDATEs and DELETEs, of records whose
// nonce only this gateway knows, so that they wait for nobody.
class KeyBatches {
 public:
  KeyBatches(const SqlDialect& dialect, std::chrono::milliseconds ttl);

  // Points to statements of this object.
  SqlBatch Make(const std::vector<const KeyOperation*>& batch, SteadyTime now) const;

 private:
  const SqlStatement reserve_;
  const SqlStatement started_;
  const SqlStatement doubt_;
  const SqlStatement remove_;
  const SqlStatement look_;
};

// What became of each operation of the batch, in its order; nullopt: it has to be done again,
// because the record that stood in its way went while it was looked at. Nothing at all: these are
// not the rows of a batch.
std::vector<std::optional<KeyFinding>> ReadFindings(const std::vector<const KeyOperation*>& batch,
                                                    std::chrono::milliseconds ttl,
                                                    const std::vector<SqlRow>& rows);

// The tables, made if there are none. Several gateways may do this at once.
inline constexpr int kKeySchemaVersion = 1;
std::string CreateTablesSql(const std::string& enos, const SqlDialect& dialect);
// One row: schema version, the EnOS that the keys belong to.
std::string ReadMetaSql(const SqlDialect& dialect);

// kDone if these are our version's tables, with keys of this EnOS; else kRefused.
SqlResult CheckMeta(const std::vector<SqlRow>& meta, const std::string& enos);

// All RESERVED records of an earlier process are in doubt at once.
std::string EndLeasesSql(const SqlDialect& dialect);

// Takes the turn to remove records, or keeps it, for `length`. One row: who has it.
std::string SweepTurnSql(const std::string& me, std::chrono::milliseconds length,
                         const SqlDialect& dialect);
// Removes about a hundred of the records older than `keep`, if the turn is mine. A row, if there
// are more.
std::string SweepSql(const std::string& me, std::chrono::milliseconds keep,
                     const SqlDialect& dialect);

// One row for --check: records (at most `most`), those in doubt (likewise).
std::string CountSql(int64_t most, const SqlDialect& dialect);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_KEYSTORE_KEY_STATEMENTS_H_
