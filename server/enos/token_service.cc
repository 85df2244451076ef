#include "server/enos/token_service.h"

#include <algorithm>
#include <cmath>

#include "server/enos/answer_json.h"
#include "server/enos/json_writer.h"
#include "server/enos/signature.h"

namespace enos::gateway {
namespace {

constexpr std::chrono::seconds kMaxLifetime = std::chrono::hours(24 * 3650);
constexpr size_t kMaxTokenBytes = 4096;

// `expire` in whole seconds, cut to the longest lifetime; 0 if it is none.
std::chrono::seconds LifetimeOf(const JsonScalar& expire) {
  if (const auto* value = std::get_if<double>(&expire)) {
    if (!(*value >= 1)) return {};  // also where it is not a number
    const auto longest = static_cast<double>(kMaxLifetime.count());
    return std::chrono::seconds(static_cast<int64_t>(std::min(std::floor(*value), longest)));
  }
  const std::chrono::seconds lifetime(IntegerOf(expire).value_or(0));
  return std::clamp(lifetime, std::chrono::seconds(0), kMaxLifetime);
}

void TakeToken(const AnswerMembers& members, TokenAnswer& answer) {
  const std::string_view token = StringOf(members.access_token);
  const std::chrono::seconds lifetime = LifetimeOf(members.expire);
  if (!IsPrintableWord(token, kMaxTokenBytes) || lifetime <= std::chrono::seconds(0)) return;
  answer.verdict = TokenVerdict::kToken;
  answer.token = std::string(token);
  answer.lifetime = lifetime;
}

}  // namespace

std::string EncodeTokenRequest(std::string_view access_key, std::string_view secret_key,
                               int64_t timestamp_ms,
                               std::optional<std::string_view> token_to_refresh) {
  constexpr size_t kAround = 160;  // names, digits and the hash
  StringSink sink(kAround + access_key.size() + token_to_refresh.value_or("").size());
  JsonWriter writer(sink);
  writer.StartObject();
  WriteKey(writer, "appKey");
  WriteString(writer, access_key);
  WriteKey(writer, "timestamp");
  writer.Int64(timestamp_ms);
  WriteKey(writer, "encryption");
  WriteString(writer, SignTokenRequest(access_key, timestamp_ms, secret_key));
  if (token_to_refresh.has_value()) {
    WriteKey(writer, "accessToken");
    WriteString(writer, *token_to_refresh);
  }
  writer.EndObject();
  return sink.Take();
}

TokenAnswer DecodeTokenAnswer(int http_status, std::string_view body) {
  TokenAnswer answer;
  const std::optional<AnswerMembers> members = ReadAnswerMembers(body);
  if (!members.has_value()) return answer;

  answer.enos_message = std::string(StringOf(members->msg));
  answer.enos_code = ResultCodeOf(members->code, members->status);
  if (answer.enos_code.value_or(0) == 0) {
    const std::optional<int64_t> misspelt = IntegerOf(members->stauts);
    if (misspelt.has_value()) answer.enos_code = misspelt;
  }

  switch (answer.enos_code.value_or(-1)) {
    case 0:
      if (http_status >= 200 && http_status < 300) TakeToken(*members, answer);
      break;
    case 1001:
      answer.verdict = TokenVerdict::kRepeatedRequest;
      break;
    case 1002:
    case 1003:
      answer.verdict = TokenVerdict::kCredentialsRefused;
      break;
    default:
      break;
  }
  return answer;
}

}  // namespace enos::gateway
