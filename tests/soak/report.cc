#include "tests/soak/report.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace enos::soak {
namespace {

// Memory counts as flat when it grew by less than the larger of these after warming up: allocators
// keep and split what they once had.
constexpr long kFlatKb = 16 * 1024;
constexpr long kFlatPercent = 25;
// The last probes use one or two connections to EnOS, the token another.
constexpr int kMostUpstreamKept = 4;

void FailIf(Report& report, bool failed, std::string what) {
  if (failed) report.failures.push_back(std::move(what));
}

std::string StatusText(const std::optional<int>& status) {
  return status ? absl::StrCat(*status) : "none (it hung, and was killed)";
}

void JudgeGateway(Report& report, const GatewayFacts& gateway, int number, bool judge_memory) {
  const std::string name = absl::StrCat("gateway ", number);
  FailIf(report, gateway.ended_by_itself, name + " ended by itself, see " + gateway.log);
  FailIf(report, gateway.status != gateway.expected_status,
         absl::StrCat(name, " ended with status ", StatusText(gateway.status), ", expected ",
                      gateway.expected_status, ", see ", gateway.log));
  FailIf(report, !gateway.reports.empty(),
         absl::StrCat(name, ": reports of a sanitizer in ", gateway.log));
  if (!gateway.descriptors_end) return;
  FailIf(report, *gateway.descriptors_end != gateway.descriptors_start,
         absl::StrCat(name, " has ", *gateway.descriptors_end, " descriptors at the end, ",
                      gateway.descriptors_start, " at the start"));
  FailIf(report, gateway.upstream_end > kMostUpstreamKept,
         absl::StrCat(name, " keeps ", gateway.upstream_end, " connections to EnOS at rest"));
  FailIf(report, gateway.threads_end > gateway.threads_start + kLateThreads,
         absl::StrCat(name, " has ", gateway.threads_end, " threads at the end, ",
                      gateway.threads_start, " at the start"));
  const long allowed = std::max(kFlatKb, gateway.rss_middle * kFlatPercent / 100);
  FailIf(
      report, judge_memory && gateway.rss_end > gateway.rss_middle + allowed,
      absl::StrCat(name, " grew from ", gateway.rss_middle, " KiB to ", gateway.rss_end, " KiB"));
}

std::string GatewayText(const GatewayFacts& g, int number) {
  std::string text = absl::StrFormat(
      "  gateway %d  ended by %s, status %s\n"
      "             memory (KiB) start %d, middle %d, end %d, peak %d; threads start %d, peak %d, "
      "end %d\n",
      number, g.end, StatusText(g.status), g.rss_start, g.rss_middle, g.rss_end, g.rss_peak,
      g.threads_start, g.threads_peak, g.threads_end);
  if (g.descriptors_end) {
    absl::StrAppendFormat(&text,
                          "             descriptors start %d, end %d, besides %d idle connections "
                          "to EnOS\n",
                          g.descriptors_start, *g.descriptors_end, g.upstream_end);
  }
  for (const std::string& line : g.reports) absl::StrAppend(&text, "             ", line, "\n");
  return text;
}

std::string OutcomesText(const Ledger& ledger) {
  std::string text = absl::StrFormat("  %-62s %10s %10s\n", "told (code, reason, execution)",
                                     "attempts", "executed");
  for (const auto& [name, count] : ledger.outcomes) {
    absl::StrAppendFormat(&text, "  %-62s %10d %10d\n", name, count.attempts, count.executed);
  }
  return text;
}

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::CHexEscape(text), "\"");
}

std::string GatewayJson(const GatewayFacts& g) {
  return absl::StrCat(
      "{\"end\":", Quoted(g.end), ",\"status\":", g.status ? absl::StrCat(*g.status) : "null",
      ",\"rssKb\":{\"start\":", g.rss_start, ",\"middle\":", g.rss_middle, ",\"end\":", g.rss_end,
      ",\"peak\":", g.rss_peak, "},\"threads\":{\"start\":", g.threads_start,
      ",\"peak\":", g.threads_peak, ",\"end\":", g.threads_end,
      "},\"descriptors\":{\"start\":", g.descriptors_start,
      ",\"end\":", g.descriptors_end ? absl::StrCat(*g.descriptors_end) : "null",
      ",\"upstreamKept\":", g.upstream_end, "},\"sanitizerReports\":", g.reports.size(), "}");
}

}  // namespace

std::vector<std::string> ReportsIn(const std::string& log) {
  constexpr size_t kMost = 20;
  std::vector<std::string> reports;
  std::ifstream file(log);
  for (std::string line; reports.size() < kMost && std::getline(file, line);) {
    for (const char* mark : {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                             "WARNING: ThreadSanitizer", "runtime error:", "Sanitizer:DEADLYSIGNAL",
                             "SUMMARY: AddressSanitizer", "SUMMARY: UndefinedBehaviorSanitizer"}) {
      if (line.find(mark) == std::string::npos) continue;
      reports.push_back(line);
      break;
    }
  }
  return reports;
}

