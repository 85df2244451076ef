#include "server/keystore/key_statements.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string_view>

#include "server/base/text.h"
#include "server/keystore/sql_text.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kClockSlack = std::chrono::minutes(10);

// -- Writing

using Chosen = std::vector<const KeyOperation*>;

// Of this kind, sorted by key.
Chosen Select(const Chosen& batch, KeyOperationKind kind) {
  Chosen chosen;
  for (const KeyOperation* operation : batch) {
    if (operation->kind == kind) chosen.push_back(operation);
  }
  std::sort(chosen.begin(), chosen.end(), [](const KeyOperation* a, const KeyOperation* b) {
    return a->attempt.key.id < b->attempt.key.id;
  });
  return chosen;
}

milliseconds Lease(const KeyAttempt& attempt, SteadyTime now) {
  return std::chrono::ceil<milliseconds>(attempt.end_by - now) + kLeaseAfterEnd;
}

SqlStatement Reserve(milliseconds ttl, const SqlDialect& dialect) {
  const std::string types = "tttnttnntn";
  SqlText sql(dialect);
  sql.Words(
      "INSERT INTO enos_idempotency_keys (id, fingerprint, nonce, lease_until_ms, idempotency_key,"
      " org_id, flow_id, trigger_time_ms, likely_flow_instance_id, state, created_at_ms,"
      " changed_at_ms)"
      " SELECT column1, column2, column3, column4 + ");
  sql.Now().Words(", column5, column6, column7, column8, column9, 'RESERVED', ");
  sql.Now().Words(", ").Now().Words(" FROM enos_idempotency_meta").Rows(" CROSS JOIN ", types);
  sql.Words(" WHERE column10 < 0 OR (column10 >= ");
  sql.Now().Words(" - ").Number(ttl.count()).Words(" AND column10 <= ").Now().Words(" + ");
  sql.Number(kClockSlack.count()).Words(" AND column10 > newest_removed_ms + ");
  sql.Number(kClockSlack.count()).Words(") ORDER BY column1 ON CONFLICT DO NOTHING");
  return sql.Statement(types);
}

// What ends an UPDATE of the attempts' own records, which begin their rows with id and nonce.
SqlStatement OfOwnRecords(SqlText sql, const std::string& types) {
  sql.Words(", changed_at_ms = ").Now().Rows(" FROM ", types);
  sql.Words(" WHERE id = column1 AND nonce = column2 AND state = 'RESERVED'");
  return sql.Statement(types);
}

SqlStatement Started(const SqlDialect& dialect) {
  SqlText sql(dialect);
  sql.Words(
      "UPDATE enos_idempotency_keys SET state = 'STARTED', flow_instance_id = column3,"
      " enos_request_id = column4");
  return OfOwnRecords(std::move(sql), "tttt");
}

SqlStatement Doubt(const SqlDialect& dialect) {
  SqlText sql(dialect);
  sql.Words(
      "UPDATE enos_idempotency_keys SET state = 'DOUBT', enos_request_id = column3,"
      " grpc_code = column4, reason = column5, message = column6, likely_flow_instance_id ="
      " CASE WHEN column7 = '' THEN likely_flow_instance_id ELSE column7 END,"
      " enos_code = column8, enos_message = column9, http_status = column10");
  return OfOwnRecords(std::move(sql), "tttntttntn");
}

SqlStatement Remove(const SqlDialect& dialect) {
  const std::string types = "tt";
  SqlText sql(dialect);
  sql.Words("DELETE FROM enos_idempotency_keys").Rows(" USING ", types);
  // Once its lease has ended, others may have been told that it is in doubt for good.
  sql.Words(" WHERE state = 'RESERVED' AND lease_until_ms > ").Now();
  sql.Words(" AND id = column1 AND nonce = column2");
  return sql.Statement(types);
}

// The record of each key, if there is one; in any case a row, with the clock and what was removed.
SqlStatement Look(const SqlDialect& dialect) {
  const std::string types = "t";
  SqlText sql(dialect);
  sql.Words("SELECT ").Now().Words(
      ", newest_removed_ms, id, fingerprint, state, nonce, CASE WHEN lease_until_ms > ");
  sql.Now().Words(
      " THEN 1 ELSE 0 END, flow_instance_id, enos_request_id, grpc_code, reason, message,"
      " likely_flow_instance_id, enos_code, enos_message, http_status"
      " FROM enos_idempotency_meta");
  sql.Rows(" CROSS JOIN ", types).Words(" LEFT JOIN enos_idempotency_keys ON id = column1");
  return sql.Statement(types);
}

