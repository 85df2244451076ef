#include "flag_table.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "server/base/edit_distance.h"

namespace enos::flow::cli {
namespace {

constexpr char kWhatGroup[] = "Flow";
constexpr char kBatchGroup[] = "Batches of flows";
constexpr char kCallGroup[] = "Call";
constexpr char kConnectionGroup[] = "Connection";
constexpr char kRunGroup[] = "Run";
constexpr char kGeneralGroup[] = "General";

const std::vector<Flag>& WhatFlags() {
  static const auto* const flags = new std::vector<Flag>{
      {"user_id", "ID", "ENOS_FLOW_USER_ID", "The EnOS user, who must own the flow. Required.",
       kWhatGroup},
      {"org_id", "ID", "ENOS_FLOW_ORG_ID", "The organization of that user. Required.", kWhatGroup},
      {"flow_id", "NUMBER", nullptr, "The flow to start. Required.", kWhatGroup},
      {"trigger_time", "TIME", nullptr, "The planned run time, see below. Default: now.",
       kWhatGroup},
      {"param", "KEY=VALUE", nullptr,
       "A parameter of this run; may be repeated. The order is kept; the value may be empty.",
       kWhatGroup, true},
      {"idempotency_key", "KEY", nullptr,
       "Makes the call safe to repeat without starting the flow twice, if the gateway stores keys. "
       "Needs a fixed --trigger_time. auto: generate a key, and print both before the call. Not "
       "with --batch, which does this by itself.",
       kWhatGroup},
      {"params_file", "FILE", nullptr,
       "Parameters from a JSON or YAML file (-: standard input), see below. Those of --param "
       "follow.",
       kWhatGroup},
      {"request_file", "FILE", nullptr,
       "All of the above from a JSON or YAML file (-: standard input). Flags on the command line "
       "override it.",
       kWhatGroup},
      {"batch", "FILE", nullptr,
       "Start a flow for each line of this file (-: standard input), see below. The flags above "
       "supply what a line omits.",
       kBatchGroup},
      {"results", "FILE", nullptr,
       "Where to write the result of each line. With the same file again, the batch resumes where "
       "it stopped. Default: standard output, without resuming.",
       kBatchGroup},
      {"concurrency", "NUMBER", nullptr, "Number of concurrent calls, 1 to 10000. Default: 16.",
       kBatchGroup},
      {"resolved", "FILE", nullptr,
       "What you found out about lines that MAY have been started and have no usable key: on each "
       "line an id or a line number, then started or not_started.",
       kBatchGroup},
      {"repeat_unknown", nullptr, nullptr,
       "Send again, without asking, what MAY already have been started: flows may run twice.",
       kBatchGroup},
  };
  return *flags;
}

// Of the commands about a run, which stands behind them.
const std::vector<Flag>& RunFlags() {
  static const auto* const flags = new std::vector<Flag>{
      {"user_id", "ID", "ENOS_FLOW_USER_ID", "The EnOS user who asks. Required.", kRunGroup},
      {"org_id", "ID", "ENOS_FLOW_ORG_ID", "The organization of that user. Required.", kRunGroup},
  };
  return *flags;
}

constexpr Flag kWatchTimeout = {
    "watch_timeout", "DURATION", nullptr,
    "How long to watch the run at most. Default: until it has ended, however long that takes.",
    kCallGroup};

const std::vector<Flag>& WaitFlags() {
  static const auto* const flags = new std::vector<Flag>{
      {"wait", nullptr, nullptr,
       "Then watch the run until it has ended, as enos-flow watch does. Not with --batch.",
       kCallGroup},
      kWatchTimeout,
  };
  return *flags;
}

constexpr Flag kOutput = {
    "output", "text|json", "ENOS_FLOW_OUTPUT",
    "text: the answer on stdout, errors on stderr. json: one object on stdout, whatever the "
    "outcome; for a watch one for each change. Default: text. Not with --batch.",
    kCallGroup};

constexpr Flag kRequestId = {
    "request_id", "TEXT", nullptr,
    "The id under which the gateway logs the call, 1 to 128 printable ASCII characters; does not "
    "make the call safe to repeat. Default: the gateway generates one. With --batch, line N has "
    "this id followed by -N.",
    kCallGroup};

const std::vector<Flag>& CallFlags() {
  static const auto* const flags = new std::vector<Flag>{
      {"timeout", "DURATION", "ENOS_FLOW_TIMEOUT",
       "Time limit for everything, including retries; with --batch, for each line. Default: 30s.",
       kCallGroup},
      {"retries", "NUMBER", "ENOS_FLOW_RETRIES",
       "Maximum number of retries if another call may help (EnOS or the gateway busy or "
       "unreachable) and cannot start the flow twice: it was certainly not started, or the gateway "
       "stores the call's key. Default: 0.",
       kCallGroup},
      kRequestId,
      kOutput,
  };
  return *flags;
}

const std::vector<Flag>& AskFlags() {
  static const auto* const flags = new std::vector<Flag>{
      {"timeout", "DURATION", "ENOS_FLOW_TIMEOUT", "Time limit for the answer. Default: 30s.",
       kCallGroup},
      kRequestId,
      kOutput,
  };
  return *flags;
}

const std::vector<Flag>& HealthFlags() {
  static const auto* const flags = new std::vector<Flag>{
      {"service", "NAME", nullptr,
       "The service to ask about, for example enos.dataflow.v1.FlowService. Default: the whole "
       "server.",
       kCallGroup},
      {"timeout", "DURATION", "ENOS_FLOW_TIMEOUT", "Time limit for the answer. Default: 30s.",
       kCallGroup},
      kOutput,
  };
  return *flags;
}

// For every command that calls the gateway.
const std::vector<Flag>& ConnectionFlags() {
  static const auto* const flags = new std::vector<Flag>{
      {"address", "HOST:PORT", "ENOS_FLOW_ADDRESS", "The gateway. Default: 127.0.0.1:50051.",
       kConnectionGroup},
      {"tls", nullptr, "ENOS_FLOW_TLS",
       "Use TLS. The default for every address except this machine's own.", kConnectionGroup},
      {"plaintext", nullptr, "ENOS_FLOW_PLAINTEXT",
       "Use no encryption, even if the gateway is on another machine.", kConnectionGroup},
      {"ca_file", "FILE", "ENOS_FLOW_CA_FILE",
       "Certificate authorities (PEM) to trust. Default: the system's.", kConnectionGroup},
      {"cert_file", "FILE", "ENOS_FLOW_CERT_FILE", "This client's own certificate (PEM).",
       kConnectionGroup},
      {"key_file", "FILE", "ENOS_FLOW_KEY_FILE", "The key of that certificate (PEM).",
       kConnectionGroup},
      {"server_name", "NAME", "ENOS_FLOW_SERVER_NAME",
       "The name in the gateway's certificate, if it is not the host in the address.",
       kConnectionGroup},
      {"token_file", "FILE", "ENOS_FLOW_TOKEN_FILE",
       "A file with the bearer token of the caller; it is reread for each call. The token is sent "
       "only over TLS or to this machine.",
       kConnectionGroup},
      {"config", "FILE", "ENOS_FLOW_CONFIG",
       "The settings file, see enos-flow --help; empty: none. Default: enos-flow/config.yaml below "
       "$XDG_CONFIG_HOME or ~/.config, if there is one.",
       kGeneralGroup},
      {"color", "auto|always|never", "ENOS_FLOW_COLOR",
       "Whether to use colours. auto: on a terminal, unless NO_COLOR is set. Default: auto.",
       kGeneralGroup},
  };
  return *flags;
}

std::vector<Flag> Join(const std::vector<std::vector<Flag>>& lists) {
  std::vector<Flag> joined;
  for (const auto& list : lists) joined.insert(joined.end(), list.begin(), list.end());
  return joined;
}

constexpr char kTimes[] = R"(  now                     at once
  now+60s, now-1h30m      from now; units h, m, s, ms
  2026-07-01T08:00:00Z    RFC 3339; with an offset: 2026-07-01T16:00:00+08:00
  1574385824000           Unix time in milliseconds
  A time in the past starts the flow at once; its time parameters are still computed from that
  time.
)";

constexpr char kFiles[] =
    R"(  --params_file holds a map of keys to strings; --request_file holds any of user_id, org_id,
  flow_id, trigger_time and parameters:
    user_id: alice
    flow_id: 3377
    parameters: {REPLACE: ddee, AMOUNT: 1.50}
  Parameters may also be a list, [{key: REPLACE, value: ddee}], which keeps duplicates. Numbers and
  booleans keep the text they were written as. A file that begins with { or [ is read as JSON,
  unless its name ends in .yaml or .yml.
)";

constexpr char kBatches[] = R"(  A line of --batch is a JSON object with any of
    {"id":"any name you like","user_id":"alice","org_id":"o15","flow_id":3377,
     "trigger_time":"now+60s","parameters":{"REPLACE":"ddee"}}
  All lines are checked before the first one is sent. Each result is a JSON object on its own line,
  written as it arrives: line, id, outcome (OK or FAILED), flow_instance_id, or code, reason,
  execution and message; attempts. The results file also says SENDING before a line is sent.
  The same command with the same results file resumes: what was started is not sent again, what was
  certainly not started is. What MAY have been started (UNKNOWN, or sent without an answer) is
  repeated with the line's key, if the gateway stores keys. Otherwise, or if the key is in doubt,
  the command asks if it runs at a terminal, or else leaves the line alone. The first Ctrl-C stops
  sending and waits for the calls in flight; the second ends the command at once.
)";

constexpr char kTriggerExamples[] =
    R"(  enos-flow trigger --user_id=alice --org_id=o15 --flow_id=3377 --trigger_time=now+60s \
      --param REPLACE=ddee --param "note=two words"
  enos-flow trigger --address=gateway.example.com:443 --user_id=alice --org_id=o15 \
      --flow_id=3377 --trigger_time=2026-07-01T08:00:00+08:00 --output=json --retries=3
  enos-flow trigger --request_file=flow.yaml --idempotency_key=auto --retries=3 --wait
  enos-flow trigger --batch=flows.ndjson --results=flows.results.ndjson --concurrency=50 --retries=3
)";

