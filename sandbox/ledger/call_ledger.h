// What the sandbox received and what became of it: the other side's truth for tests, soak runs and
// the curious.
#ifndef ENOS_SANDBOX_LEDGER_CALL_LEDGER_H_
#define ENOS_SANDBOX_LEDGER_CALL_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sandbox/enos/flow_request.h"

namespace enos::sandbox {

// One flow call that was received whole.
struct CallRecord {
  std::uint64_t number = 0;  // from 1, given by the ledger
  absl::Time time;
  std::uint64_t connection = 0;
  std::string api_version;  // "v2.0" or "v2.1"
  std::string user_id;
  std::string org_id;
  std::optional<FlowRequest> request;  // where the body could be read
  bool token_valid = false;
  bool signature_valid = false;
  bool signed_with_next_key = false;
  bool executed = false;    // a run was started, whatever was answered
  std::string instance_id;  // of that run, or of the earlier one that was answered instead
  int http_status = 0;      // as decided, before any fault
  int code = 0;
  std::string fault;  // empty: none
};

struct CallStats {
  std::uint64_t received = 0;
  std::uint64_t executed = 0;
  std::uint64_t faults = 0;
  std::map<int, std::uint64_t> by_code;  // as decided, before any fault
  std::map<std::int32_t, std::uint64_t> executed_by_flow;
};

struct CallPage {
  std::vector<CallRecord> calls;
  std::uint64_t last_number = 0;  // of all calls so far
  std::uint64_t forgotten = 0;    // no longer kept: received before the oldest kept one, or cleared
};

// Thread-safe. Keeps the newest `keep` records; the numbers stay exact.
class CallLedger {
 public:
  explicit CallLedger(std::size_t keep);

  // Answers the call's number.
  std::uint64_t Add(CallRecord record);
  // Up to `limit` calls with numbers above `since`, in order.
  CallPage Since(std::uint64_t since, std::size_t limit) const;
  // The last `limit` calls, in order.
  CallPage Newest(std::size_t limit) const;
  CallStats Stats() const;
  // Forgets the calls and sets the statistics to zero; the numbering goes on.
  void Clear();

 private:
  using Calls = std::deque<CallRecord>;
  CallPage Page(Calls::const_iterator first, std::size_t limit) const;

  const std::size_t keep_;
  mutable std::mutex mutex_;
  Calls calls_;
  std::uint64_t last_number_ = 0;
  CallStats stats_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_LEDGER_CALL_LEDGER_H_
