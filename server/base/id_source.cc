#include "server/base/id_source.h"

#include <string_view>

namespace enos::gateway {
namespace {

// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
constexpr uint64_t kStep = 0x9e3779b97f4a7c15;

uint64_t Mix(uint64_t count) {
  count = (count ^ (count >> 30)) * 0xbf58476d1ce4e5b9;
  count = (count ^ (count >> 27)) * 0x94d049bb133111eb;
  return count ^ (count >> 31);
}

uint64_t Next(std::atomic<uint64_t>& count) {
  return Mix(count.fetch_add(kStep, std::memory_order_relaxed));
}

// A number from the source has at most 53 random bits.
uint64_t Start(const RandomSource& random) {
  const auto draw = [&] { return static_cast<uint64_t>(random() * 4294967296.0); };
  const uint64_t high = draw();
  return (high << 32) | draw();
}

void AppendHex(uint64_t value, std::string& text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) text.push_back(kDigits[(value >> shift) & 0xf]);
}

}  // namespace

IdSource::IdSource(const RandomSource& random) : high_(Start(random)), low_(Start(random)) {}

std::string IdSource::NewRequestId() {
  std::string id;
  id.reserve(32);
  AppendHex(Next(high_), id);
  AppendHex(Next(low_), id);
  return id;
}

std::string IdSource::NewSpanId() {
  uint64_t span = Next(low_);
  while (span == 0) span = Next(low_);
  std::string id;
  AppendHex(span, id);
  return id;
}

}  // namespace enos::gateway
