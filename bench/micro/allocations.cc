#include "bench/micro/allocations.h"

#include <cerrno>
#include <cstddef>
#include <cstdlib>

namespace {

thread_local int64_t allocations = 0;

}  // namespace

// glibc's own, under the names that it keeps for programs that replace the usual ones. free needs
// no replacement.
extern "C" {
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* block, size_t bytes);
void* __libc_memalign(size_t boundary, size_t bytes);

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc's are reserved names
void* malloc(size_t bytes) noexcept {
  ++allocations;
  return __libc_malloc(bytes);
}

void* calloc(size_t count, size_t bytes) noexcept {
  ++allocations;
  return __libc_calloc(count, bytes);
}

void* realloc(void* block, size_t bytes) noexcept {
  ++allocations;
  return __libc_realloc(block, bytes);
}

void* aligned_alloc(size_t boundary, size_t bytes) noexcept {
  ++allocations;
  return __libc_memalign(boundary, bytes);
}

int posix_memalign(void** block, size_t boundary, size_t bytes) noexcept {
  ++allocations;
  *block = __libc_memalign(boundary, bytes);
  return *block == nullptr ? ENOMEM : 0;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
}

namespace enos::bench {

int64_t AllocationsSoFar() { return allocations; }

}  // namespace enos::bench
