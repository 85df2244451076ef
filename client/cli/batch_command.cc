#include "batch_command.h"

#include <sys/stat.h>

#include <algorithm>
#include <istream>
#include <memory>
#include <ostream>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "ask.h"
#include "batch_input.h"
#include "batch_record.h"
#include "batch_runner.h"
#include "enos/flow/idempotency_key.h"
#include "interrupt_watch.h"
#include "progress.h"
#include "read_file.h"
#include "request_file.h"
#include "resolved_lines.h"
#include "results_file.h"
#include "resume_plan.h"
#include "run.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

constexpr int kConcurrency = 16;
constexpr int kMostConcurrency = 10'000;
constexpr size_t kLongestBatchId = 100;  // leaves room for a hyphen and the line's number

int WrongUsage(absl::string_view prefix, const std::vector<std::string>& problems,
               Console& console) {
  for (const std::string& problem : problems) {
    console.err << "enos-flow: " << prefix << ": " << problem << "\n";
  }
  return WrongUsage(absl::InvalidArgumentError(absl::StrCat(prefix, ": nothing was sent")),
                    console);
}

// Where records go: the results file, or standard output. What cannot be written there goes to
// standard error, so that it is not lost.
class Records {
 public:
  Records(ResultsFile* file, Console& console) : file_(file), console_(console) {}

  absl::Status Mark(const std::string& records) {
    return file_ == nullptr ? absl::OkStatus() : Named(file_->AppendDurably(records));
  }
  absl::Status Record(const std::string& records) {
    absl::Status status = absl::OkStatus();
    if (file_ != nullptr) {
      status = Named(file_->Append(records));
    } else if (!(console_.out << records << std::flush)) {
      status = absl::InvalidArgumentError("standard output cannot be written");
    }
    if (!status.ok()) console_.err << records << std::flush;
    return status;
  }

 private:
  static absl::Status Named(const absl::Status& status) {
    if (status.ok()) return status;
    return absl::InvalidArgumentError(absl::StrCat("the results file ", status.message()));
  }

  ResultsFile* const file_;
  Console& console_;
};

// What a person, or a flag, says of the lines that may have run.
std::vector<Verdict> Decide(const BatchCommand& command, const std::vector<DoubtfulLine>& doubtful,
                            Console& console) {
  std::vector<Verdict> verdicts;
  if (doubtful.empty()) return verdicts;
  if (command.repeat_unknown) {
    for (const DoubtfulLine& line : doubtful) verdicts.push_back({line.line, /*started=*/false});
    return verdicts;
  }
  // If the batch itself is standard input, it cannot provide answers.
  if (!console.in_is_terminal || !console.err_is_terminal || command.input == "-") {
    console.err << "enos-flow: " << doubtful.size()
                << " of the lines may already have started their flow and are left alone: "
                << NameLines(doubtful)
                << ". Look in EnOS; --resolved takes what you find, --repeat_unknown sends them "
                   "again without asking.\n"
                << std::flush;
    return verdicts;
  }
  return AskAboutDoubtful(doubtful, console);
}

// Takes lines out of the doubtful ones. `recorded`: what was not started is recorded as well, so
// that it need not be said again.
absl::Status Apply(const std::vector<Verdict>& verdicts, bool recorded, ResumePlan& plan,
                   Records& records) {
  std::string text;
  std::set<const BatchLine*> decided;
  for (const Verdict& verdict : verdicts) {
    decided.insert(verdict.line);
    if (verdict.started || recorded) text += ResolvedRecord(*verdict.line, verdict.started);
    if (verdict.started) {
      ++plan.done;
    } else {
      plan.to_send.push_back(verdict.line);
    }
  }
  plan.doubtful.erase(
      std::remove_if(plan.doubtful.begin(), plan.doubtful.end(),
                     [&](const DoubtfulLine& line) { return decided.count(line.line) > 0; }),
      plan.doubtful.end());
  return text.empty() ? absl::OkStatus() : records.Record(text);
}