void Judge(Report& report, bool judge_memory) {
  const Ledger& ledger = report.ledger;
  FailIf(report, ledger.duplicates != 0, absl::StrCat(ledger.duplicates, " calls executed twice"));
  FailIf(report, ledger.Lies() != 0, absl::StrCat(ledger.Lies(), " lies"));
  FailIf(report, ledger.outcomes.count("OK") == 0, "not one call succeeded");
  FailIf(report, report.unaccounted != 0,
         absl::StrCat(report.unaccounted, " calls at EnOS could not be compared"));
  FailIf(report, report.hung != 0, absl::StrCat(report.hung, " calls hung"));
  int number = 0;
  for (const GatewayFacts& gateway : report.gateways) {
    JudgeGateway(report, gateway, ++number, judge_memory);
  }
}

std::string ToText(const Report& report) {
  const Ledger& ledger = report.ledger;
  std::string text = absl::StrFormat(
      "Ledger of %d s, seed %d\n"
      "  calls %d, attempts %d, of these cancelled %d; slowest %d ms, hung %d\n"
      "  EnOS received %d, executed %d, faults %d, restarts %d, tokens fetched %d, revocations "
      "%d\n",
      report.seconds, report.seed, ledger.calls, ledger.attempts, report.cancelled,
      report.slowest_ms, report.hung, report.received, ledger.executed, report.faults,
      report.restarts, report.tokens_fetched, report.revocations);
  absl::StrAppend(&text, OutcomesText(ledger));
  absl::StrAppendFormat(
      &text,
      "  duplicates %d\n"
      "  lies       %d (OK but not executed %d, OK with another's run %d, NOT_EXECUTED but "
      "executed "
      "%d,\n"
      "             executed but never called %d, UNAVAILABLE that is not NOT_EXECUTED %d)\n"
      "  told UNKNOWN or cancelled: executed %d, not executed %d\n",
      ledger.duplicates, ledger.Lies(), ledger.ok_not_executed, ledger.ok_wrong_instance,
      ledger.not_executed_but_was, ledger.nobodys, ledger.breaches, ledger.unknown_executed,
      ledger.unknown_not_executed);
  int number = 0;
  for (const GatewayFacts& gateway : report.gateways) {
    absl::StrAppend(&text, GatewayText(gateway, ++number));
  }
  if (!ledger.examples.empty()) {
    absl::StrAppend(&text, "  call ids to look at: ", absl::StrJoin(ledger.examples, " "), "\n");
  }
  for (const std::string& failure : report.failures) {
    absl::StrAppend(&text, "FAILED: ", failure, "\n");
  }
  return report.failures.empty() ? text + "PASSED\n" : text;
}

std::string ToJson(const Report& report) {
  const Ledger& ledger = report.ledger;
  std::vector<std::string> outcomes;
  for (const auto& [name, count] : ledger.outcomes) {
    outcomes.push_back(absl::StrCat("{\"told\":", Quoted(name), ",\"attempts\":", count.attempts,
                                    ",\"executed\":", count.executed, "}"));
  }
  std::vector<std::string> gateways;
  for (const GatewayFacts& gateway : report.gateways) gateways.push_back(GatewayJson(gateway));
  std::vector<std::string> failures;
  for (const std::string& failure : report.failures) failures.push_back(Quoted(failure));
  return absl::StrCat(
      "{\"seed\":", report.seed, ",\"seconds\":", report.seconds, ",\"calls\":", ledger.calls,
      ",\"attempts\":", ledger.attempts, ",\"cancelled\":", report.cancelled,
      ",\"slowestMs\":", report.slowest_ms, ",\"hung\":", report.hung,
      ",\"received\":", report.received, ",\"executed\":", ledger.executed,
      ",\"faults\":", report.faults, ",\"restarts\":", report.restarts,
      ",\"tokensFetched\":", report.tokens_fetched, ",\"revocations\":", report.revocations,
      ",\"duplicates\":", ledger.duplicates, ",\"lies\":", ledger.Lies(),
      ",\"okNotExecuted\":", ledger.ok_not_executed,
      ",\"okWrongInstance\":", ledger.ok_wrong_instance,
      ",\"notExecutedButWas\":", ledger.not_executed_but_was, ",\"nobodys\":", ledger.nobodys,
      ",\"breaches\":", ledger.breaches, ",\"unknownExecuted\":", ledger.unknown_executed,
      ",\"unknownNotExecuted\":", ledger.unknown_not_executed,
      ",\"unaccounted\":", report.unaccounted, ",\"outcomes\":[", absl::StrJoin(outcomes, ","),
      "],\"gateways\":[", absl::StrJoin(gateways, ","), "],\"failures\":[",
      absl::StrJoin(failures, ","), "]}\n");
}

}  // namespace enos::soak