constexpr char kTriggerStatus[] =
    R"(  0    the flow was started; with --batch, the flows of all lines; with --wait its run succeeded
  1    a call failed; the message says whether the flow may have been started anyway
  2    wrong usage; nothing was sent
  3    with --wait: the run ended otherwise; the message says with which tasks
  130  with --wait: interrupted (Ctrl-C); the run goes on, and the message says how to watch it
)";

constexpr char kWatchStatus[] =
    R"(  0    the run succeeded
  1    the call failed, or --watch_timeout expired
  2    wrong usage; nothing was sent
  3    the run ended otherwise; the message says with which tasks
  130  interrupted (Ctrl-C); the run goes on, and the message says how to watch it
)";

constexpr char kRunStatus[] = R"(  0  the gateway answered
  1  the call failed
  2  wrong usage; nothing was sent
)";

constexpr char kWatching[] =
    R"(  ID is what enos-flow trigger prints. On a terminal the run's tasks are shown and kept up to date;
  elsewhere, and with TERM=dumb, there is a line for each change, and with --output=json an object.
  Lost connections and gateways that shut down do not end a watch: it continues on another one.
)";

constexpr char kGetExamples[] =
    R"(  enos-flow get 3377-20261122225300 --user_id=alice --org_id=o15
  enos-flow get 3377-20261122225300 --user_id=alice --org_id=o15 --output=json
)";

