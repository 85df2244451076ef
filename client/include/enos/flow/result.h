#ifndef ENOS_FLOW_RESULT_H_
#define ENOS_FLOW_RESULT_H_

#include <string>
#include <utility>
#include <variant>

#include "enos/flow/error.h"

namespace enos::flow {

// Plain values: several threads may read one, none may write while another reads.

// The run that was started.
struct TriggeredFlow {
  std::string flow_instance_id;  // never empty, for example "2791-19700101000000"
  std::string enos_request_id;   // EnOS's id of the request where it gave one, else empty
};

// What a call came to: a started flow, or an error. Exactly one of the two is there.
class FlowResult {
 public:
  FlowResult(TriggeredFlow flow) : outcome_(std::move(flow)) {}  // NOLINT: meant to convert
  FlowResult(FlowError error) : outcome_(std::move(error)) {}    // NOLINT: meant to convert

  bool ok() const { return std::holds_alternative<TriggeredFlow>(outcome_); }

  // Only where ok(); throws std::bad_variant_access otherwise.
  const TriggeredFlow& flow() const { return std::get<TriggeredFlow>(outcome_); }

  // Only where !ok(); throws std::bad_variant_access otherwise.
  const FlowError& error() const { return std::get<FlowError>(outcome_); }

 private:
  std::variant<TriggeredFlow, FlowError> outcome_;
};

}  // namespace enos::flow

#endif  // ENOS_FLOW_RESULT_H_
