#ifndef ENOS_SERVER_BASE_RANDOM_H_
#define ENOS_SERVER_BASE_RANDOM_H_

#include <functional>

namespace enos::gateway {

// A source of uniformly distributed numbers in [0, 1), for jitter. Not for secrets. Injected, so
// that tests can choose them.
using RandomSource = std::function<double()>;

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_RANDOM_H_
