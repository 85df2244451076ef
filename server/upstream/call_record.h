#ifndef ENOS_SERVER_UPSTREAM_CALL_RECORD_H_
#define ENOS_SERVER_UPSTREAM_CALL_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/rpc_method.h"
#include "server/base/scheduler.h"
#include "server/tracing/tracer.h"

namespace enos::gateway {

// What is known of one call, for its line in the access log and its span. It travels with the call:
// filled in at the door, then, on the loop's thread, on the way to EnOS and back. Shared, because a
// call that was sent outlives its RPC. Texts are as they came from outside, unless it says
// otherwise.
struct CallRecord {
  // At the door.
  // Who calls, as far as that was verified ("sub:..."); of several names the one that the policy
  // matched, else the first; empty: not known.
  std::string caller;
  std::string peer;  // the address that the connection comes from
  std::string org_id;
  std::string user_id;  // empty without --log_user_id
  RpcMethod method = RpcMethod::kUpdateAndTriggerFlow;
  int32_t flow_id = 0;
  int64_t trigger_time_ms = 0;  // Unix time; of one that starts a flow
  size_t request_bytes = 0;
  std::string request_id;      // 1 to 128 printable ASCII characters
  std::string trace_id;        // 32 hexadecimal digits, or empty
  bool has_key = false;        // an idempotency key, whether or not it was looked at
  std::string key;             // of its record, once that is looked for: 12 hexadecimal digits
  std::string_view cause;      // why it was refused, where the caller is told less; a fixed text
  std::shared_ptr<Span> span;  // null: not sampled

  void AddEvent(std::string_view name, Span::Attributes attributes = {}) const {
    if (span != nullptr) span->AddEvent(name, attributes);
  }

  // On the way.
  Duration token{};                  // waiting for an access token
  Duration upstream{};               // in transfers, connecting included
  int attempts = 0;                  // transfers that were started
  int http_status = 0;               // of the last answer; 0: none
  std::optional<int64_t> enos_code;  // its result code
  std::string enos_request_id;       // 1 to 128 printable ASCII characters, or empty

  // At the end.
  std::string flow_instance_id;  // valid UTF-8; empty where no flow was started
  bool replayed = false;         // it was started by an earlier call with the same key
  size_t answer_bytes = 0;       // of the message; 0 for an error
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_UPSTREAM_CALL_RECORD_H_
