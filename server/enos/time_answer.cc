#include "server/enos/time_answer.h"

#include <chrono>
#include <string>

#include "server/enos/enos_answer.h"
#include "server/enos/enos_time.h"
#include "server/enos/json_tree.h"

namespace enos::gateway {
namespace {

// A century from 1970: what is beyond it are no milliseconds.
constexpr int64_t kMostMilliseconds = 100LL * 366 * 86'400'000;

// The text of `data`, empty where there is none.
std::string DataOf(std::string_view body) {
  const auto tree = ParseJsonTree(body);
  const rapidjson::Value* data = tree ? FindMember(*tree, "data") : nullptr;
  return data == nullptr ? "" : TextOf(*data);
}

}  // namespace

std::optional<Refusal> ReadZoneAnswer(int http_status, std::string_view body,
                                      const SecretMask& secrets,
                                      std::optional<absl::TimeZone>* zone) {
  const EnosAnswer answer = ReadEnosAnswer(http_status, body, secrets);
  if (auto refused = RefusalIn(answer, &RowForRead)) return refused;
  *zone = ParseEnosZone(DataOf(body));
  if (!*zone) return MalformedAnswer("names no time zone that is known here", answer);
  return std::nullopt;
}

std::optional<Refusal> ReadCurrentTimeAnswer(int http_status, std::string_view body,
                                             const SecretMask& secrets,
                                             std::optional<WallTime>* time) {
  const EnosAnswer answer = ReadEnosAnswer(http_status, body, secrets);
  if (auto refused = RefusalIn(answer, &RowForRead)) return refused;
  const auto milliseconds = IntegerOf(DataOf(body));
  if (!milliseconds || *milliseconds < 0 || *milliseconds > kMostMilliseconds)
    return MalformedAnswer("tells no time in Unix milliseconds", answer);
  *time = WallTime(std::chrono::milliseconds(*milliseconds));
  return std::nullopt;
}

}  // namespace enos::gateway
