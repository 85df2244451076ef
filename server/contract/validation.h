#ifndef ENOS_SERVER_CONTRACT_VALIDATION_H_
#define ENOS_SERVER_CONTRACT_VALIDATION_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "enos/dataflow/v1/flow_service.pb.h"
#include "server/contract/call_error.h"

namespace enos::gateway {

// Checks the whole request against the rules of the proto (flow_service.proto) and gives
// INVALID_REQUEST with every violation found, or nullopt for a valid request. Values are repeated
// in descriptions only where they are short and cannot hold a secret (numbers, lengths); never the
// text of an id, key or value. Of more than 10,000 parameters only the first 10,000 are looked at:
// there are at most 20,008 violations. Strings are taken to be UTF-8: protobuf's parser refuses a
// message in which one is not.
std::optional<CallError> ValidateRequest(const dataflow::v1::UpdateAndTriggerFlowRequest& request);
std::optional<CallError> ValidateRequest(const dataflow::v1::GetFlowInstanceRequest& request);
std::optional<CallError> ValidateRequest(const dataflow::v1::WatchFlowInstanceRequest& request);
std::optional<CallError> ValidateRequest(const dataflow::v1::CancelFlowInstanceRequest& request);

// The flow of a run: the number before the hyphen of its id; 0 where the id is not valid.
int32_t FlowOfInstance(std::string_view flow_instance_id);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONTRACT_VALIDATION_H_
