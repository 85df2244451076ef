#include "sandbox/faults/latency.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"

namespace enos::sandbox {
namespace {

std::optional<absl::Duration> ParseOne(std::string_view text) {
  absl::Duration duration;
  const absl::string_view words(text.data(), text.size());
  if (!absl::ParseDuration(words, &duration)) return std::nullopt;
  if (duration < absl::ZeroDuration() || duration > absl::Hours(24)) return std::nullopt;
  return duration;
}

}  // namespace

std::chrono::milliseconds Latency::At(double share) const {
  return absl::ToChronoMilliseconds(low + (high - low) * share);
}

absl::StatusOr<Latency> ParseLatency(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto low = ParseOne(text.substr(0, dash));
  const auto high = dash == std::string_view::npos ? low : ParseOne(text.substr(dash + 1));
  if (!low || !high || *high < *low) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string(text), "\" is no latency such as 1s or 50ms-200ms"));
  }
  return Latency{*low, *high};
}

}  // namespace enos::sandbox
