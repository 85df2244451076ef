#include "server/rpc/caller_metadata.h"

#include <iterator>

#include "server/rpc/trace_context.h"

namespace enos::gateway {
namespace {

std::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

}  // namespace

std::string_view OnlyValue(const CallerMetadata& metadata, const char* key) {
  const auto first = metadata.find(key);  // of several, the first
  if (first == metadata.end()) return {};
  const auto next = std::next(first);
  return next == metadata.end() || next->first != first->first ? View(first->second)
                                                               : std::string_view();
}

std::vector<std::string_view> FirstValues(const CallerMetadata& metadata, const char* key,
                                          size_t most) {
  std::vector<std::string_view> values;
  const auto [first, last] = metadata.equal_range(key);
  for (auto entry = first; entry != last && values.size() < most; ++entry)
    values.push_back(View(entry->second));
  return values;
}

std::string JoinedTraceState(const CallerMetadata& metadata) {
  const auto values = FirstValues(metadata, "tracestate", kMaxTraceStateMembers + 1);
  if (values.size() > kMaxTraceStateMembers) return {};
  std::string joined;
  for (const std::string_view value : values) {
    const size_t comma = joined.empty() ? 0 : 1;
    if (joined.size() + comma + value.size() > kMaxTraceStateBytes) return {};
    if (comma != 0) joined.push_back(',');
    joined.append(value);
  }
  return joined;
}

}  // namespace enos::gateway
