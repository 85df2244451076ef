// The JSON body of a flow call, checked as strictly as its description allows.
#ifndef ENOS_SANDBOX_ENOS_FLOW_REQUEST_H_
#define ENOS_SANDBOX_ENOS_FLOW_REQUEST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace enos::sandbox {

struct FlowRequest {
  std::int32_t flow_id = 0;
  std::int64_t trigger_time_ms = 0;                             // Unix time
  std::vector<std::pair<std::string, std::string>> parameters;  // in the order sent
  bool parameters_in_string = false;                            // sent as JSON text in a string
};

// How the member "parameters" has to be sent: the documentation shows an array, the vendor's
// samples the same array as JSON text in a string.
enum class ParametersAs { kEither, kArray, kString };

// The error's message says which member is wrong, for the answer with code 99400.
absl::StatusOr<FlowRequest> ParseFlowRequest(std::string_view body,
                                             ParametersAs parameters_as = ParametersAs::kEither);

// "<flowId>-<yyyyMMddHHmm of the trigger time, UTC>", what all instance ids of a minute begin with.
std::string InstanceIdOfMinute(const FlowRequest& request);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_ENOS_FLOW_REQUEST_H_
