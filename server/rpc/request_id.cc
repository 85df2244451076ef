#include "server/rpc/request_id.h"

#include <algorithm>

namespace enos::gateway {
namespace {

constexpr size_t kMaxBytes = 128;

// HTTP/2 and proxies strip spaces at the ends of a value, so an id with them would not be returned
// unchanged.
bool IsUsable(std::string_view id) {
  if (id.empty() || id.size() > kMaxBytes || id.front() == ' ' || id.back() == ' ') return false;
  return std::all_of(id.begin(), id.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

std::string RequestIdFor(std::string_view from_caller, IdSource& ids) {
  return IsUsable(from_caller) ? std::string(from_caller) : ids.NewRequestId();
}

}  // namespace enos::gateway
