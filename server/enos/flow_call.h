#ifndef ENOS_SERVER_ENOS_FLOW_CALL_H_
#define ENOS_SERVER_ENOS_FLOW_CALL_H_

#include <cstdint>
#include <string>

#include "enos/dataflow/v1/flow_service.pb.h"
#include "server/enos/api_version.h"

namespace enos::gateway {

// One updateAndTrigger call as it goes over the wire, and the text that its signature covers.
// Encoded once per RPC; each send signs it anew.
struct FlowCall {
  // Percent-encoded query without "?": action=updateAndTrigger&orgId=...&userId=...
  std::string query;
  // The decoded query parameters as the signature takes them: names in ASCII order, each followed
  // by its value, all concatenated. The body follows it in the signed text.
  std::string signed_query;
  // The JSON body, byte for byte as sent and as signed:
  // {"flowId":...,"triggerTime":...,"parameters":[...]}, or with "parameters":"[...]".
  std::string body;
};

// The trigger time of a valid request as EnOS takes it: Unix milliseconds, finer digits cut off
// (floor: it is not before 1970 and its nanos are not negative).
int64_t TriggerTimeMs(const dataflow::v1::UpdateAndTriggerFlowRequest& request);

// Encodes a request that ValidateRequest found valid (all strings are UTF-8, the time is in range).
// Parameters keep their order and duplicates; none gives [].
FlowCall EncodeFlowCall(const dataflow::v1::UpdateAndTriggerFlowRequest& request,
                        ParametersAs parameters_as);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_FLOW_CALL_H_
