#include "sandbox/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "sandbox/runs/time_zone.h"

namespace enos::sandbox {
namespace {

constexpr char kIntroduction[] =
    R"(A local EnOS for trying out, tests and benchmarks: the token service and the batch
processing service (v2.0 and v2.1), with every signature really checked.

The token, timestamp and signature of a call are checked first, then its body, then user and
organization, then the flow. Without further flags every positive flow id exists, except
62103 (of another user), 62104 (without tasks) and 99404 (unknown). A run only appears in
the list of calls and changes its state during --run_time: INIT, RUNNING with three tasks one
after another, SUCCESS. It can be read and cancelled.)";

std::string Footer() {
  return absl::StrCat(
      "\nKinds of faults, to be joined by \"+\", with xN for the first N times only:\n",
      FaultKindsHelp(), "\nKinds of --run_fault, to be joined by \"+\":\n", RunFaultKindsHelp(), R"(
Views: GET /_sandbox/calls?limit=M (the newest triggers, and whether they started a run;
       with since=N: the first after number N), GET /_sandbox/stats,
       DELETE /_sandbox/calls and DELETE /_sandbox/runs (forget them),
       DELETE /_sandbox/tokens (kill every token).

Example: enos-sandbox --latency=1s --fault=500:reset --fault=501:get:code-429x1 --run_fault=502:fail)");
}

// The flags as text, before their meaning is checked.
struct RawFlags {
  std::string listen = "127.0.0.1:0";
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string token_lifetime = "2h";
  std::string token_refusal = "http401";
  std::string clock_skew = "5m";
  std::string clock_offset = "0s";
  std::string latency = "0s";
  std::string idle_timeout = "0s";
  std::string same_minute = "another";
  std::string parameters_as = "either";
  std::string run_time = "10s";
  std::string time_zone = "GMT+8";
  std::string unknown_run = "99404";
  std::string generation = "both";
  std::int64_t keep_calls = 100'000;
  std::int64_t keep_runs = 100'000;
  std::vector<std::int32_t> flows, no_task, foreign, unknown;
  std::vector<std::string> users, orgs, faults, token_faults, time_faults, run_faults, random_kinds;
};

[[noreturn]] void Fail(const std::string& flag, const std::string& why) {
  throw CLI::ValidationError("--" + flag, why);
}

absl::Duration ReadDuration(const std::string& flag, const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration() ||
      duration > absl::Hours(24 * 365)) {
    Fail(flag, absl::StrCat("\"", text, "\" is no duration such as 500ms, 30s or 2h"));
  }
  return duration;
}

// In either direction.
absl::Duration ReadOffset(const std::string& flag, const std::string& text) {
  absl::Duration offset;
  if (!absl::ParseDuration(text, &offset) || absl::AbsDuration(offset) > absl::Hours(24 * 365)) {
    Fail(flag, absl::StrCat("\"", text, "\" is no duration such as 90s, 1h or -1h"));
  }
  return offset;
}

std::string ReadFile(const std::string& flag, const std::string& path) {
  std::error_code why_not;
  const bool regular = std::filesystem::is_regular_file(path, why_not);
  std::ifstream file(regular ? path : "", std::ios::binary);  // a pipe would hold the start
  if (!file) Fail(flag, absl::StrCat("cannot read \"", path, "\""));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

template <typename Value>
Value ValueOrFail(const std::string& flag, absl::StatusOr<Value> value) {
  if (!value.ok()) Fail(flag, std::string(value.status().message()));
  return *std::move(value);
}

void ReadListen(const std::string& text, HttpServerOptions& http) {
  const std::size_t colon = text.rfind(':');
  int port = -1;
  if (colon == std::string::npos || !absl::SimpleAtoi(text.substr(colon + 1), &port) || port < 0 ||
      port > 65535) {
    Fail("listen", absl::StrCat("\"", text, "\" is no address:port"));
  }
  http.port = static_cast<std::uint16_t>(port);
  http.address = absl::StrReplaceAll(text.substr(0, colon), {{"[", ""}, {"]", ""}});
}

template <typename Value>
using Choices = std::vector<std::pair<std::string, Value>>;

template <typename Value>
Value ReadChoice(const std::string& flag, const std::string& text, const Choices<Value>& choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (text == name) return value;
    absl::StrAppend(&names, names.empty() ? "" : ", ", name);
  }
  Fail(flag, absl::StrCat("\"", text, "\" is none of ", names));
}