constexpr char kWatchExamples[] =
    R"(  enos-flow watch 3377-20261122225300 --user_id=alice --org_id=o15
  enos-flow watch 3377-20261122225300 --user_id=alice --org_id=o15 --watch_timeout=2h --output=json
)";

constexpr char kCancelExamples[] =
    R"(  enos-flow cancel 3377-20261122225300 --user_id=alice --org_id=o15
)";

constexpr char kHealthStatus[] = R"(  0  SERVING
  1  anything else: NOT_SERVING (no access token, or shutting down), SERVICE_UNKNOWN, no answer
  2  wrong usage
)";

constexpr char kHealthExamples[] =
    R"(  enos-flow health --address=gateway.example.com:443 --timeout=2s
)";

constexpr char kCompletionExamples[] =
    R"(  source <(enos-flow completion bash)        # in ~/.bashrc
  source <(enos-flow completion zsh)         # in ~/.zshrc, after compinit
)";

constexpr char kManExamples[] = R"(  enos-flow man | man -l -
)";

constexpr char kSettings[] =
    R"(  A flag that is not given takes its value from its environment variable (in brackets in a
  command's help), else from the settings file, else it has its default. The settings file is
  ~/.config/enos-flow/config.yaml; its keys are the names of flags that have a variable:
    address: gateway.example.com:443
    user_id: alice
    org_id: o15
    retries: 3
)";

