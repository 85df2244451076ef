#include "sandbox/enos/door.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sandbox/enos/result_code.h"
#include "sandbox/enos/signature.h"

namespace enos::sandbox {

void Verdict::Refuse(int with_code, std::string why) {
  code = with_code;
  message = why.empty() ? MessageOf(with_code) : std::move(why);
}

Door::Door(const DoorOptions& options, Clock clock, std::function<bool(std::string_view)> is_alive)
    : options_(options), clock_(std::move(clock)), is_alive_(std::move(is_alive)) {}

bool Door::Check(const ServiceCall& call, Verdict& verdict) const {
  verdict.refused_at_the_door = !CheckToken(call, verdict) || !CheckSignature(call, verdict);
  return !verdict.refused_at_the_door;
}

bool Door::CheckToken(const ServiceCall& call, Verdict& verdict) const {
  verdict.token_valid = call.access_token.has_value() && is_alive_(*call.access_token);
  if (verdict.token_valid) return true;
  switch (options_.token_refusal) {
    case TokenRefusal::kHttp401:
      verdict.http_status = 401;
      [[fallthrough]];
    case TokenRefusal::kCode401:
      verdict.Refuse(kUnauthenticated);
      break;
    case TokenRefusal::kCode497:
      verdict.Refuse(kSignatureRefused);
      break;
    case TokenRefusal::kCode1203:
      verdict.Refuse(kTokenExpired);
      break;
  }
  return false;
}

bool Door::CheckSignature(const ServiceCall& call, Verdict& verdict) const {
  std::int64_t sent_ms = 0;
  const std::string timestamp(call.timestamp.value_or(""));
  const bool in_time =
      absl::SimpleAtoi(timestamp, &sent_ms) &&
      absl::AbsDuration(clock_() - absl::FromUnixMillis(sent_ms)) <= options_.clock_skew;
  if (!in_time) {
    verdict.Refuse(kSignatureRefused, "App Timestamp Checked Fail");
    return false;
  }
  const SignedParts parts{*call.access_token, call.query, call.body, timestamp};
  verdict.signed_with_next_key =
      !options_.next_secret_key.empty() &&
      call.signature == ExpectedSignature(parts, options_.next_secret_key);
  verdict.signature_valid = verdict.signed_with_next_key ||
                            call.signature == ExpectedSignature(parts, options_.secret_key);
  if (!verdict.signature_valid) verdict.Refuse(kSignatureRefused);
  return verdict.signature_valid;
}

}  // namespace enos::sandbox
