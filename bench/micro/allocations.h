#ifndef ENOS_BENCH_MICRO_ALLOCATIONS_H_
#define ENOS_BENCH_MICRO_ALLOCATIONS_H_

#include <benchmark/benchmark.h>

#include <cstdint>

namespace enos::bench {

// How often this thread has asked for memory so far: every malloc, calloc, realloc and aligned
// allocation, and so every operator new, of the program itself and of the libraries that it uses
// (RapidJSON and OpenSSL do not use operator new). The program replaces glibc's functions by ones
// that count and go on to glibc's.
int64_t AllocationsSoFar();

// Reports the allocations of one iteration as the counter "allocs". Make it right before the loop,
// so that what is prepared does not count.
class CountAllocations {
 public:
  explicit CountAllocations(benchmark::State& state) : state_(state), before_(AllocationsSoFar()) {}
  CountAllocations(const CountAllocations&) = delete;
  CountAllocations& operator=(const CountAllocations&) = delete;
  ~CountAllocations() {
    const auto count = static_cast<double>(AllocationsSoFar() - before_);
    state_.counters["allocs"] = benchmark::Counter(count, benchmark::Counter::kAvgIterations);
  }

 private:
  benchmark::State& state_;
  const int64_t before_;
};

}  // namespace enos::bench

#endif  // ENOS_BENCH_MICRO_ALLOCATIONS_H_
