#include "bench/micro/samples.h"

#include <cstdio>
#include <string>

namespace enos::bench {
namespace {

void AddParameter(dataflow::v1::UpdateAndTriggerFlowRequest& request, const std::string& key,
                  const std::string& value) {
  auto& parameter = *request.add_parameters();
  parameter.set_key(key);
  parameter.set_value(value);
}

}  // namespace

dataflow::v1::UpdateAndTriggerFlowRequest SampleRequest(int64_t parameters) {
  dataflow::v1::UpdateAndTriggerFlowRequest request;
  request.set_user_id("user-1");
  request.set_org_id("org-1");
  request.set_flow_id(3377);
  request.mutable_trigger_time()->set_seconds(1574385824);
  if (parameters == 1) {
    AddParameter(request, "REPLACE", "ddee");
    return request;
  }
  for (int64_t i = 0; i < parameters; ++i) {
    char number[24];
    std::snprintf(number, sizeof(number), "%04lld", static_cast<long long>(i));
    AddParameter(request, std::string("parameter_") + number,
                 std::string("value of parameter ") + number);
  }
  return request;
}

}  // namespace enos::bench