FlowError NoAnswerRecorded(const DoubtfulLine& line) {
  FlowError error;
  error.code = grpc::StatusCode::UNKNOWN;
  error.message = "sent by an earlier run of the command, which ended before the answer arrived";
  error.likely_flow_instance_id = line.likely_flow_instance_id;
  error.request_id = line.request_id;
  return error;
}

// So that eventually every line that was sent has a result.
absl::Status RecordUnanswered(const std::vector<DoubtfulLine>& doubtful, Records& records) {
  std::string text;
  for (const DoubtfulLine& line : doubtful) {
    if (!line.answered) text += ResultRecord(*line.line, NoAnswerRecorded(line), 0);
  }
  return text.empty() ? absl::OkStatus() : records.Record(text);
}

BatchEnd Send(const BatchCommand& command, const FlowClient& client,
              const std::vector<const BatchLine*>& lines, Records& records, Console& console) {
  const InterruptWatch watch;
  ProgressBar bar(console.err, console.columns);
  bool told = false;
  BatchHooks hooks;
  hooks.connect = [&](auto timeout) { return client.Connect(timeout); };
  hooks.call = [&](const FlowRequest& request, const CallOptions& options, auto done) {
    client.TriggerFlowAsync(request, options, std::move(done));
  };
  hooks.keeps_keys = [&] { return client.KeepsKeys(); };
  hooks.make_key = NewIdempotencyKey;
  hooks.mark = [&](const std::string& text) { return records.Mark(text); };
  hooks.record = [&](const std::string& text) {
    bar.Clear();  // standard output may be the same terminal
    return records.Record(text);
  };
  hooks.progress = [&](const BatchCounts& counts) {
    if (console.err_is_terminal) bar.Show(counts, std::chrono::steady_clock::now());
  };
  hooks.stop = [&] {
    if (watch.interrupted() && !std::exchange(told, true)) {
      bar.Clear();
      console.err << "enos-flow: stopping; waiting for the calls in flight. Interrupt again to end "
                     "at once.\n"
                  << std::flush;
    }
    return watch.interrupted();
  };
  const RepeatHooks real = RepeatHooks::Real();
  hooks.now = real.now;
  hooks.random = real.random;
  BatchLimits limits;
  limits.concurrency = static_cast<size_t>(command.concurrency);
  limits.call = command.settings.call;
  limits.repeat = command.settings.repeat;
  limits.gateway = command.settings.channel.address;
  BatchEnd end = BatchRunner(limits, std::move(hooks)).Run(lines);
  bar.Clear();
  return end;
}

int Summarize(const BatchCommand& command, const BatchEnd& end, size_t done, Console& console) {
  const BatchCounts& counts = end.counts;
  if (end.problem) {
    console.err << "enos-flow: stopped early: " << ForTerminal(*end.problem) << "\n";
  }
  const Style& style = console.err_style;
  const auto part = [](size_t count, const char* text) { return absl::StrCat(", ", count, text); };
  console.err << "enos-flow: " << counts.total() + done << " lines: " << counts.started
              << " started";
  if (done > 0) console.err << part(done, " started before");
  if (counts.not_executed > 0) {
    console.err << style.Bad(part(counts.not_executed, " certainly not started"));
  }
  if (counts.unknown > 0) {
    console.err << style.Doubtful(part(counts.unknown, " MAY have been started"));
  }
  if (counts.undecided > 0) {
    console.err << style.Doubtful(part(counts.undecided, " not known yet"));
  }
  if (counts.waiting > 0) console.err << style.Bad(part(counts.waiting, " not sent"));
  console.err << ".\n";
  if (command.results && counts.not_executed + counts.waiting > 0) {
    console.err << "The same command resends what was certainly not started, and sends the rest.\n";
  }
  if (counts.undecided > 0) {
    console.err << "The same command repeats what is not known yet with the keys of the first "
                   "time: nothing is started twice.\n";
  }
  if (counts.unknown > 0) console.err << "Check in EnOS what may have been started.\n";
  console.err << std::flush;
  return counts.started == counts.total() ? kExitOk : kExitFailedCall;
}

