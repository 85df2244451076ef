// The JSON texts of the sandbox: its answers as EnOS, and its views under /_sandbox.
#ifndef ENOS_SANDBOX_LEDGER_VIEWS_H_
#define ENOS_SANDBOX_LEDGER_VIEWS_H_

#include <cstdint>
#include <string>

#include "sandbox/enos/flow_service.h"
#include "sandbox/enos/token_service.h"
#include "sandbox/http/server_counters.h"
#include "sandbox/ledger/call_ledger.h"

namespace enos::sandbox {

// {"status":0,"msg":"SUCCESS","business":"apim-token-service","data":{"accessToken":…,"expire":…}}
std::string TokenAnswerJson(const TokenReply& reply);

// The answer to a call of that generation ("v2.0", "v2.1"); v2.1 names the request. `data` is JSON
// text, and goes with success only; empty: the member is left out.
std::string ServiceAnswerJson(const Verdict& verdict, const std::string& api_version,
                              const std::string& request_id, const std::string& data);
// The data of a started run, and a text as data.
std::string StartedJson(const std::string& instance_id);
std::string TextJson(const std::string& text);

struct TokenStats {
  std::uint64_t gets = 0;
  std::uint64_t refreshes = 0;
  std::uint64_t refused = 0;  // of both
  std::uint64_t faults = 0;
};

// Of the operations that start nothing.
struct ReadStats {
  std::uint64_t gets = 0;
  std::uint64_t cancels = 0;
  std::uint64_t times = 0;   // getCurrentTime and getTimeZone
  std::uint64_t faults = 0;  // of all of them
};

// {"calls":[…],"lastNumber":…,"forgotten":…}; a parameter named call_id is repeated as "callId".
std::string CallsJson(const CallPage& page);
std::string StatsJson(const CallStats& calls, const TokenStats& tokens, const ReadStats& reads,
                      const ServerCounts& server);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_LEDGER_VIEWS_H_
