#include "sandbox/request_router.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sandbox/faults/spoil.h"
#include "sandbox/random_id.h"

namespace enos::sandbox {
namespace {

constexpr char kTokenGet[] = "/apim-token-service/v2.0/token/get";
constexpr char kTokenRefresh[] = "/apim-token-service/v2.0/token/refresh";

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

Answer PlainRefusal(int status, const std::string& message) {
  return Answer::Json(status, absl::StrCat(R"({"code":)", status, R"(,"msg":")", message, R"("})"));
}

std::uint64_t NumberParameter(const Query& query, std::string_view name, std::uint64_t otherwise) {
  std::uint64_t number = 0;
  const auto text = FindParameter(query, name);
  return text.has_value() && absl::SimpleAtoi(*text, &number) ? number : otherwise;
}

}  // namespace

RequestRouter::RequestRouter(const SandboxOptions& options)
    : clock_(options.clock),
      log_(options.log),
      tokens_(TokenOptions(options), options.clock, [] { return RandomId(); }),
      faults_(options.faults),
      ledger_(options.keep_calls),
      flows_(
          options, [this](std::string_view token) { return tokens_.IsAlive(token); }, &faults_,
          &ledger_) {}

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
  if (std::optional<LoggedAnswer> logged = flows_.OnRequest(request, target)) {
    Log(request, logged->outcome);
    return std::move(logged->answer);
  }
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
  Answer answer = DatedJson(200, TokenAnswerJson(reply), clock_());
  if (!fault.has_value()) return answer;
  answer = Spoil(std::move(answer), *fault, {"status", request.target});
  if (fault->latency.has_value()) answer.delay = fault->latency->At(faults_.NextShare());
  return answer;
}

Answer RequestRouter::AnswerView(const HttpRequest& request, const Target& target) {
  const bool remove = request.method == "DELETE";
  if (!remove && request.method != "GET" && absl::StartsWith(target.path, "/_sandbox/")) {
    return PlainRefusal(405, "Method Not Allowed");
  }
  if (remove && Forget(target.path)) return Answer::Json(200, "{}");
  if (!remove && target.path == "/_sandbox/calls") return AnswerCalls(target.query);
  if (!remove && target.path == "/_sandbox/stats") {
    return Answer::Json(200,
                        StatsJson(ledger_.Stats(), token_stats(), read_stats(), server_counts_()));
  }
  Log(request, "http=404");
  return PlainRefusal(404, "Not Found");
}

// With "since" a reader goes on where it was; without it, it sees what came last.
Answer RequestRouter::AnswerCalls(const Query& query) const {
  const std::uint64_t limit = NumberParameter(query, "limit", kDefaultPage);
  if (!FindParameter(query, "since")) return Answer::Json(200, CallsJson(ledger_.Newest(limit)));
  return Answer::Json(200, CallsJson(ledger_.Since(NumberParameter(query, "since", 0), limit)));
}

bool RequestRouter::Forget(const std::string& path) {
  if (path == "/_sandbox/calls") {
    ledger_.Clear();
  } else if (path == "/_sandbox/runs") {
    flows_.ForgetRuns();
  } else if (path == "/_sandbox/tokens") {
    tokens_.Revoke();
  } else {
    return false;
  }
  return true;
}

void RequestRouter::Log(const HttpRequest& request, const std::string& outcome) const {
  const std::string path = request.target.substr(0, request.target.find('?'));
  log_(absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", clock_(), absl::UTCTimeZone()),
                    " conn=", request.connection, " ", absl::CEscape(request.method), " ",
                    absl::CEscape(path), " ", outcome));
}

}  // namespace enos::sandbox