void ReadTls(const RawFlags& raw, HttpServerOptions& http) {
  if (raw.tls_cert_file.empty() && raw.tls_key_file.empty()) return;
  if (raw.tls_cert_file.empty()) Fail("tls_cert_file", "is needed with --tls_key_file");
  if (raw.tls_key_file.empty()) Fail("tls_key_file", "is needed with --tls_cert_file");
  http.tls = TlsOptions{ReadFile("tls_cert_file", raw.tls_cert_file),
                        ReadFile("tls_key_file", raw.tls_key_file)};
}

void ReadFaults(const RawFlags& raw, FaultPlanOptions& faults) {
  for (const auto& text : raw.faults) {
    faults.flow_faults.push_back(ValueOrFail("fault", ParseFlowFault(text)));
  }
  for (const auto& text : raw.token_faults) {
    faults.token_faults.push_back(ValueOrFail("token_fault", ParseTokenFault(text)));
  }
  for (const auto& text : raw.time_faults) {
    faults.time_faults.push_back(ValueOrFail("time_fault", ParseTimeFault(text)));
  }
  for (const auto& text : raw.random_kinds) {
    faults.random_kinds.push_back(ValueOrFail("random_kinds", ParseFault(text)));
  }
}

void ReadRuns(const RawFlags& raw, SandboxOptions& options) {
  options.runs.same_minute = ReadChoice<SameMinute>("same_minute", raw.same_minute,
                                                    {{"another", SameMinute::kAnother},
                                                     {"refuse", SameMinute::kRefuse},
                                                     {"same", SameMinute::kSame}});
  options.runs.run_time = ReadDuration("run_time", raw.run_time);
  options.runs.keep = static_cast<std::size_t>(raw.keep_runs);
  for (const auto& text : raw.run_faults) {
    auto fault = ValueOrFail("run_fault", ParseRunFault(text));
    if (!options.runs.faults.insert(fault).second) {
      Fail("run_fault",
           absl::StrCat("names flow ", fault.first, " twice; join its kinds by \"+\""));
    }
  }
  options.time_zone = ValueOrFail("time_zone", ParseZone(raw.time_zone));
  options.generation = ReadChoice<std::string>("generation", raw.generation,
                                               {{"both", ""}, {"v2.0", "v2.0"}, {"v2.1", "v2.1"}});
  options.unknown_run = ReadChoice<UnknownRun>("unknown_run", raw.unknown_run,
                                               {{"99404", UnknownRun::k99404},
                                                {"62102", UnknownRun::k62102},
                                                {"empty", UnknownRun::kEmpty}});
}

