#ifndef ENOS_SERVER_ENOS_INSTANCE_ANSWER_H_
#define ENOS_SERVER_ENOS_INSTANCE_ANSWER_H_

#include <array>
#include <string>
#include <string_view>
#include <variant>

#include "absl/time/time.h"
#include "enos/dataflow/v1/flow_service.pb.h"
#include "server/base/secret_mask.h"
#include "server/contract/error_table.h"

namespace enos::gateway {

// Parts of an answer that cannot be read, and are left out. They do not fail the call.
enum class UnreadablePart { kTime, kParameters, kTasks };
inline constexpr size_t kUnreadableParts = 3;

// A run as EnOS told it.
struct InstanceAnswer {
  dataflow::v1::FlowInstance instance;  // but for its times
  // "yyyy-MM-dd HH:mm:ss" in EnOS's zone; empty where EnOS has none.
  std::string trigger_time;
  std::string start_time;
  std::string end_time;
  std::array<int, kUnreadableParts> unreadable{};  // by UnreadablePart
  std::string enos_request_id;

  bool HasTimes() const {
    return !trigger_time.empty() || !start_time.empty() || !end_time.empty();
  }
};

// At most so many tasks are shown; the others count for `ended`.
inline constexpr int kMaxTasks = 10'000;

// Reads a complete HTTP answer to flowInstances?action=get about the run with this id. The row of
// the error table is found as ReadFlowAnswer does, but in the table of reads (RowForRead). Code 0
// with empty `data` (absent, null, "" or {}) is ENOS_NOT_FOUND; an answer without instance id or
// status, or about another run or flow, is malformed. `body` may be anything. Thread-safe.
std::variant<InstanceAnswer, Refusal> ReadInstanceAnswer(int http_status, std::string_view body,
                                                         std::string_view flow_instance_id,
                                                         const SecretMask& secrets);

// Sets the times of a run, as read in that zone.
void SetTimes(const absl::TimeZone& zone, InstanceAnswer& answer);

// Reads an answer to flowInstances?action=cancel: nothing where EnOS took the request.
std::optional<Refusal> ReadCancelAnswer(int http_status, std::string_view body,
                                        const SecretMask& secrets, std::string* enos_request_id);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_INSTANCE_ANSWER_H_
