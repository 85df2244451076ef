#include "server/enos/flow_answer.h"

#include <optional>
#include <utility>

#include "server/enos/enos_answer.h"

namespace enos::gateway {
namespace {

constexpr size_t kMaxInstanceIdBytes = 256;

}  // namespace

FlowAnswer ReadFlowAnswer(int http_status, std::string_view body, const FlowAnswerOptions& options,
                          const SecretMask& secrets) {
  EnosAnswer answer = ReadEnosAnswer(http_status, body, secrets);
  auto refused = RefusalIn(answer, [&options](std::optional<int64_t> enos_code, int status) {
    return enos_code ? RowForEnosCode(*enos_code, options.trust_503)
                     : RowForHttpStatus(status, options.trust_503);
  });
  if (refused) return *std::move(refused);
  const std::string_view id = StringOf(answer.members->flow_instance_id);
  if (id.empty())
    return MalformedAnswer("reports success without the id of a flow instance", answer);
  if (!IsPrintableWord(id, kMaxInstanceIdBytes)) {
    return MalformedAnswer(
        "reports success with an id of a flow instance that is not 1 to 256 printable ASCII "
        "characters without spaces",
        answer);
  }
  return FlowStarted{std::string(id), std::move(answer.said.enos_request_id)};
}

}  // namespace enos::gateway
