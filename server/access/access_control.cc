#include "server/access/access_control.h"

#include <chrono>
#include <utility>
#include <variant>

#include "server/contract/gateway_errors.h"

namespace enos::gateway {
namespace {

AccessRefusal Unauthenticated(std::string_view what, std::string_view cause) {
  return {CallerUnauthenticated(what), cause};
}

// The caller is told what it can fix by itself; anything else would help attackers.
std::string_view AdviceFor(TokenFault fault) {
  switch (fault) {
    case TokenFault::kExpired:
      return "The bearer token has expired: get a new one, and if it comes from a file, reread it "
             "for each call.";
    case TokenFault::kNotYetValid:
      return "The bearer token is not valid yet: check the clocks.";
    case TokenFault::kSeveralTokens:
      return "Send one authorization, not several.";
    case TokenFault::kNoBearerToken:
      return "Send \"authorization: Bearer TOKEN\" metadata; no other scheme is accepted.";
    default:
      return "The bearer token is not accepted here: check its issuer and audience, or ask the "
             "gateway's operator, who finds the cause in the log by the request id.";
  }
}

AccessRefusal Refused(TokenFault fault) {
  return Unauthenticated(AdviceFor(fault), TokenFaultText(fault));
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

int64_t AccessControl::SystemClock() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::optional<std::string_view> BearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer";
  if (authorization.size() <= kScheme.size()) return std::nullopt;
  for (size_t i = 0; i < kScheme.size(); ++i) {
    if (Lower(authorization[i]) != kScheme[i]) return std::nullopt;
  }
  const size_t token = authorization.find_first_not_of(' ', kScheme.size());
  if (token == std::string_view::npos || token == kScheme.size()) return std::nullopt;
  return authorization.substr(token);
}

void AccessControl::SetPolicy(std::shared_ptr<const Policy> policy) {
  const std::lock_guard lock(mutex_);
  policy_.swap(policy);
}

void AccessControl::SetTokens(std::shared_ptr<TokenVerifier> tokens) {
  const std::lock_guard lock(mutex_);
  tokens_.swap(tokens);
}

std::shared_ptr<const Policy> AccessControl::policy() const {
  const std::lock_guard lock(mutex_);
  return policy_;
}

std::shared_ptr<TokenVerifier> AccessControl::tokens() const {
  const std::lock_guard lock(mutex_);
  return tokens_;
}

std::optional<AccessRefusal> AccessControl::Identify(const PresentedIdentity& presented,
                                                     std::vector<std::string>* identities) const {
  const std::shared_ptr<TokenVerifier> verifier = tokens();
  if (verifier == nullptr || presented.authorizations.empty()) {
    *identities = presented.certificate;
    if (!identities->empty() || policy() == nullptr) return std::nullopt;
    return Unauthenticated(verifier != nullptr
                               ? "Send a bearer token (\"authorization: Bearer TOKEN\" metadata)."
                               : "Use a client certificate that names a URI or a DNS name.",
                           "no identity");
  }
  if (presented.authorizations.size() > 1) return Refused(TokenFault::kSeveralTokens);
  const auto token = BearerToken(presented.authorizations.front());
  if (!token) return Refused(TokenFault::kNoBearerToken);
  auto verdict = verifier->Verify(*token, now_());
  if (const auto* fault = std::get_if<TokenFault>(&verdict)) return Refused(*fault);
  identities->push_back(std::get<std::string>(std::move(verdict)));
  return std::nullopt;
}

std::optional<AccessRefusal> AccessControl::Authorize(const std::vector<std::string>& identities,
                                                      const FlowAccess& access,
                                                      size_t* matched) const {
  if (matched != nullptr) *matched = 0;
  const std::shared_ptr<const Policy> rules = policy();
  if (rules == nullptr) return std::nullopt;
  const Decision decision = rules->Decide(identities, access, matched);
  if (decision == Decision::kAllowed) return std::nullopt;
  return AccessRefusal{CallerNotAllowed(), DecisionText(decision)};
}

}  // namespace enos::gateway
