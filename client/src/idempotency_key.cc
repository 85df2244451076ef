#include "enos/flow/idempotency_key.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "absl/strings/str_format.h"

namespace enos::flow {

std::string NewIdempotencyKey() {
  // The system's randomness each time, not a generator's: a process that forks must not make the
  // same keys as its child. Not std::random_device, whose processor instruction takes 24 us on some
  // machines.
  std::array<uint32_t, 3> random{};
  if (getentropy(random.data(), sizeof(random)) != 0)
    throw std::system_error(errno, std::generic_category(), "getentropy");
  size_t next = 0;
  return MakeIdempotencyKey(std::chrono::system_clock::now(), [&] { return random.at(next++); });
}

std::string MakeIdempotencyKey(std::chrono::system_clock::time_point time,
                               const std::function<uint32_t()>& random) {
  const auto millis = static_cast<uint64_t>(
      std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count());
  const uint32_t a = random();
  const uint32_t b = random();
  // RFC 9562: 48 bits of time, the version, 12 random bits, the variant (binary 10), 62 random
  // bits.
  return absl::StrFormat("%08x-%04x-7%03x-%04x-%04x%08x", (millis >> 16U) & 0xFFFFFFFFU,
                         millis & 0xFFFFU, a & 0xFFFU, 0x8000U | ((a >> 12U) & 0x3FFFU),
                         b & 0xFFFFU, random());
}

}  // namespace enos::flow
