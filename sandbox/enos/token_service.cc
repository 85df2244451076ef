#include "sandbox/enos/token_service.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sandbox/enos/json_value.h"
#include "sandbox/enos/result_code.h"
#include "sandbox/enos/sha256.h"

namespace enos::sandbox {
namespace {

using Kind = JsonValue::Kind;

// 0 and the text, or the code of what is wrong with the member.
int ReadText(const JsonValue& object, std::string_view name, std::string& text) {
  const JsonValue* member = object.Find(name);
  if (member == nullptr || member->Is(Kind::kNull)) return kTokenParameterEmpty;
  if (!member->Is(Kind::kString)) return kTokenParameterInvalid;
  text = member->text;
  return text.empty() ? kTokenParameterEmpty : kSuccess;
}

// The documentation types it as a number, the vendor's Go SDK sends a string; what is hashed is the
// same text.
int ReadTimestamp(const JsonValue& object, std::string& text) {
  const JsonValue* member = object.Find("timestamp");
  if (member != nullptr && member->Is(Kind::kInteger)) {
    text = absl::StrCat(member->integer);
    return kSuccess;
  }
  const int code = ReadText(object, "timestamp", text);
  std::int64_t number = 0;
  if (code == kSuccess && !absl::SimpleAtoi(text, &number)) return kTokenParameterInvalid;
  return code;
}

}  // namespace

struct TokenService::Credentials {
  std::string app_key;
  std::string timestamp;
  std::string encryption;
  std::string access_token;  // of a refresh
};

TokenService::TokenService(TokenServiceOptions options, Clock clock,
                           std::function<std::string()> new_token)
    : options_(std::move(options)), clock_(std::move(clock)), new_token_(std::move(new_token)) {}

TokenReply TokenService::Get(std::string_view body) {
  Credentials credentials;
  TokenReply reply;
  reply.code = Read(body, /*with_token=*/false, credentials);
  if (reply.code != kSuccess) return reply;
  const std::lock_guard<std::mutex> lock(mutex_);
  reply.code = Check(credentials);
  if (reply.code != kSuccess) return reply;
  const absl::Time now = clock_();
  const auto alive = expiry_.find(current_);
  if (alive == expiry_.end() || alive->second <= now) return Issue(now);
  reply.access_token = current_;
  reply.expire_s = absl::ToInt64Seconds(alive->second - now);
  return reply;
}

TokenReply TokenService::Refresh(std::string_view body) {
  Credentials credentials;
  TokenReply reply;
  reply.code = Read(body, /*with_token=*/true, credentials);
  if (reply.code != kSuccess) return reply;
  const std::lock_guard<std::mutex> lock(mutex_);
  reply.code = Check(credentials);
  if (reply.code != kSuccess) return reply;
  const absl::Time now = clock_();
  const auto old = expiry_.find(credentials.access_token);
  if (old == expiry_.end() || old->second <= now) {
    reply.code = kTokenExpired;
    return reply;
  }
  if (options_.refresh_kills_old_token) expiry_.erase(old);
  return Issue(now);
}

bool TokenService::IsAlive(std::string_view token) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = expiry_.find(token);
  return found != expiry_.end() && found->second > clock_();
}

void TokenService::Revoke() {
  const std::lock_guard<std::mutex> lock(mutex_);
  expiry_.clear();
  current_.clear();
}

int TokenService::Read(std::string_view body, bool with_token, Credentials& credentials) const {
  const std::optional<JsonValue> document = ParseJson(body);
  if (!document || !document->Is(Kind::kObject)) return kTokenParameterInvalid;
  int code = ReadText(*document, "appKey", credentials.app_key);
  if (code == kSuccess) code = ReadTimestamp(*document, credentials.timestamp);
  if (code == kSuccess) code = ReadText(*document, "encryption", credentials.encryption);
  if (code == kSuccess && with_token) {
    code = ReadText(*document, "accessToken", credentials.access_token);
  }
  return code;
}

int TokenService::Check(const Credentials& credentials) {
  if (credentials.app_key != options_.access_key) return kUnknownAppKey;
  const auto matches = [&](const std::string& secret_key) {
    return credentials.encryption ==
           Sha256Hex(credentials.app_key + credentials.timestamp + secret_key);
  };
  const bool next = !options_.next_secret_key.empty() && matches(options_.next_secret_key);
  if (!next && !matches(options_.secret_key)) return kEncryptionInvalid;
  if (!used_.insert(credentials.encryption).second) return kRepeatedRequest;
  used_in_order_.push_back(credentials.encryption);
  if (used_in_order_.size() > options_.remembered_encryptions) {
    used_.erase(used_in_order_.front());
    used_in_order_.pop_front();
  }
  return kSuccess;
}

TokenReply TokenService::Issue(absl::Time now) {
  ForgetExpired(now);
  current_ = new_token_();
  expiry_[current_] = now + options_.lifetime;
  TokenReply reply;
  reply.access_token = current_;
  reply.expire_s = absl::ToInt64Seconds(options_.lifetime);
  return reply;
}

void TokenService::ForgetExpired(absl::Time now) {
  for (auto entry = expiry_.begin(); entry != expiry_.end();) {
    entry = entry->second <= now ? expiry_.erase(entry) : std::next(entry);
  }
}

}  // namespace enos::sandbox
