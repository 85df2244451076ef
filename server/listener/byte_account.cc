#include "server/listener/byte_account.h"

#include <algorithm>
#include <chrono>

namespace enos::gateway {
namespace {

// After this long nothing counts as recent.
constexpr std::chrono::seconds kRecent{10};

uint64_t Less(uint64_t from, uint64_t what) { return from > what ? from - what : 0; }

uint64_t Share(uint64_t bytes, Duration elapsed, std::chrono::seconds of) {
  const double share = std::chrono::duration<double>(elapsed) / of;
  return static_cast<uint64_t>(static_cast<double>(bytes) * share);
}

}  // namespace

void CallBytes::Add(uint64_t message_bytes) {
  allowed += message_bytes + message_bytes / 16 + ByteAccount::kCallAllowance;
  usual += message_bytes + ByteAccount::kUsualHeaders;
}

void ByteAccount::Update(uint64_t total, const CallBytes& calls, Duration elapsed) {
  const uint64_t received = Less(total, total_);
  total_ = std::max(total, total_);
  const uint64_t each_second = calls.allowed > 0 ? kForgivenEachSecondOfCalls : kForgivenEachSecond;
  const uint64_t forgiven = Share(each_second, elapsed, std::chrono::seconds(1));
  unaccounted_ = Less(unaccounted_ + received, calls.allowed + forgiven);
  recent_ = Less(recent_, Share(recent_, elapsed, kRecent)) + Less(received, calls.usual);
}

}  // namespace enos::gateway