void Interpret(const RawFlags& raw, SandboxOptions& options) {
  ReadListen(raw.listen, options.http);
  ReadTls(raw, options.http);
  options.http.idle_timeout =
      absl::ToChronoMilliseconds(ReadDuration("idle_timeout", raw.idle_timeout));
  options.keep_calls = static_cast<std::size_t>(raw.keep_calls);
  options.token_lifetime = ReadDuration("token_lifetime", raw.token_lifetime);
  options.latency = ValueOrFail("latency", ParseLatency(raw.latency));
  const absl::Duration offset = ReadOffset("clock_offset", raw.clock_offset);
  if (offset != absl::ZeroDuration()) options.clock = [offset] { return absl::Now() + offset; };
  FlowServiceOptions& flows = options.flows;
  flows.token_refusal = ReadChoice<TokenRefusal>("token_refusal", raw.token_refusal,
                                                 {{"http401", TokenRefusal::kHttp401},
                                                  {"401", TokenRefusal::kCode401},
                                                  {"497", TokenRefusal::kCode497},
                                                  {"1203", TokenRefusal::kCode1203}});
  flows.parameters_as = ReadChoice<ParametersAs>("parameters_as", raw.parameters_as,
                                                 {{"either", ParametersAs::kEither},
                                                  {"array", ParametersAs::kArray},
                                                  {"string", ParametersAs::kString}});
  flows.clock_skew = ReadDuration("clock_skew", raw.clock_skew);
  flows.flows = {raw.flows.begin(), raw.flows.end()};
  if (!raw.no_task.empty()) flows.flows_without_task = {raw.no_task.begin(), raw.no_task.end()};
  if (!raw.foreign.empty()) flows.flows_of_others = {raw.foreign.begin(), raw.foreign.end()};
  if (!raw.unknown.empty()) flows.unknown_flows = {raw.unknown.begin(), raw.unknown.end()};
  flows.users = {raw.users.begin(), raw.users.end()};
  flows.orgs = {raw.orgs.begin(), raw.orgs.end()};
  ReadFaults(raw, options.faults);
  ReadRuns(raw, options);
}

void DeclareServer(CLI::App& app, RawFlags& raw, Flags& flags) {
  SandboxOptions& options = flags.options;
  app.add_option("--listen", raw.listen, "address:port; port 0 takes a free one")
      ->capture_default_str();
  app.add_option("--tls_cert_file", raw.tls_cert_file,
                 "PEM chain; with it the sandbox speaks https");
  app.add_option("--tls_key_file", raw.tls_key_file, "PEM key");
  app.add_option("--threads", options.http.threads, "server threads")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--idle_timeout", raw.idle_timeout,
                 "closes keep-alive connections idle for so long; 0s: never")
      ->capture_default_str();
  app.add_option("--keep_calls", raw.keep_calls, "calls kept for /_sandbox/calls")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{100'000'000}))
      ->capture_default_str();
  app.add_flag("--quiet", flags.quiet, "no log line per request");
}

void DeclareApplication(CLI::App& app, RawFlags& raw, SandboxOptions& options) {
  app.add_option("--access_key", options.access_key, "the application's AccessKey")
      ->envname("ENOS_SANDBOX_ACCESS_KEY")
      ->capture_default_str();
  app.add_option("--secret_key", options.secret_key,
                 "its SecretKey; for the sandbox only, so not a secret")
      ->envname("ENOS_SANDBOX_SECRET_KEY")
      ->capture_default_str();
  app.add_option("--next_secret_key", options.next_secret_key,
                 "a second valid SecretKey, as during a key rotation")
      ->envname("ENOS_SANDBOX_NEXT_SECRET_KEY");
  app.add_option("--token_lifetime", raw.token_lifetime, "of a new access token")
      ->capture_default_str();
  app.add_option("--refresh_kills_old_token", options.refresh_kills_old_token,
                 "whether a refreshed token dies at once")
      ->capture_default_str();
  app.add_option("--token_refusal", raw.token_refusal,
                 "how a dead token is answered: http401, 401, 497, 1203")
      ->capture_default_str();
  app.add_option("--clock_skew", raw.clock_skew, "how far apim-timestamp may be off")
      ->capture_default_str();
  app.add_option("--clock_offset", raw.clock_offset,
                 "how far the sandbox's clock is ahead of this machine's; -1h: behind it")
      ->capture_default_str();
}

void DeclareFlows(CLI::App& app, RawFlags& raw) {
  app.add_option("--flows", raw.flows, "the ids that exist, separated by commas; default: all")
      ->delimiter(',');
  app.add_option("--no_task_flows", raw.no_task, "ids answered by 62104; default 62104")
      ->delimiter(',');
  app.add_option("--foreign_flows", raw.foreign, "ids answered by 62103; default 62103")
      ->delimiter(',');
  app.add_option("--unknown_flows", raw.unknown, "ids answered by 99404; default 99404")
      ->delimiter(',');
  app.add_option("--user", raw.users, "a user that exists (repeatable); default: all");
  app.add_option("--org", raw.orgs, "an organization that exists (repeatable); default: all");
}

