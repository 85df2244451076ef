#include "sandbox/ledger/call_ledger.h"

#include <algorithm>
#include <utility>

namespace enos::sandbox {

CallLedger::CallLedger(std::size_t keep) : keep_(keep) {}

std::uint64_t CallLedger::Add(CallRecord record) {
  const std::lock_guard<std::mutex> lock(mutex_);
  record.number = ++last_number_;
  ++stats_.received;
  ++stats_.by_code[record.code];
  if (!record.fault.empty()) ++stats_.faults;
  if (record.executed) {
    ++stats_.executed;
    if (record.request.has_value()) ++stats_.executed_by_flow[record.request->flow_id];
  }
  calls_.push_back(std::move(record));
  if (calls_.size() > keep_) calls_.pop_front();
  return last_number_;
}

CallPage CallLedger::Since(std::uint64_t since, std::size_t limit) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return Page(std::upper_bound(calls_.begin(), calls_.end(), since,
                               [](std::uint64_t number, const CallRecord& record) {
                                 return number < record.number;
                               }),
              limit);
}

CallPage CallLedger::Newest(std::size_t limit) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::size_t count = std::min(limit, calls_.size());
  return Page(calls_.end() - static_cast<std::ptrdiff_t>(count), count);
}

CallPage CallLedger::Page(Calls::const_iterator first, std::size_t limit) const {
  CallPage page;
  page.last_number = last_number_;
  page.forgotten = last_number_ - calls_.size();
  for (; first != calls_.end() && page.calls.size() < limit; ++first) page.calls.push_back(*first);
  return page;
}

CallStats CallLedger::Stats() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stats_;
}

void CallLedger::Clear() {
  const std::lock_guard<std::mutex> lock(mutex_);
  calls_.clear();
  stats_ = CallStats();
}

}  // namespace enos::sandbox
