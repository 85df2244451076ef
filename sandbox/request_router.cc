#include "sandbox/request_router.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sandbox/faults/spoil.h"
#include "sandbox/random_id.h"

namespace enos::sandbox {
namespace {

constexpr char kTokenGet[] = "/apim-token-service/v2.0/token/get";
constexpr char kTokenRefresh[] = "/apim-token-service/v2.0/token/refresh";
constexpr char kFlows20[] = "/dataflow-batch-service/v2.0/flows";
constexpr char kFlows21[] = "/batch-processing-service/v2.1/flows";

constexpr std::size_t kDefaultPage = 1000;

TokenServiceOptions TokenOptions(const SandboxOptions& options) {
  TokenServiceOptions tokens;
  tokens.access_key = options.access_key;
  tokens.secret_key = options.secret_key;
  tokens.next_secret_key = options.next_secret_key;
  tokens.lifetime = options.token_lifetime;
  tokens.refresh_kills_old_token = options.refresh_kills_old_token;
  return tokens;
}

FlowServiceOptions FlowOptions(const SandboxOptions& options) {
  FlowServiceOptions flows = options.flows;
  flows.secret_key = options.secret_key;
  flows.next_secret_key = options.next_secret_key;
  return flows;
}

Answer PlainRefusal(int status, const std::string& message) {
  return Answer::Json(status, absl::StrCat(R"({"code":)", status, R"(,"msg":")", message, R"("})"));
}

std::uint64_t NumberParameter(const Query& query, std::string_view name, std::uint64_t otherwise) {
  std::uint64_t number = 0;
  const auto text = FindParameter(query, name);
  return text.has_value() && absl::SimpleAtoi(*text, &number) ? number : otherwise;
}

CallRecord MakeRecord(const FlowDecision& decision) {
  CallRecord record;
  record.user_id = decision.user_id;
  record.org_id = decision.org_id;
  record.request = decision.request;
  record.token_valid = decision.token_valid;
  record.signature_valid = decision.signature_valid;
  record.signed_with_next_key = decision.signed_with_next_key;
  record.http_status = decision.http_status;
  record.code = decision.code;
  return record;
}

}  // namespace

RequestRouter::RequestRouter(const SandboxOptions& options)
    : clock_(options.clock),
      log_(options.log),
      latency_(options.latency),
      tokens_(TokenOptions(options), options.clock, [] { return RandomId(); }),
      flows_(FlowOptions(options), options.clock,
             [this](std::string_view token) { return tokens_.IsAlive(token); }),
      faults_(options.faults),
      ledger_(options.keep_calls) {}

void RequestRouter::OnRequest(HttpRequest request, Responder responder) {
  responder.Send(Route(request, ParseTarget(request.target)));
}

TokenStats RequestRouter::token_stats() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return token_stats_;
}

Answer RequestRouter::Route(const HttpRequest& request, const Target& target) {
  if (target.path == kTokenGet) return AnswerToken(request, TokenAction::kGet);
  if (target.path == kTokenRefresh) return AnswerToken(request, TokenAction::kRefresh);
  if (target.path == kFlows20) return AnswerFlow(request, target, "v2.0");
  if (target.path == kFlows21) return AnswerFlow(request, target, "v2.1");
  return AnswerView(request, target);
}

Answer RequestRouter::AnswerToken(const HttpRequest& request, TokenAction action) {
  if (request.method != "POST") return PlainRefusal(405, "Method Not Allowed");
  const std::optional<Fault> fault = faults_.NextForToken(action);
  // A fault that comes "before" leaves the token service untouched.
  TokenReply reply;
  if (!fault.has_value() || *fault->executes) {
    reply = action == TokenAction::kGet ? tokens_.Get(request.body) : tokens_.Refresh(request.body);
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++(action == TokenAction::kGet ? token_stats_.gets : token_stats_.refreshes);
    if (reply.code != 0) ++token_stats_.refused;
    if (fault.has_value()) ++token_stats_.faults;
  }
  Log(request, absl::StrCat("status=", reply.code, " expire=", reply.expire_s,
                            fault ? " fault=" + fault->name : ""));
  Answer answer = Json(200, TokenAnswerJson(reply));
  if (!fault.has_value()) return answer;
  answer = Spoil(std::move(answer), *fault, {"status", request.target});
  if (fault->latency.has_value()) answer.delay = fault->latency->At(faults_.NextShare());
  return answer;
}