constexpr char kMainExamples[] =
    R"(  enos-flow trigger --user_id=alice --org_id=o15 --flow_id=3377 --trigger_time=now+60s \
      --param REPLACE=ddee
  enos-flow trigger --batch=flows.ndjson --results=flows.results.ndjson
  enos-flow watch 3377-20261122225300 --user_id=alice --org_id=o15
  enos-flow health
  "enos-flow trigger --help" shows all flags, time formats and more examples.
)";

constexpr char kMainStatus[] = R"(  0    the call succeeded
  1    the call failed; the message says whether the flow may have been started anyway
  2    wrong usage; nothing was sent
  3    a run that was watched did not succeed
  130  interrupted while watching a run, which goes on
)";

}  // namespace

const std::vector<Command>& Commands() {
  static const auto* const commands = new std::vector<Command>{
      {"trigger",
       "Start a flow and print its instance id, or start many flows.",
       nullptr,
       Join({WhatFlags(), CallFlags(), WaitFlags(), ConnectionFlags()}),
       {{"TIME formats", kTimes},
        {"Files", kFiles},
        {"Batches", kBatches},
        {"Examples", kTriggerExamples},
        {"Exit status", kTriggerStatus}}},
      {"get",
       "Show the state of a run: enos-flow get ID.",
       "ID",
       Join({RunFlags(), AskFlags(), ConnectionFlags()}),
       {{"Examples", kGetExamples}, {"Exit status", kRunStatus}}},
      {"watch",
       "Watch a run until it has ended: enos-flow watch ID.",
       "ID",
       Join({RunFlags(), {kWatchTimeout, kRequestId, kOutput}, ConnectionFlags()}),
       {{"Watching", kWatching}, {"Examples", kWatchExamples}, {"Exit status", kWatchStatus}}},
      {"cancel",
       "Cancel a run: enos-flow cancel ID.",
       "ID",
       Join({RunFlags(), AskFlags(), ConnectionFlags()}),
       {{"Examples", kCancelExamples}, {"Exit status", kRunStatus}}},
      {"health",
       "Ask the gateway whether it can start flows (grpc.health.v1).",
       nullptr,
       Join({HealthFlags(), ConnectionFlags()}),
       {{"Examples", kHealthExamples}, {"Exit status", kHealthStatus}}},
      {"completion",
       "Print the completions for a shell.",
       "bash|zsh",
       {},
       {{"Examples", kCompletionExamples}}},
      {"man", "Print the manual page.", nullptr, {}, {{"Examples", kManExamples}}},
  };
  return *commands;
}

const Command* FindCommand(absl::string_view name) {
  const auto found = std::find_if(Commands().begin(), Commands().end(),
                                  [&](const Command& command) { return name == command.name; });
  return found == Commands().end() ? nullptr : &*found;
}

const Flag* FindFlag(const Command& command, absl::string_view name) {
  const auto found = std::find_if(command.flags.begin(), command.flags.end(),
                                  [&](const Flag& flag) { return name == flag.name; });
  return found == command.flags.end() ? nullptr : &*found;
}

const Flag* FindFlag(absl::string_view name) {
  for (const Command& command : Commands()) {
    if (const Flag* const flag = FindFlag(command, name)) return flag;
  }
  return nullptr;
}

std::string Meant(absl::string_view typed, const std::vector<std::string>& names) {
  constexpr size_t kLongest = 100;
  if (typed.size() > kLongest) return "";
  const std::string text = absl::AsciiStrToLower(absl::StrReplaceAll(typed, {{"-", "_"}}));
  size_t nearest = std::max<size_t>(1, text.size() / 3) + 1;
  std::string meant;
  for (const std::string& name : names) {
    const size_t distance = gateway::EditDistance(text, name);
    if (distance >= nearest) continue;
    nearest = distance;
    meant = name;
  }
  return meant;
}

bool IsSetting(const Flag& flag) {
  return flag.variable != nullptr && absl::string_view(flag.name) != "config";
}

const std::vector<Section>& MainSections() {
  static const auto* const sections = new std::vector<Section>{
      {"Settings", kSettings}, {"Examples", kMainExamples}, {"Exit status", kMainStatus}};
  return *sections;
}

}  // namespace enos::flow::cli