// The results file, if there should be one, and what it says about earlier runs.
absl::Status OpenResults(const BatchCommand& command, std::unique_ptr<ResultsFile>& file,
                         std::map<int64_t, PastLine>& past) {
  if (!command.results) return absl::OkStatus();
  auto opened = ResultsFile::Open(*command.results);
  if (!opened.ok()) return WrongFlag("results", *command.results, opened.status().message());
  file = *std::move(opened);
  auto read = ReadRecords(file->past());
  if (!read.ok()) return WrongFlag("results", *command.results, read.status().message());
  past = *std::move(read);
  return absl::OkStatus();
}

// What was found out about lines before the results file was last written to may speak of an
// attempt before the last one. The same file given twice would send a line again that was sent
// again already, and may have run since.
absl::Status CheckAge(const BatchCommand& command) {
  struct stat found{};
  struct stat results{};
  if (stat(command.resolved->c_str(), &found) != 0 ||
      stat(command.results->c_str(), &results) != 0) {
    return absl::OkStatus();  // reading them says what is wrong
  }
  const auto time = [](const struct stat& about) {
    return std::make_pair(about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
  };
  if (time(found) >= time(results)) return absl::OkStatus();
  return WrongFlag("resolved", *command.resolved,
                   "expected a file that is newer than the results file, because lines may have "
                   "been sent since; look in EnOS again, then write it anew");
}

// --resolved, if it is given. Problems are those of its lines.
absl::Status ReadVerdicts(const BatchCommand& command, const std::vector<BatchLine>& lines,
                          const ResumePlan& plan, Console& console, ResolvedLines& resolved) {
  if (!command.resolved) return absl::OkStatus();
  absl::Status age = CheckAge(command);
  if (!age.ok()) return age;
  const auto text = ReadFile(*command.resolved, console.in);
  if (!text.ok()) return WrongFlag("resolved", *command.resolved, text.status().message());
  resolved = ReadResolved(*text, lines, plan.doubtful);
  return absl::OkStatus();
}

// Decides about all doubtful lines, and records what was decided.
absl::Status Settle(const BatchCommand& command, const std::vector<Verdict>& resolved,
                    ResumePlan& plan, Records& records, Console& console) {
  absl::Status status = Apply(resolved, /*recorded=*/true, plan, records);
  if (!status.ok()) return status;
  status = Apply(Decide(command, plan.doubtful, console), /*recorded=*/false, plan, records);
  if (!status.ok()) return status;
  status = RecordUnanswered(plan.doubtful, records);
  std::sort(plan.to_send.begin(), plan.to_send.end(),
            [](const BatchLine* a, const BatchLine* b) { return a->number < b->number; });
  return status;
}

// Made anew by each run of the command, so that the gateway's log tells the runs apart.
void NameRequests(const BatchCommand& command, std::vector<BatchLine>& lines) {
  const std::string& given = command.settings.call.request_id;
  const std::string start = given.empty() ? NewIdempotencyKey() : given;  // any UUID will do
  for (BatchLine& line : lines) line.request_id = absl::StrCat(start, "-", line.number);
}

// The rest of RunBatch, once the input has been parsed.
int RunLines(const BatchCommand& command, const FlowClient& client, std::vector<BatchLine> lines,
             Console& console) {
  std::unique_ptr<ResultsFile> file;
  std::map<int64_t, PastLine> past;
  const absl::Status opened = OpenResults(command, file, past);
  if (!opened.ok()) return WrongUsage(opened, console);
  NameRequests(command, lines);
  ResumePlan plan = PlanResume(lines, past, command.settings.channel.address);
  if (!plan.problems.empty()) {
    return WrongUsage(absl::StrCat("--batch=", Excerpt(command.input)), plan.problems, console);
  }
  ResolvedLines resolved;
  const absl::Status read = ReadVerdicts(command, lines, plan, console, resolved);
  if (!read.ok()) return WrongUsage(read, console);
  if (!resolved.problems.empty()) {
    return WrongUsage(absl::StrCat("--resolved=", Excerpt(*command.resolved)), resolved.problems,
                      console);
  }
  if (lines.empty()) {
    console.err << "enos-flow: --batch=" << Excerpt(command.input)
                << ": no lines; there was nothing to start\n"
                << std::flush;
    return kExitOk;
  }
  Records records(file.get(), console);
  const absl::Status settled = Settle(command, resolved.verdicts, plan, records, console);
  if (!settled.ok()) {
    console.err << "enos-flow: " << settled.message() << "\n" << std::flush;
    return kExitFailedCall;
  }
  BatchEnd end = Send(command, client, plan.to_send, records, console);
  end.counts.unknown += plan.doubtful.size();
  if (!command.results) end.counts.unknown += std::exchange(end.counts.undecided, 0);
  return Summarize(command, end, plan.done, console);
}

}  // namespace