Answer RequestRouter::AnswerFlow(const HttpRequest& request, const Target& target,
                                 const std::string& api_version) {
  const FlowDecision decision =
      flows_.Decide({request.method, target.query, FindHeader(request.headers, "apim-accesstoken"),
                     FindHeader(request.headers, "apim-timestamp"),
                     FindHeader(request.headers, "apim-signature"), request.body});
  std::optional<Fault> fault;
  if (!decision.refused_at_the_door && decision.request.has_value()) {
    fault = faults_.NextForFlow(decision.request->flow_id);
  }
  CallRecord record = MakeRecord(decision);
  record.time = clock_();
  record.connection = request.connection;
  record.api_version = api_version;
  record.executed = decision.code == 0 && (!fault.has_value() || *fault->executes);
  if (record.executed) record.instance_id = decision.instance_id;
  if (fault.has_value()) record.fault = fault->name;
  const std::string outcome =
      absl::StrCat("flow=", decision.request ? absl::StrCat(decision.request->flow_id) : "?",
                   " user=", absl::CEscape(decision.user_id),
                   " org=", absl::CEscape(decision.org_id), " http=", decision.http_status,
                   " code=", decision.code, record.executed ? " executed " : " not executed ",
                   record.instance_id, fault ? " fault=" + fault->name : "");
  const std::uint64_t number = ledger_.Add(std::move(record));
  Log(request, absl::StrCat("call=", number, " ", outcome));

  Answer answer = Json(decision.http_status, FlowAnswerJson(decision, api_version, RandomId()));
  if (fault.has_value()) {
    answer = Spoil(std::move(answer), *fault,
                   {api_version == "v2.0" ? "status" : "code", request.target});
  }
  const Latency latency = fault && fault->latency ? *fault->latency : latency_;
  answer.delay = latency.At(latency.low == latency.high ? 0 : faults_.NextShare());
  return answer;
}

// EnOS's answers have a Date; clients whose clock is off can learn from it.
Answer RequestRouter::Json(int status, std::string body) const {
  Answer answer = Answer::Json(status, std::move(body));
  answer.headers.emplace_back(
      "Date", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", clock_(), absl::UTCTimeZone()));
  return answer;
}

Answer RequestRouter::AnswerView(const HttpRequest& request, const Target& target) {
  const bool remove = request.method == "DELETE";
  if (!remove && request.method != "GET") return PlainRefusal(405, "Method Not Allowed");
  if (target.path == "/_sandbox/calls") {
    if (remove) {
      ledger_.Clear();
      return Answer::Json(200, "{}");
    }
    return Answer::Json(
        200, CallsJson(ledger_.Since(NumberParameter(target.query, "since", 0),
                                     NumberParameter(target.query, "limit", kDefaultPage))));
  }
  if (target.path == "/_sandbox/tokens" && remove) {
    tokens_.Revoke();
    return Answer::Json(200, "{}");
  }
  if (target.path == "/_sandbox/stats" && !remove) {
    return Answer::Json(200, StatsJson(ledger_.Stats(), token_stats(), server_counts_()));
  }
  Log(request, "http=404");
  return PlainRefusal(404, "Not Found");
}

void RequestRouter::Log(const HttpRequest& request, const std::string& outcome) const {
  const std::string path = request.target.substr(0, request.target.find('?'));
  log_(absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", clock_(), absl::UTCTimeZone()),
                    " conn=", request.connection, " ", absl::CEscape(request.method), " ",
                    absl::CEscape(path), " ", outcome));
}

}  // namespace enos::sandbox