void AppendReserve(const KeyOperation& operation, SteadyTime now, SqlValues& row) {
  const KeyAttempt& attempt = operation.attempt;
  const KeyNote& note = operation.note;
  row.Text(attempt.key.id).Text(attempt.key.fingerprint).Text(attempt.nonce);
  row.Number(Lease(attempt, now).count()).Text(note.key).Text(note.org_id);
  row.Number(note.flow_id).Number(note.trigger_time_ms).Text(note.likely_flow_instance_id);
  row.Number(attempt.key.key_time_ms.value_or(-1));
}

void AppendDoubt(const KeyOperation& operation, SqlValues& row) {
  const CallError& doubt = operation.doubt;
  row.Text(operation.attempt.key.id).Text(operation.attempt.nonce);
  row.Text(doubt.enos_request_id).Number(static_cast<int>(doubt.code));
  row.Text(ErrorReason_Name(doubt.reason)).Text(doubt.message);
  row.Text(doubt.likely_flow_instance_id);
  if (doubt.enos_code) {
    row.Number(*doubt.enos_code);
  } else {
    row.Null();
  }
  row.Text(doubt.enos_message).Number(doubt.http_status);
}

// The values of a row of the operation's statement.
void AppendValues(const KeyOperation& operation, SteadyTime now, SqlValues& row) {
  switch (operation.kind) {
    case KeyOperationKind::kReserve:
      return AppendReserve(operation, now, row);
    case KeyOperationKind::kStarted:
      row.Text(operation.attempt.key.id).Text(operation.attempt.nonce);
      row.Text(operation.started.flow_instance_id).Text(operation.started.enos_request_id);
      return;
    case KeyOperationKind::kDoubt:
      return AppendDoubt(operation, row);
    case KeyOperationKind::kRemove:
      row.Text(operation.attempt.key.id).Text(operation.attempt.nonce);
      return;
    case KeyOperationKind::kLook:
      row.Text(operation.attempt.key.id);
  }
}

// -- Reading

enum Column {
  kNow,
  kNewestRemoved,
  kId,
  kFingerprint,
  kState,
  kNonce,
  kLeaseLives,
  kInstance,
  kRequestId,
  kCode,
  kReason,
  kMessage,
  kLikely,
  kEnosCode,
  kEnosMessage,
  kHttpStatus,
  kColumns,
};

std::string TextOf(const SqlRow& row, Column column) {
  return row.at(column) ? DecodeText(*row.at(column)) : std::string();
}

int64_t NumberOf(const SqlRow& row, Column column) {
  return row.at(column) ? std::strtoll(row.at(column)->c_str(), nullptr, 10) : 0;
}

CallError ReadDoubt(const SqlRow& row) {
  CallError doubt;
  doubt.code = static_cast<absl::StatusCode>(NumberOf(row, kCode));
  if (!ErrorReason_Parse(TextOf(row, kReason), &doubt.reason)) doubt.reason = Reason::ENOS_ERROR;
  doubt.execution = Execution::kUnknown;
  doubt.message = TextOf(row, kMessage);
  doubt.likely_flow_instance_id = TextOf(row, kLikely);
  if (row.at(kEnosCode)) doubt.enos_code = NumberOf(row, kEnosCode);
  doubt.enos_message = TextOf(row, kEnosMessage);
  doubt.http_status = static_cast<int>(NumberOf(row, kHttpStatus));
  doubt.enos_request_id = TextOf(row, kRequestId);
  return doubt;
}

KeyFinding ReadRecord(const KeyOperation& operation, const SqlRow& row) {
  KeyFinding finding;
  finding.fingerprint = TextOf(row, kFingerprint);
  const std::string state = TextOf(row, kState);
  if (state == "STARTED") {
    finding.state = KeyState::kStarted;
    finding.started = {TextOf(row, kInstance), TextOf(row, kRequestId)};
    return finding;
  }
  finding.doubt = ReadDoubt(row);
  if (state == "DOUBT") {
    finding.state = KeyState::kDoubt;
    return finding;
  }
  // A lease that ended never sends, not even its owner's.
  const bool mine = operation.kind == KeyOperationKind::kReserve &&
                    TextOf(row, kNonce) == operation.attempt.nonce;
  finding.state = NumberOf(row, kLeaseLives) == 0 ? KeyState::kInDoubt
                  : mine                          ? KeyState::kMine
                                                  : KeyState::kReserved;
  return finding;
}

std::string WhyExpired(int64_t key_time, milliseconds ttl, const SqlRow& row) {
  const int64_t now = NumberOf(row, kNow);
  if (key_time < now - ttl.count())
    return "the time in the key lies further back than keys are kept";
  if (key_time > now + kClockSlack.count()) return "the time in the key lies in the future";
  if (key_time <= NumberOf(row, kNewestRemoved) + kClockSlack.count())
    return "keys of that time have been forgotten already";
  return "";
}