absl::StatusOr<BatchCommand> MakeBatchCommand(const CommandLine& line,
                                              std::istream& standard_input) {
  const FlagValues& values = line.values;
  BatchCommand command;
  command.input = ReadText(values, "batch").value_or("");
  command.results = ReadText(values, "results");
  if (command.results && (command.results->empty() || command.results == "-")) {
    return WrongFlag("results", *command.results,
                     "expected a file; without this flag results go to standard output");
  }
  command.resolved = ReadText(values, "resolved");
  if (command.resolved && (!command.results || *command.resolved == "-")) {
    return WrongFlag("resolved", *command.resolved, "expected a file, and --results");
  }
  const auto concurrency = ReadNumber(values, "concurrency", 1, kMostConcurrency, kConcurrency);
  if (!concurrency.ok()) return concurrency.status();
  command.concurrency = *concurrency;
  const auto repeat_unknown = ReadSwitch(values, "repeat_unknown");
  if (!repeat_unknown.ok()) return repeat_unknown.status();
  command.repeat_unknown = *repeat_unknown;
  for (const char* const file : {"request_file", "params_file"}) {
    if (command.input == "-" && ReadText(values, file) == "-") {
      return WrongFlag(file, "-", "standard input is already the batch");
    }
  }
  auto defaults = ReadRequest(line, absl::Now(), standard_input);
  if (!defaults.ok()) return defaults.status();
  const absl::Status valid = CheckFields(*defaults, absl::Now());
  if (!valid.ok()) return absl::InvalidArgumentError(absl::StrCat("--", valid.message()));
  command.defaults = *std::move(defaults);
  auto settings = ReadCallSettings(line);
  if (!settings.ok()) return settings.status();
  command.settings = *std::move(settings);
  const std::string& request_id = command.settings.call.request_id;
  if (request_id.size() > kLongestBatchId) {
    return WrongFlag("request_id", request_id, "expected at most 100 characters with --batch");
  }
  return command;
}

int RunBatch(const BatchCommand& command, Console& console) {
  const auto client = OpenClient(command.settings);
  if (!client.ok()) return WrongUsage(client.status(), console);
  const std::string flag = absl::StrCat("--batch=", Excerpt(command.input));
  const auto text = ReadFile(command.input, console.in);
  if (!text.ok()) {
    return WrongUsage(WrongFlag("batch", command.input, text.status().message()), console);
  }
  BatchInput input = ReadBatch(*text, command.defaults, absl::Now());
  if (!input.problems.empty()) return WrongUsage(flag, input.problems, console);
  return RunLines(command, *client, std::move(input.lines), console);
}

}  // namespace enos::flow::cli
