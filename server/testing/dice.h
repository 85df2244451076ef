#ifndef ENOS_SERVER_TESTING_DICE_H_
#define ENOS_SERVER_TESTING_DICE_H_

#include <cstdint>
#include <iterator>
#include <random>

namespace enos::gateway {

// For model tests: choices that a seed repeats, with every compiler.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}

  uint64_t Below(uint64_t limit) { return engine_() % limit; }
  bool Chance(uint64_t percent) { return Below(100) < percent; }
  template <typename Container>
  auto& OneOf(Container& container) {
    return container[Below(std::size(container))];
  }
  // In [0, 1), as a RandomSource.
  double Fraction() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_DICE_H_
