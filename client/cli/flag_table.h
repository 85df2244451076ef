#ifndef ENOS_FLOW_CLI_FLAG_TABLE_H_
#define ENOS_FLOW_CLI_FLAG_TABLE_H_

namespace enos::flow::cli {

// One flag of `enos-flow trigger`.
struct Flag {
  const char* name = nullptr;         // without dashes
  const char* value = nullptr;        // what stands for the value in the help; nullptr: a switch
  const char* variable = nullptr;     // the environment variable, or nullptr
  const char* description = nullptr;  // for the help
  const char* group = nullptr;        // the heading in the help
  bool repeatable = false;
};

inline constexpr char kWhatGroup[] = "What to start";
inline constexpr char kBatchGroup[] = "Many at once";
inline constexpr char kCallGroup[] = "How to call";
inline constexpr char kConnectionGroup[] = "Connection";

inline constexpr Flag kTriggerFlags[] = {
    {"user_id", "ID", "ENOS_FLOW_USER_ID", "The EnOS user, who must own the flow. Required.",
     kWhatGroup},
    {"org_id", "ID", "ENOS_FLOW_ORG_ID", "The organization of that user. Required.", kWhatGroup},
    {"flow_id", "NUMBER", nullptr, "The flow to start. Required.", kWhatGroup},
    {"trigger_time", "TIME", nullptr, "The planned run time, see below. Default: now.", kWhatGroup},
    {"param", "KEY=VALUE", nullptr,
     "A parameter of this run; as often as needed. The order is kept; the value may be empty.",
     kWhatGroup, true},
    {"batch", "FILE", nullptr,
     "Start a flow for each line of this file (-: standard input), see below. The flags above are "
     "for what a line does not have.",
     kBatchGroup},
    {"results", "FILE", nullptr,
     "Where to write what came of each line. Given again, the batch goes on where it stopped. "
     "Default: standard output, and no going on.",
     kBatchGroup},
    {"concurrency", "NUMBER", nullptr, "How many calls at once, 1 to 10000. Default: 16.",
     kBatchGroup},
    {"repeat_unknown", nullptr, nullptr,
     "Send again, without asking, what MAY have been started before: flows may run twice.",
     kBatchGroup},
    {"timeout", "DURATION", "ENOS_FLOW_TIMEOUT",
     "The longest that everything may take, repeats included; with --batch each line's. "
     "Default: 30s.",
     kCallGroup},
    {"retries", "NUMBER", "ENOS_FLOW_RETRIES",
     "How often to call again when the flow was certainly not started and another call may help "
     "(EnOS or the gateway busy or not reachable). Default: 0.",
     kCallGroup},
    {"output", "text|json", "ENOS_FLOW_OUTPUT",
     "text: the instance id on stdout, errors on stderr. json: one object on stdout, whatever the "
     "outcome. Default: text. Not for --batch.",
     kCallGroup},
    {"address", "HOST:PORT", "ENOS_FLOW_ADDRESS", "The gateway. Default: 127.0.0.1:50051.",
     kConnectionGroup},
    {"tls", nullptr, "ENOS_FLOW_TLS",
     "Use TLS. The default for every address but this machine's own.", kConnectionGroup},
    {"plaintext", nullptr, "ENOS_FLOW_PLAINTEXT",
     "Use no encryption, although the gateway is on another machine.", kConnectionGroup},
    {"ca_file", "FILE", "ENOS_FLOW_CA_FILE",
     "Certificate authorities (PEM) to trust. Default: the system's.", kConnectionGroup},
    {"cert_file", "FILE", "ENOS_FLOW_CERT_FILE", "This client's own certificate (PEM).",
     kConnectionGroup},
    {"key_file", "FILE", "ENOS_FLOW_KEY_FILE", "The key of that certificate (PEM).",
     kConnectionGroup},
    {"server_name", "NAME", "ENOS_FLOW_SERVER_NAME",
     "The name in the gateway's certificate, where it is not the address's host.",
     kConnectionGroup},
};

inline constexpr char kTriggerFooter[] = R"(Forms of TIME:
  now                     at once
  now+60s, now-1h30m      from now; units h, m, s, ms
  2026-07-01T08:00:00Z    RFC 3339; with an offset: 2026-07-01T16:00:00+08:00
  1574385824000           Unix time in milliseconds
A time in the past starts the flow at once, and is still the time that its time parameters are
computed from.

Batches: a line of --batch is a JSON object with any of
  {"id":"any name of yours","user_id":"alice","org_id":"o15","flow_id":3377,
   "trigger_time":"now+60s","parameters":{"REPLACE":"ddee"}}
parameters may also be a list, [{"key":"REPLACE","value":"ddee"}], which keeps duplicates. All lines
are checked before the first one is sent. Each answer is a JSON object on a line of its own, written
as it comes: line, id, outcome (OK or FAILED), flow_instance_id, or code, reason, execution and
message; attempts. The results file also says SENDING before a line is sent. With the same results
file the same command goes on: what was started is not sent again, what was certainly not started
is, and for what MAY have been started (UNKNOWN, or sent without an answer) it asks at a terminal,
and leaves it alone elsewhere. Ctrl-C sends no more and waits for the calls under way.

Examples:
  enos-flow trigger --user_id=alice --org_id=o15 --flow_id=3377 --trigger_time=now+60s \
      --param REPLACE=ddee --param "note=two words"
  enos-flow trigger --address=gateway.example.com:443 --user_id=alice --org_id=o15 \
      --flow_id=3377 --trigger_time=2026-07-01T08:00:00+08:00 --output=json --retries=3

  enos-flow trigger --batch=flows.ndjson --results=flows.results.ndjson --concurrency=50 --retries=3

Exit status:
  0  the flow was started; with --batch those of all lines
  1  a call failed; the message says whether the flow may have been started all the same
  2  wrong usage; nothing was sent
)";

inline constexpr char kMainFooter[] = R"(Example:
  enos-flow trigger --user_id=alice --org_id=o15 --flow_id=3377 --trigger_time=now+60s \
      --param REPLACE=ddee

"enos-flow trigger --help" shows all flags, the forms of a time and more examples.

Exit status:
  0  the call succeeded
  1  the call failed; the message says whether the flow may have been started all the same
  2  wrong usage; nothing was sent
)";

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_FLAG_TABLE_H_
