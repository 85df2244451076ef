#ifndef ENOS_SERVER_ENOS_API_VERSION_H_
#define ENOS_SERVER_ENOS_API_VERSION_H_

#include <string_view>

namespace enos::gateway {

// The two generations of EnOS's batch processing service. They differ in the path of the call and
// in the name of the result code in the answer ("status" or "code"); the answer is read the same
// way for both.
enum class ApiVersion { kV20, kV21 };

// The paths of the resources, without the query.
constexpr std::string_view FlowsPath(ApiVersion version) {
  return version == ApiVersion::kV20 ? "/dataflow-batch-service/v2.0/flows"
                                     : "/batch-processing-service/v2.1/flows";
}
constexpr std::string_view FlowInstancesPath(ApiVersion version) {
  return version == ApiVersion::kV20 ? "/dataflow-batch-service/v2.0/flowInstances"
                                     : "/batch-processing-service/v2.1/flowInstances";
}
constexpr std::string_view TimePath(ApiVersion version) {
  return version == ApiVersion::kV20 ? "/dataflow-batch-service/v2.0/time"
                                     : "/batch-processing-service/v2.1/time";
}

// How `parameters` of a call are sent: as the array that EnOS documents, or as the same array in a
// string of JSON text, as the vendor's samples in Java have it.
enum class ParametersAs { kArray, kString };

// The paths of the token service; the same for both generations.
inline constexpr std::string_view kTokenGetPath = "/apim-token-service/v2.0/token/get";
inline constexpr std::string_view kTokenRefreshPath = "/apim-token-service/v2.0/token/refresh";

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_API_VERSION_H_
