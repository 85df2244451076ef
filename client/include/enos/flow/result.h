#ifndef ENOS_FLOW_RESULT_H_
#define ENOS_FLOW_RESULT_H_

#include <string>
#include <utility>
#include <variant>

#include "enos/flow/error.h"

namespace enos::flow {

// Plain values: several threads may read one concurrently, but none may write while another reads.

// The run that was started.
struct TriggeredFlow {
  std::string flow_instance_id;  // never empty, for example "2791-19700101000000"
  std::string enos_request_id;   // EnOS's request id, or empty if it sent none
  // The answer to an earlier call with the same idempotency_key; this call started nothing.
  bool replayed = false;
  std::string request_id = {};  // the call's id in the gateway's log; may be empty
};

// The result of a call: either a started flow or an error.
class FlowResult {
 public:
  FlowResult(TriggeredFlow flow) : outcome_(std::move(flow)) {}  // NOLINT: meant to convert
  FlowResult(FlowError error) : outcome_(std::move(error)) {}    // NOLINT: meant to convert

  bool ok() const { return std::holds_alternative<TriggeredFlow>(outcome_); }

  // Only if ok(); throws std::bad_variant_access otherwise.
  const TriggeredFlow& flow() const { return std::get<TriggeredFlow>(outcome_); }

  // Only if !ok(); throws std::bad_variant_access otherwise.
  const FlowError& error() const { return std::get<FlowError>(outcome_); }

 private:
  std::variant<TriggeredFlow, FlowError> outcome_;
};

}  // namespace enos::flow

#endif  // ENOS_FLOW_RESULT_H_
