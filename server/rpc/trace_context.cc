#include "server/rpc/trace_context.h"

#include <algorithm>

#include "server/base/text.h"

namespace enos::gateway {
namespace {

// version "-" trace-id "-" parent-id "-" trace-flags
constexpr size_t kVersionAt = 0;
constexpr size_t kTraceAt = 3;
constexpr size_t kTraceDigits = 32;
constexpr size_t kParentAt = 36;
constexpr size_t kParentDigits = 16;
constexpr size_t kFlagsAt = 53;
constexpr size_t kLength = 55;

constexpr size_t kMaxKeyBytes = 256;

bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool IsHex(std::string_view text) { return std::all_of(text.begin(), text.end(), IsHexDigit); }

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

bool IsValidParent(std::string_view parent) {
  if (parent.size() < kLength) return false;
  const std::string_view version = parent.substr(kVersionAt, 2);
  if (!IsHex(version) || version == "ff") return false;
  // Of later versions only the beginning is known, and anything after it starts with a dash.
  const bool is_later = version != "00";
  if (parent.size() > kLength && (!is_later || parent[kLength] != '-')) return false;
  if (parent[kTraceAt - 1] != '-' || parent[kParentAt - 1] != '-' || parent[kFlagsAt - 1] != '-')
    return false;
  const std::string_view trace = parent.substr(kTraceAt, kTraceDigits);
  const std::string_view span = parent.substr(kParentAt, kParentDigits);
  return IsHex(trace) && !IsZero(trace) && IsHex(span) && !IsZero(span) &&
         IsHex(parent.substr(kFlagsAt, 2));
}

// Bit 0 of the last digit. The other flags are not defined for version 00.
bool IsSampled(std::string_view parent) {
  const char digit = parent[kFlagsAt + 1];
  const int value = digit <= '9' ? digit - '0' : digit - 'a';
  return value % 2 == 1;
}

bool IsKeyCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' ||
         c == '/' || c == '@';
}

bool IsValidMember(std::string_view member) {
  const size_t equals = member.find('=');
  if (equals == 0 || equals == std::string_view::npos || equals > kMaxKeyBytes) return false;
  const std::string_view key = member.substr(0, equals);
  const std::string_view value = member.substr(equals + 1);
  return std::all_of(key.begin(), key.end(), IsKeyCharacter) && !value.empty() &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != '='; });
}

bool IsValidState(std::string_view state) {
  if (state.empty() || state.size() > kMaxTraceStateBytes) return false;
  size_t members = 0;
  while (true) {
    const size_t comma = state.find(',');
    const std::string_view member = Trimmed(state.substr(0, comma));
    if (!member.empty() && (!IsValidMember(member) || ++members > kMaxTraceStateMembers))
      return false;
    if (comma == std::string_view::npos) break;
    state.remove_prefix(comma + 1);
  }
  return members > 0;
}

}  // namespace

std::string TraceContext::traceparent() const {
  std::string text;
  text.reserve(kLength);
  text.append("00-").append(trace_id).append("-").append(span_id);
  return text.append(is_sampled ? "-01" : "-00");
}

std::optional<TraceContext> ContinueTrace(std::string_view traceparent, std::string_view tracestate,
                                          IdSource& ids) {
  if (!IsValidParent(traceparent)) return std::nullopt;
  TraceContext context;
  context.trace_id = traceparent.substr(kTraceAt, kTraceDigits);
  context.parent_id = traceparent.substr(kParentAt, kParentDigits);
  context.span_id = ids.NewSpanId();
  context.is_sampled = IsSampled(traceparent);
  if (IsValidState(tracestate)) context.tracestate = tracestate;
  return context;
}

}  // namespace enos::gateway
