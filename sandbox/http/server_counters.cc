#include "sandbox/http/server_counters.h"

namespace enos::sandbox {

ServerCounts ServerCounters::Get() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counts_;
}

void ServerCounters::Update(const std::function<void(ServerCounts&)>& change) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    change(counts_);
  }
  changed_.notify_all();
}

bool ServerCounters::WaitUntil(const std::function<bool(const ServerCounts&)>& condition,
                               std::chrono::milliseconds guard) const {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, guard, [&] { return condition(counts_); });
}

bool ServerCounters::WaitForRequests(std::uint64_t count, std::chrono::milliseconds guard) const {
  return WaitUntil([count](const ServerCounts& now) { return now.requests_received >= count; },
                   guard);
}

bool ServerCounters::WaitForHeads(std::uint64_t count, std::chrono::milliseconds guard) const {
  return WaitUntil([count](const ServerCounts& now) { return now.request_heads_seen >= count; },
                   guard);
}

bool ServerCounters::WaitForConnections(std::uint64_t count,
                                        std::chrono::milliseconds guard) const {
  return WaitUntil([count](const ServerCounts& now) { return now.connections_opened >= count; },
                   guard);
}

bool ServerCounters::WaitForOpenConnections(std::uint64_t count,
                                            std::chrono::milliseconds guard) const {
  return WaitUntil([count](const ServerCounts& now) { return now.connections_open == count; },
                   guard);
}

}  // namespace enos::sandbox