void DeclareRuns(CLI::App& app, RawFlags& raw) {
  app.add_option("--generation", raw.generation,
                 "of the batch processing service: v2.0, v2.1, both; the paths of any other answer "
                 "404")
      ->capture_default_str();
  app.add_option("--parameters_as", raw.parameters_as,
                 "how a trigger has to send its parameters: array, string (that array as JSON text "
                 "in a string), either; otherwise 99400")
      ->capture_default_str();
  app.add_option("--same_minute", raw.same_minute,
                 "what another trigger of the same flow and minute gets: another (run), refuse "
                 "(62102), same (id, and nothing is started)")
      ->capture_default_str();
  app.add_option("--run_time", raw.run_time, "from the start of a run to its end")
      ->capture_default_str();
  app.add_option("--time_zone", raw.time_zone,
                 "of the times of runs, and the text of getTimeZone: GMT+8, GMT-3:30, "
                 "Asia/Shanghai")
      ->capture_default_str();
  app.add_option("--unknown_run", raw.unknown_run,
                 "the answer to a get of an unknown run: 99404, 62102, empty (data)")
      ->capture_default_str();
  app.add_option("--keep_runs", raw.keep_runs, "number of runs kept, the newest")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000'000}))
      ->capture_default_str();
}

void DeclareFaults(CLI::App& app, RawFlags& raw, SandboxOptions& options) {
  app.add_option("--latency", raw.latency,
                 "of all calls except those for tokens: 1s, or a range such as 50ms-200ms")
      ->capture_default_str();
  app.add_option("--fault", raw.faults,
                 "of triggers, gets or cancels: FLOWID:[get:|cancel:]KIND[+KIND][xN] (repeatable)");
  app.add_option("--run_fault", raw.run_faults,
                 "what happens to the runs of a flow: FLOWID:KIND[+KIND] (repeatable)");
  app.add_option("--token_fault", raw.token_faults, "[get:|refresh:]KIND[+KIND][xN] (repeatable)");
  app.add_option("--time_fault", raw.time_faults, "[current:|zone:]KIND[+KIND][xN] (repeatable)");
  app.add_option("--random_faults", options.faults.random_share,
                 "share of the triggers of other flows that get a random fault, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--random_read_faults", options.faults.random_read_share,
                 "likewise of gets, cancels and reads of the time")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--random_kinds", raw.random_kinds,
                 "what to pick from, separated by commas; default: all but hang, deep, too-large")
      ->delimiter(',');
  app.add_option("--seed", options.faults.seed, "of the random choices")->capture_default_str();
}

FlagsExit Exit(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_name() == "CallForHelp") return {0, app.help()};
  if (error.get_name() == "CallForVersion") return {0, absl::StrCat(error.what(), "\n")};
  const std::string line = absl::StrReplaceAll(error.what(), {{"\n", " "}});
  return {2, absl::StrCat("enos-sandbox: ", line, " (see --help)\n")};
}

}  // namespace

std::variant<Flags, FlagsExit> ParseFlags(std::vector<std::string> arguments) {
  CLI::App app(kIntroduction, "enos-sandbox");
  app.footer(Footer());
  app.set_version_flag("--version", "enos-sandbox " ENOS_VERSION);
  RawFlags raw;
  Flags flags;
  DeclareServer(app, raw, flags);
  DeclareApplication(app, raw, flags.options);
  DeclareFlows(app, raw);
  DeclareRuns(app, raw);
  DeclareFaults(app, raw, flags.options);
  // A repeatable flag takes one value each time; what follows it is not swallowed.
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() > 1) option->expected(1)->take_all();
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
    app.parse(std::move(arguments));
    Interpret(raw, flags.options);
  } catch (const CLI::ParseError& error) {
    return Exit(app, error);
  }
  return flags;
}

}  // namespace enos::sandbox
