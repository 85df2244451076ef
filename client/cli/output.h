#ifndef ENOS_FLOW_CLI_OUTPUT_H_
#define ENOS_FLOW_CLI_OUTPUT_H_

#include <string>

#include "enos/flow/client.h"
#include "style.h"

namespace enos::flow::cli {

enum class OutputFormat { kText, kJson };

// The instance id alone, on a line, safe for a terminal.
std::string FormatSuccessText(const TriggeredFlow& flow);

// What a person can act on, several lines, safe for a terminal whatever the error's texts contain:
// what happened, what EnOS said, each invalid field, and last, for a call that starts flows,
// whether the flow may have been started. `address` is the gateway that was called.
std::string FormatErrorText(const FlowError& error, const std::string& address,
                            const Style& style = Style());

// A command for a shell, "enos-flow get ID --user_id=alice --org_id=o15", with the address where it
// is not the one that is called anyway.
std::string CommandAboutRun(const std::string& command, const InstanceRequest& request,
                            const std::string& address);

// After an error that leaves open whether the flow was started: the run's likely id, and the
// command that looks for it. The id is the gateway's guess, else ours of the same kind.
std::string FormatLookHint(const FlowError& error, const FlowRequest& request,
                           const std::string& address);

// One JSON object on a line, ASCII only (other characters as \uXXXX), so that every text arrives
// unchanged and none can harm a terminal:
//   {"ok":true,"flow_instance_id":…,"enos_request_id":…}
//   {"ok":false,"code":…,"reason":…,"execution":"NOT_EXECUTED"|"UNKNOWN","message":…,
//    "enos_code":…,"enos_message":…,"http_status":…,"enos_request_id":…,
//    "likely_flow_instance_id":…,"violations":[{"field":…,"description":…}],"retry_after_ms":…}
// Of the latter ok, code, execution and message are always there; the others where they are known.
std::string FormatJson(const FlowResult& result);

// Likewise; where ok the fields of FlowInstance, times in RFC 3339. Errors have no execution.
std::string FormatInstanceJson(const InstanceResult& result);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_OUTPUT_H_