std::optional<KeyFinding> NoRecord(const KeyOperation& operation, milliseconds ttl,
                                   const SqlRow& row) {
  const bool is_reserve = operation.kind == KeyOperationKind::kReserve;
  const auto& key_time = operation.attempt.key.key_time_ms;
  KeyFinding finding;
  finding.state = KeyState::kNone;
  // Also for who only looks: there may have been a record, removed by its age, so that nobody may
  // be told that there was none.
  if (key_time && (is_reserve || operation.kind == KeyOperationKind::kLook))
    finding.why = WhyExpired(*key_time, ttl, row);
  if (!finding.why.empty()) {
    finding.state = KeyState::kExpired;
  } else if (is_reserve) {
    return std::nullopt;
  }
  return finding;
}

std::optional<KeyFinding> Find(const KeyOperation& operation, milliseconds ttl, const SqlRow& any,
                               const SqlRow* record) {
  if (record == nullptr) return NoRecord(operation, ttl, any);
  const bool removed = operation.kind == KeyOperationKind::kRemove &&
                       TextOf(*record, kNonce) != operation.attempt.nonce;
  if (!removed) return ReadRecord(operation, *record);
  KeyFinding finding;
  finding.state = KeyState::kNone;
  return finding;
}

}  // namespace

KeyBatches::KeyBatches(const SqlDialect& dialect, milliseconds ttl)
    : reserve_(Reserve(ttl, dialect)),
      started_(Started(dialect)),
      doubt_(Doubt(dialect)),
      remove_(Remove(dialect)),
      look_(Look(dialect)) {}

SqlBatch KeyBatches::Make(const std::vector<const KeyOperation*>& batch, SteadyTime now) const {
  using Kind = KeyOperationKind;
  SqlBatch sql;
  const auto change = [&](const SqlStatement& statement, Kind kind) {
    SqlStep step{&statement, {}};
    for (const KeyOperation* operation : Select(batch, kind))
      AppendValues(*operation, now, step.values);
    if (!step.values.empty()) sql.changes.push_back(std::move(step));
  };
  change(reserve_, Kind::kReserve);
  change(started_, Kind::kStarted);
  change(doubt_, Kind::kDoubt);
  change(remove_, Kind::kRemove);
  sql.select.statement = &look_;
  for (const KeyOperation* operation : batch) sql.select.values.Text(operation->attempt.key.id);
  return sql;
}

std::vector<std::optional<KeyFinding>> ReadFindings(const std::vector<const KeyOperation*>& batch,
                                                    milliseconds ttl,
                                                    const std::vector<SqlRow>& rows) {
  std::map<std::string_view, const SqlRow*> records;
  for (const SqlRow& row : rows) {
    if (row.size() != kColumns) return {};
    if (row.at(kId)) records[*row.at(kId)] = &row;
  }
  std::vector<std::optional<KeyFinding>> findings;
  if (rows.empty()) return findings;
  for (const KeyOperation* operation : batch) {
    const auto record = records.find(operation->attempt.key.id);
    findings.push_back(
        Find(*operation, ttl, rows[0], record == records.end() ? nullptr : record->second));
  }
  return findings;
}

std::string CreateTablesSql(const std::string& enos, const SqlDialect& dialect) {
  SqlText sql(dialect);
  sql.Words(
      "BEGIN;"
      " CREATE TABLE IF NOT EXISTS enos_idempotency_meta ("
      "one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1), schema_version INTEGER NOT NULL,"
      " enos TEXT NOT NULL, newest_removed_ms BIGINT NOT NULL, sweeper TEXT NOT NULL,"
      " sweeper_until_ms BIGINT NOT NULL);"
      // Texts are percent-encoded (EncodeText); times are milliseconds since 1970.
      " CREATE TABLE IF NOT EXISTS enos_idempotency_keys ("
      "id TEXT PRIMARY KEY NOT NULL, state TEXT NOT NULL, org_id TEXT NOT NULL,"
      " idempotency_key TEXT NOT NULL, flow_id BIGINT NOT NULL, trigger_time_ms BIGINT NOT NULL,"
      " created_at_ms BIGINT NOT NULL, changed_at_ms BIGINT NOT NULL,"
      " lease_until_ms BIGINT NOT NULL, likely_flow_instance_id TEXT NOT NULL,"
      " flow_instance_id TEXT, grpc_code INTEGER, reason TEXT, message TEXT, enos_code BIGINT,"
      " enos_message TEXT, http_status INTEGER, enos_request_id TEXT, fingerprint TEXT NOT NULL,"
      " nonce TEXT NOT NULL)");
  sql.TableOptions().Words(
      "; CREATE INDEX IF NOT EXISTS enos_idempotency_keys_created"
      " ON enos_idempotency_keys (created_at_ms);"
      " INSERT INTO enos_idempotency_meta VALUES (1, ");
  sql.Number(kKeySchemaVersion)
      .Words(", ")
      .Text(enos)
      .Words(", 0, '', 0) ON CONFLICT DO NOTHING; ");
  return sql.Words("COMMIT").sql();
}

