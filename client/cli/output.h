#ifndef ENOS_FLOW_CLI_OUTPUT_H_
#define ENOS_FLOW_CLI_OUTPUT_H_

#include <string>

#include "enos/flow/client.h"
#include "style.h"

namespace enos::flow::cli {

enum class OutputFormat { kText, kJson };

// The instance id alone, on a line, safe for a terminal.
std::string FormatSuccessText(const TriggeredFlow& flow);

// How a call's idempotency key came to it, which decides what an error says about the flow: with
// one that was given an earlier call may have started it.
enum class KeyUse { kNone, kMade, kGiven };

// What a person can act on, several lines, safe for a terminal whatever the error's texts contain:
// what happened, what EnOS said, each invalid field, and last, for a call that starts flows,
// whether the flow may have been started. `address` is the gateway that was called.
std::string FormatErrorText(const FlowError& error, const std::string& address,
                            const Style& style = Style(), KeyUse key = KeyUse::kNone);

// Whether the same call is to be repeated with the same key, to learn what became of it.
bool KeyTells(const FlowError& error);

// "--idempotency_key=KEY --trigger_time=TIME": what makes the command another call with the same
// key.
std::string KeyFlags(const FlowRequest& request);

// A command for a shell, "enos-flow get ID --user_id=alice --org_id=o15", with the flags of
// CallSettings::connection_flags.
std::string CommandAboutRun(const std::string& command, const InstanceRequest& request,
                            const std::string& connection_flags);

// The id that a run of that request most likely has: EnOS names runs by flow and minute. A guess.
std::string LikelyId(const FlowRequest& request);

// After an error that leaves open whether the flow was started: the run's likely id, and the
// command that looks for it. The id is the gateway's guess, else ours of the same kind.
std::string FormatLookHint(const FlowError& error, const FlowRequest& request,
                           const std::string& connection_flags);

// One JSON object on a line, ASCII only (other characters as \uXXXX), so that every text arrives
// unchanged and none can harm a terminal:
//   {"ok":true,"flow_instance_id":…,"enos_request_id":…,"request_id":…}
//   {"ok":false,"code":…,"reason":…,"execution":"NOT_EXECUTED"|"UNKNOWN","message":…,
//    "enos_code":…,"enos_message":…,"http_status":…,"enos_request_id":…,"request_id":…,
//    "likely_flow_instance_id":…,"key_state":…,"key_kept":true,
//    "violations":[{"field":…,"description":…}],"retry_after_ms":…}
// Of the latter ok, code, execution and message are always there; the others where they are known.
// Of a request with a key both end with "idempotency_key":…,"trigger_time":…, and the former may
// have "replayed":true.
std::string FormatJson(const FlowResult& result, const FlowRequest& request = FlowRequest());

// {"idempotency_key":…,"trigger_time":…}
std::string FormatKeyJson(const FlowRequest& request);

// {"ok":true}, and the request id if the caller gave one.
std::string FormatCancelledJson(const std::string& request_id);

// Likewise; where ok the fields of FlowInstance, times in RFC 3339. Errors have no execution.
std::string FormatInstanceJson(const InstanceResult& result);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_OUTPUT_H_
