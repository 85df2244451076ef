#ifndef ENOS_SERVER_BASE_ID_SOURCE_H_
#define ENOS_SERVER_BASE_ID_SOURCE_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "server/base/random.h"

namespace enos::gateway {

// Makes ids that no other process makes but by chance: for requests and spans. Not for secrets: who
// knows one can compute others. Thread-safe and lock-free: from a random start each half of an id
// counts on, and is mixed (SplitMix64, which maps no two counts to one value).
class IdSource {
 public:
  // Draws its start from `random`, which it does not keep.
  explicit IdSource(const RandomSource& random);

  // 128 bits: 32 lower-case hexadecimal digits.
  std::string NewRequestId();
  // 64 bits, never 0: 16 lower-case hexadecimal digits, as W3C trace context has them.
  std::string NewSpanId();

 private:
  std::atomic<uint64_t> high_;
  std::atomic<uint64_t> low_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_ID_SOURCE_H_