std::string ReadMetaSql(const SqlDialect& dialect) {
  return SqlText(dialect).Words("SELECT schema_version, enos FROM enos_idempotency_meta").sql();
}

SqlResult CheckMeta(const std::vector<SqlRow>& meta, const std::string& enos) {
  const auto refused = [](std::string why) {
    return SqlResult{SqlEnd::kRefused, {}, std::move(why)};
  };
  if (meta.size() != 1) return refused("the table enos_idempotency_meta has no row");
  const int64_t version = std::strtoll(meta[0].at(0).value_or("").c_str(), nullptr, 10);
  if (version != kKeySchemaVersion) {
    return refused(Concat("its tables have version ", std::to_string(version), ", expected ",
                          std::to_string(kKeySchemaVersion),
                          version > kKeySchemaVersion ? ": a newer gateway made them" : ""));
  }
  const std::string belongs_to = DecodeText(meta[0].at(1).value_or(""));
  if (belongs_to == enos) return {SqlEnd::kDone, {}, {}};
  return refused(Concat("its keys belong to the EnOS at ", belongs_to, ", and this gateway calls ",
                        enos, ", expected a store for each"));
}

std::string EndLeasesSql(const SqlDialect& dialect) {
  // No lease is longer than an hour and a little; the index is by age.
  constexpr milliseconds kLongestLease = std::chrono::hours(2);
  SqlText sql(dialect);
  sql.Words(
      "BEGIN; UPDATE enos_idempotency_keys SET lease_until_ms = 0 WHERE state = 'RESERVED'"
      " AND created_at_ms > ");
  sql.Now().Words(" - ").Number(kLongestLease.count()).Words("; ");
  return sql.Words("COMMIT").sql();
}

std::string SweepTurnSql(const std::string& me, milliseconds length, const SqlDialect& dialect) {
  SqlText sql(dialect);
  sql.Words("BEGIN; UPDATE enos_idempotency_meta SET sweeper = ").Text(me);
  sql.Words(", sweeper_until_ms = ").Now().Words(" + ").Number(length.count());
  sql.Words(" WHERE sweeper = ").Text(me).Words(" OR sweeper_until_ms < ").Now().Words("; ");
  sql.Words("COMMIT; SELECT sweeper FROM enos_idempotency_meta");
  return sql.sql();
}

std::string SweepSql(const std::string& me, milliseconds keep, const SqlDialect& dialect) {
  const auto old = [&](SqlText& sql) {
    sql.Words("created_at_ms < ").Now().Words(" - ").Number(keep.count());
    sql.Words(" AND lease_until_ms < ").Now();
  };
  SqlText sql(dialect);
  // First which records may go, as a time, then those: with what is noted, no key of theirs is ever
  // taken for new.
  sql.Words(
      "BEGIN; UPDATE enos_idempotency_meta SET newest_removed_ms = (SELECT "
      "max(oldest.created_at_ms)"
      " FROM (SELECT created_at_ms FROM enos_idempotency_keys WHERE ");
  old(sql);
  sql.Words(" ORDER BY created_at_ms LIMIT 100) AS oldest) WHERE sweeper = ").Text(me);
  sql.Words(
      " AND newest_removed_ms < (SELECT max(oldest.created_at_ms)"
      " FROM (SELECT created_at_ms FROM enos_idempotency_keys WHERE ");
  old(sql);
  sql.Words(
      " ORDER BY created_at_ms LIMIT 100) AS oldest);"
      " DELETE FROM enos_idempotency_keys WHERE ");
  old(sql);
  sql.Words(
      " AND created_at_ms <= (SELECT newest_removed_ms FROM enos_idempotency_meta WHERE sweeper "
      "= ");
  sql.Text(me).Words("); ");
  sql.Words("COMMIT; SELECT 1 FROM enos_idempotency_keys WHERE ");
  old(sql);
  sql.Words(" AND EXISTS (SELECT 1 FROM enos_idempotency_meta WHERE sweeper = ").Text(me);
  sql.Words(") LIMIT 1");
  return sql.sql();
}

std::string CountSql(int64_t most, const SqlDialect& dialect) {
  SqlText sql(dialect);
  sql.Words("SELECT (SELECT count(*) FROM (SELECT 1 FROM enos_idempotency_keys LIMIT ");
  sql.Number(most).Words(
      ") AS a), (SELECT count(*) FROM (SELECT 1 FROM enos_idempotency_keys"
      " WHERE state = 'DOUBT' OR (state = 'RESERVED' AND lease_until_ms < ");
  sql.Now().Words(") LIMIT ").Number(most).Words(") AS b)");
  return sql.sql();
}

}  // namespace enos::gateway
