#ifndef ENOS_SERVER_BASE_ID_SOURCE_H_
#define ENOS_SERVER_BASE_ID_SOURCE_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "server/base/random.h"

namespace enos::gateway {

// Makes ids that other processes do not make except by chance: for requests and spans. Not for
// secrets: others can be computed from one. Thread-safe and lock-free: each half of an id counts up
// from a random start, and is mixed (SplitMix64, which is one-to-one).
class IdSource {
 public:
  // Draws its start from `random`, which it does not keep.
  explicit IdSource(const RandomSource& random);

  // 128 bits: 32 lower-case hexadecimal digits.
  std::string NewRequestId();
  // 64 bits, never 0: 16 lower-case hexadecimal digits, as in W3C trace context.
  std::string NewSpanId();

 private:
  std::atomic<uint64_t> high_;
  std::atomic<uint64_t> low_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_ID_SOURCE_H_
