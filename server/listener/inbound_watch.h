#ifndef ENOS_SERVER_LISTENER_INBOUND_WATCH_H_
#define ENOS_SERVER_LISTENER_INBOUND_WATCH_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "server/base/scheduler.h"
#include "server/listener/connection_table.h"
#include "server/listener/inbound_guard.h"

namespace enos::gateway {

// InboundWatch's inputs, and what it reports.
struct InboundSensors {
  std::function<SteadyTime()> now;
  std::function<uint64_t()> memory;  // the process's, resident, in bytes
  ConnectionTable::ReceivedBytes received;
  // Whether freeing memory matters more than speed.
  std::function<void(bool)> give_memory_back;
  // Called every few seconds, and often while it does: an allocator may keep what is free until
  // it is asked for (mimalloc 3).
  std::function<void()> collect_memory;

  // The last one does nothing.
  static InboundSensors Real();
};

// Checks the connections when InboundGuard asks for it, and cuts those that it names. On its own
// thread, which never calls gRPC: gRPC does its work on whatever thread calls it, and a connection
// that sends without pause keeps that thread busy, even the acceptor's, for as long as it does so.
class InboundWatch {
 public:
  using OnCut = std::function<void(CutReason)>;  // on its thread

  InboundWatch(ConnectionTable& connections, InboundLimits limits, InboundSensors sensors,
               OnCut on_cut);
  ~InboundWatch() { Stop(); }
  InboundWatch(const InboundWatch&) = delete;
  InboundWatch& operator=(const InboundWatch&) = delete;

  // Starts checking, on the thread.
  void Start();
  // A second call does nothing.
  void Stop();
  // There is a new connection, perhaps the only one. Thread-safe.
  void Wake();

  // Whether memory is so short that new connections should be refused. Thread-safe.
  bool is_critical() const { return is_critical_; }

  // What the thread does every wait(), for tests.
  void Look();
  // Negative: forever, because there is no connection and memory has been freed.
  std::chrono::milliseconds wait() const;

 private:
  void Run();
  void Cut(const ConnectionTable::Observed& connection, CutReason reason, SteadyTime now,
           uint64_t memory);
  bool MayLog(SteadyTime now);
  void GiveMemoryBack(SteadyTime now);

  ConnectionTable& connections_;
  const InboundSensors sensors_;
  const OnCut on_cut_;
  InboundGuard guard_;
  SteadyTime looked_;
  SteadyTime memory_needed_until_;
  bool is_needed_ = false;
  SteadyTime last_held_;  // by connections that were open, or when it was needed
  bool is_all_given_back_ = true;
  SteadyTime next_collection_;
  // For the log: there may be hundreds of them.
  SteadyTime logging_since_;
  int logged_ = 0;
  int64_t not_logged_ = 0;

  std::atomic<bool> is_critical_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LISTENER_INBOUND_WATCH_H_
