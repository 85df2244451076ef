#include "server/listener/inbound_watch.h"

#include <pthread.h>

#include <memory>
#include <utility>

#include "server/base/memory.h"
#include "server/log/log.h"

namespace enos::gateway {
namespace {

constexpr int kLinesEachSecond = 10;
// gRPC needs a moment to free what closed connections held.
constexpr std::chrono::seconds kGivingBack{5};
constexpr std::chrono::milliseconds kBetweenCollections{5000};
constexpr std::chrono::milliseconds kBetweenUrgentCollections{100};

const char* Because(CutReason reason) {
  return reason == CutReason::kMemory ? "the process is short of memory"
                                      : "it sent too much without completing a call";
}

}  // namespace

InboundSensors InboundSensors::Real() {
  return {&std::chrono::steady_clock::now,
          [memory = std::make_shared<ResidentMemory>()] { return memory->Bytes(); },
          &ConnectionTable::TcpReceivedBytes, &GiveMemoryBackAtOnce, [] {}};
}

InboundWatch::InboundWatch(ConnectionTable& connections, InboundLimits limits,
                           InboundSensors sensors, OnCut on_cut)
    : connections_(connections),
      sensors_(std::move(sensors)),
      on_cut_(std::move(on_cut)),
      guard_(limits),
      looked_(sensors_.now()) {}

std::chrono::milliseconds InboundWatch::wait() const {
  const bool has_work = connections_.size() != 0 || is_critical_ || !is_all_given_back_;
  return has_work ? guard_.wait() : std::chrono::milliseconds(-1);
}

void InboundWatch::Start() {
  thread_ = std::thread([this] { Run(); });
}

void InboundWatch::Stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// With the mutex held, so that it is not lost on a thread that is about to wait.
void InboundWatch::Wake() {
  const std::lock_guard lock(mutex_);
  wake_.notify_all();
}

void InboundWatch::Run() {
  pthread_setname_np(pthread_self(), "enos-guard");
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const auto time = wait();
    if (time.count() < 0) {
      wake_.wait(lock, [this] { return ending_ || connections_.size() != 0; });
    } else {
      wake_.wait_for(lock, time, [this] { return ending_; });
    }
    lock.unlock();
    Look();
    lock.lock();
  }
}

void InboundWatch::Look() {
  const SteadyTime began = sensors_.now();
  const uint64_t memory = sensors_.memory();
  const bool is_due = guard_.IsLookDue(began, memory);
  is_critical_ = guard_.is_critical();
  GiveMemoryBack(began);
  if (!is_due) return;
  const auto observed =
      connections_.Observe(sensors_.received, began - std::exchange(looked_, began));
  std::vector<ConnectionLoad> loads;
  loads.reserve(observed.size());
  for (const auto& connection : observed) loads.push_back(connection.load);
  const SteadyTime now = sensors_.now();
  for (const auto& cut : guard_.Decide(began, now, loads))
    Cut(observed[cut.index], cut.reason, now, memory);
}

void InboundWatch::GiveMemoryBack(SteadyTime now) {
  if (guard_.is_memory_needed()) memory_needed_until_ = now + kGivingBack;
  const bool is_needed = now < memory_needed_until_;
  if (std::exchange(is_needed_, is_needed) != is_needed) sensors_.give_memory_back(is_needed);
  if (is_needed || connections_.size() != 0) {
    is_all_given_back_ = false;
    last_held_ = now;
  }
  if (is_all_given_back_ || now < next_collection_) return;
  next_collection_ = now + (is_needed ? kBetweenUrgentCollections : kBetweenCollections);
  sensors_.collect_memory();
  is_all_given_back_ = now >= last_held_ + kGivingBack;
}

void InboundWatch::Cut(const ConnectionTable::Observed& connection, CutReason reason,
                       SteadyTime now, uint64_t memory) {
  if (!connections_.Cut(connection)) return;
  on_cut_(reason);
  if (!MayLog(now)) return;
  Log(LogLevel::kWarning, "connection cut",
      {{"peer", connection.peer},
       {"because", Because(reason)},
       {"unaccounted_bytes", connection.load.unaccounted},
       {"recent_bytes", connection.load.recent},
       {"memory_bytes", memory},
       {"cut_unlogged", std::exchange(not_logged_, 0)}});
}

bool InboundWatch::MayLog(SteadyTime now) {
  if (now - logging_since_ >= std::chrono::seconds(1)) {
    logging_since_ = now;
    logged_ = 0;
  }
  if (logged_ < kLinesEachSecond) {
    ++logged_;
    return true;
  }
  ++not_logged_;
  return false;
}

}  // namespace enos::gateway
