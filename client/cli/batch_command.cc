#include "batch_command.h"

#include <algorithm>
#include <istream>
#include <memory>
#include <ostream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "ask.h"
#include "batch_input.h"
#include "batch_record.h"
#include "batch_runner.h"
#include "interrupt_watch.h"
#include "progress.h"
#include "read_file.h"
#include "request_file.h"
#include "results_file.h"
#include "resume_plan.h"
#include "run.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

constexpr int kConcurrency = 16;
constexpr int kMostConcurrency = 10'000;

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

// The lines that a person, or a flag, wants to be sent although they may have run.
std::vector<const BatchLine*> Confirmed(const BatchCommand& command,
                                        const std::vector<DoubtfulLine>& doubtful,
                                        Console& console) {
  std::vector<const BatchLine*> confirmed;
  if (doubtful.empty()) return confirmed;
  if (command.repeat_unknown) {
    for (const DoubtfulLine& line : doubtful) confirmed.push_back(line.line);
    return confirmed;
  }
  // If the batch itself is standard input, it cannot provide answers.
  if (!console.in_is_terminal || !console.err_is_terminal || command.input == "-") {
    console.err << "enos-flow: " << doubtful.size()
                << " of the lines may already have started their flow and are left alone: "
                << NameLines(doubtful)
                << ". Look in EnOS; --repeat_unknown sends them again without asking.\n"
                << std::flush;
    return confirmed;
  }
  return AskAboutDoubtful(doubtful, console);
}

FlowError NoAnswerRecorded() {
  FlowError error;
  error.code = grpc::StatusCode::UNKNOWN;
  error.message = "sent by an earlier run of the command, which ended before the answer arrived";
  return error;
}

// So that eventually every line that was sent has a result.
absl::Status RecordUnanswered(const std::vector<DoubtfulLine>& doubtful,
                              const std::vector<const BatchLine*>& confirmed, Records& records) {
  std::string text;
  for (const DoubtfulLine& line : doubtful) {
    const bool repeated =
        std::find(confirmed.begin(), confirmed.end(), line.line) != confirmed.end();
    if (!repeated && !line.answered) text += ResultRecord(*line.line, NoAnswerRecorded(), 0);
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
  if (counts.waiting > 0) console.err << style.Bad(part(counts.waiting, " not sent"));
  console.err << ".\n";
  if (command.results && counts.not_executed + counts.waiting > 0) {
    console.err << "The same command resends what was certainly not started, and sends the rest.\n";
  }
  if (counts.unknown > 0) console.err << "Check in EnOS what may have been started.\n";
  console.err << std::flush;
  return counts.not_executed + counts.unknown + counts.waiting == 0 ? kExitOk : kExitFailedCall;
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

// The rest of RunBatch, once the input has been parsed.
int RunLines(const BatchCommand& command, const FlowClient& client,
             const std::vector<BatchLine>& lines, Console& console) {
  std::unique_ptr<ResultsFile> file;
  std::map<int64_t, PastLine> past;
  const absl::Status opened = OpenResults(command, file, past);
  if (!opened.ok()) return WrongUsage(opened, console);
  ResumePlan plan = PlanResume(lines, past);
  if (!plan.problems.empty()) {
    return WrongUsage(absl::StrCat("--batch=", Excerpt(command.input)), plan.problems, console);
  }
  Records records(file.get(), console);
  const auto confirmed = Confirmed(command, plan.doubtful, console);
  const absl::Status recorded = RecordUnanswered(plan.doubtful, confirmed, records);
  if (!recorded.ok()) {
    console.err << "enos-flow: " << recorded.message() << "\n" << std::flush;
    return kExitFailedCall;
  }
  plan.to_send.insert(plan.to_send.end(), confirmed.begin(), confirmed.end());
  std::sort(plan.to_send.begin(), plan.to_send.end(),
            [](const BatchLine* a, const BatchLine* b) { return a->number < b->number; });
  BatchEnd end = Send(command, client, plan.to_send, records, console);
  end.counts.unknown += plan.doubtful.size() - confirmed.size();
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
  auto settings = ReadCallSettings(values);
  if (!settings.ok()) return settings.status();
  command.settings = *std::move(settings);
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
  const BatchInput input = ReadBatch(*text, command.defaults, absl::Now());
  if (!input.problems.empty()) return WrongUsage(flag, input.problems, console);
  return RunLines(command, *client, input.lines, console);
}

}  // namespace enos::flow::cli
