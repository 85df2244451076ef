#include "sandbox/http/server_core.h"

#include "sandbox/http/connection.h"

namespace enos::sandbox {

bool ServerCore::Add(const std::shared_ptr<Connection>& connection) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return false;
    connections_.emplace(connection->number(), connection);
  }
  counters.Update([](ServerCounts& counts) {
    ++counts.connections_opened;
    ++counts.connections_open;
  });
  return true;
}

void ServerCore::Remove(std::uint64_t number) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    connections_.erase(number);
  }
  counters.Update([](ServerCounts& counts) { --counts.connections_open; });
}

std::shared_ptr<Connection> ServerCore::Find(std::uint64_t number) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = connections_.find(number);
  return found == connections_.end() ? nullptr : found->second.lock();
}

std::vector<std::shared_ptr<Connection>> ServerCore::BeginStop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stopping_ = true;
  std::vector<std::shared_ptr<Connection>> open;
  open.reserve(connections_.size());
  for (const auto& [number, weak] : connections_) {
    if (auto connection = weak.lock()) open.push_back(std::move(connection));
  }
  return open;
}

}  // namespace enos::sandbox
