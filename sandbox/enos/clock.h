// Time as the sandbox's logic sees it.
#ifndef ENOS_SANDBOX_ENOS_CLOCK_H_
#define ENOS_SANDBOX_ENOS_CLOCK_H_

#include <functional>

#include "absl/time/time.h"

namespace enos::sandbox {

// Called from any thread. Tests inject their own.
using Clock = std::function<absl::Time()>;

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_ENOS_CLOCK_H_
