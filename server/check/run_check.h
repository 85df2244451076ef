#ifndef ENOS_SERVER_CHECK_RUN_CHECK_H_
#define ENOS_SERVER_CHECK_RUN_CHECK_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/base/random.h"
#include "server/config/settings.h"

namespace enos::gateway {

// --check: whether the gateway would work with these settings, each check a line to `write`. Opens
// no port. Whether all is well; the error is one line, about a file that a setting names.
absl::StatusOr<bool> RunCheck(Settings settings, const RandomSource& random,
                              const std::function<void(std::string_view line)>& write);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CHECK_RUN_CHECK_H_
