#ifndef ENOS_SERVER_CHECK_ENOS_ACCESS_H_
#define ENOS_SERVER_CHECK_ENOS_ACCESS_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "enos/dataflow/v1/flow_service.pb.h"
#include "server/base/scheduler.h"
#include "server/contract/call_error.h"
#include "server/enos/api_version.h"
#include "server/enos/instance_answer.h"
#include "server/enos/instance_call.h"
#include "server/http/http_client.h"

namespace enos::gateway {

// EnOS as the checks see it: each function waits for the answer. Tests have an EnOS of their own.
class EnosAccess {
 public:
  template <typename Answer>
  using Result = std::variant<Answer, CallError>;

  virtual ~EnosAccess() = default;

  virtual WallTime WallNow() const = 0;
  virtual SteadyTime Now() const = 0;
  virtual void Wait(Duration time) = 0;

  // The addresses of EnOS's name.
  virtual absl::StatusOr<std::vector<std::string>> Resolve() = 0;
  // A request without token and signature: whether there is a web server, and who it is.
  virtual HttpResult Reach() = 0;
  // Nothing where there is a token.
  virtual std::optional<CallError> FetchToken() = 0;

  // Signed calls that start nothing.
  virtual Result<WallTime> CurrentTime(ApiVersion version) = 0;
  virtual Result<absl::TimeZone> TimeZone(ApiVersion version) = 0;
  virtual Result<InstanceAnswer> Instance(ApiVersion version, const InstanceTarget& target) = 0;

  // Really starts a run; the id of its instance.
  virtual Result<std::string> Trigger(ApiVersion version,
                                      const dataflow::v1::UpdateAndTriggerFlowRequest& request,
                                      ParametersAs parameters_as) = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CHECK_ENOS_ACCESS_H_
