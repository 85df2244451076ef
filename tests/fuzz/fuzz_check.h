#ifndef ENOS_TESTS_FUZZ_FUZZ_CHECK_H_
#define ENOS_TESTS_FUZZ_FUZZ_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Ends the process, so that libFuzzer keeps the input, when a promise is broken.
#define FUZZ_CHECK(condition)                                                              \
  do {                                                                                     \
    if (!(condition)) {                                                                    \
      std::fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                        \
    }                                                                                      \
  } while (false)

#endif  // ENOS_TESTS_FUZZ_FUZZ_CHECK_H_
