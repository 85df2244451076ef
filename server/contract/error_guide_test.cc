// docs/errors.md, its sections and its table, says of every reason what the code does.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/contract/error_table.h"
#include "server/contract/gateway_errors.h"
#include "tests/support/files.h"

namespace enos::gateway {
namespace {

// Code and execution, for example "INTERNAL; UNKNOWN"; "none" for a reason of reads alone.
using Outcomes = std::set<std::string>;
using Table = std::map<std::string, Outcomes>;

void Add(absl::StatusCode code, Reason reason, Execution execution, Table& table) {
  const std::string name =
      execution == Execution::kNone ? "none" : std::string(ExecutionName(execution));
  table[ErrorReason_Name(reason)].insert(absl::StrCat(absl::StatusCodeToString(code), "; ", name));
}

// Every reason of the proto, and what the tables and makers of errors can say of it where a flow is
// to be started. Reasons of
// which all outcomes come from elsewhere (INVALID_REQUEST, GATEWAY_UNREACHABLE) have none.
Table OutcomesOfTheCode() {
  Table table;
  const auto* const reasons = dataflow::v1::ErrorReason_descriptor();
  for (int i = 1; i < reasons->value_count(); ++i) table[reasons->value(i)->name()];
  for (const bool trust_503 : {false, true}) {
    for (int number = 1; number < 100'000; ++number) {
      const ErrorRow row = RowForEnosCode(number, trust_503);
      Add(row.code, row.reason, row.execution, table);
    }
    for (int status = 400; status < 600; ++status) {
      const ErrorRow row = RowForHttpStatus(status, trust_503);
      Add(row.code, row.reason, row.execution, table);
    }
  }
  for (const CallError& error :
       {DeadlinePastOnArrival(), NoAnswerInTime(), NotSentInTime("a token"), GatewayOverloaded(),
        GatewayShuttingDown(), WatchesOverloaded(), WatchTimeout(), EnosIsDown(kSuggestedWait)}) {
    Add(error.code, error.reason, error.execution, table);
  }
  return table;
}

// "CODE; execution: EXECUTION" or "CODE; EXECUTION where ...": the outcome without the words
// around.
std::string OutcomeOf(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, "; ");
  absl::string_view execution = parts.second;
  absl::ConsumePrefix(&execution, "execution: ");
  return absl::StrCat(parts.first, "; ", execution.substr(0, execution.find(' ')));
}

// Sections "### REASON" with lines "- code: CODE; execution: EXECUTION" and "- or: CODE;
// EXECUTION".
Table OutcomesOfTheGuide() {
  Table table;
  std::string reason;
  const std::string guide = ReadFile(ENOS_SOURCE_DIR "/docs/errors.md");
  for (absl::string_view line : absl::StrSplit(guide, '\n')) {
    if (absl::ConsumePrefix(&line, "### ")) {
      reason = std::string(line);
      EXPECT_TRUE(table.try_emplace(reason).second) << reason << " has two sections";
    } else if (absl::ConsumePrefix(&line, "- code: ") || absl::ConsumePrefix(&line, "- or: ")) {
      table[reason].insert(OutcomeOf(line));
    }
  }
  return table;
}

// Rows "| `REASON` ... | CODE | EXECUTION |", and for another outcome of the row above "| the
// same".
Table OutcomesOfTheTable() {
  Table table;
  std::string reason;
  const std::string guide = ReadFile(ENOS_SOURCE_DIR "/docs/errors.md");
  for (const absl::string_view line : absl::StrSplit(guide, '\n')) {
    const std::vector<std::string> cells =
        absl::StrSplit(absl::StrReplaceAll(line, {{"**", ""}}), " | ");
    if (cells.size() < 4) continue;
    if (cells[2] != "NOT_EXECUTED" && cells[2] != "UNKNOWN" && cells[2] != "none") continue;
    absl::string_view name = cells[0];
    if (absl::ConsumePrefix(&name, "| `")) reason = std::string(name.substr(0, name.find('`')));
    table[reason].insert(absl::StrCat(cells[1], "; ", cells[2]));
  }
  return table;
}

TEST(ErrorGuide, Sections_AreTheReasonsOfTheProto) {
  std::set<std::string> documented;
  std::set<std::string> known;
  for (const auto& [reason, outcomes] : OutcomesOfTheGuide()) documented.insert(reason);
  for (const auto& [reason, outcomes] : OutcomesOfTheCode()) known.insert(reason);
  EXPECT_EQ(documented, known);
}

TEST(ErrorGuide, CodesAndExecutions_AreThoseOfTheCode) {
  Table guide = OutcomesOfTheGuide();
  for (const auto& [reason, outcomes] : OutcomesOfTheCode()) {
    EXPECT_FALSE(guide[reason].empty()) << reason;
    if (!outcomes.empty()) {
      EXPECT_EQ(guide[reason], outcomes) << reason;
    }
  }
}

TEST(ErrorGuide, UnavailableIsOnlyForWhatWasNotExecuted) {
  for (const auto& [reason, outcomes] : OutcomesOfTheGuide()) {
    EXPECT_EQ(outcomes.count("UNAVAILABLE; UNKNOWN"), 0U) << reason;
  }
}

std::string Cell(const ErrorRow& row) {
  return absl::StrCat(absl::StatusCodeToString(row.code), " `", ErrorReason_Name(row.reason), "`");
}

// Rows "| result code 62104 | CODE `REASON` | CODE `REASON`...": what starts a flow, what does not.
TEST(ErrorGuide, DifferencesOfReads_AreThoseOfTheCode) {
  const std::string guide = ReadFile(ENOS_SOURCE_DIR "/docs/errors.md");
  for (const int code : {502, 503, 62102, 62104}) {
    const std::string row =
        absl::StrCat("\n| result code ", code, " | ", Cell(RowForEnosCode(code, false)), " | ",
                     Cell(RowForRead(code, 200)));
    EXPECT_NE(guide.find(row), std::string::npos) << row;
  }
  for (const int status : {502, 503}) {
    const std::string row =
        absl::StrCat("\n| HTTP ", status, " | ", Cell(RowForHttpStatus(status, false)), " | ",
                     Cell(RowForRead(std::nullopt, status)));
    EXPECT_NE(guide.find(row), std::string::npos) << row;
  }
}

TEST(ErrorGuide, Table_SaysTheSameAsTheSections) {
  EXPECT_EQ(OutcomesOfTheTable(), OutcomesOfTheGuide());
}

}  // namespace
}  // namespace enos::gateway
