#ifndef ENOS_SERVER_RPC_INBOUND_WATCH_H_
#define ENOS_SERVER_RPC_INBOUND_WATCH_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "server/base/scheduler.h"
#include "server/rpc/connection_table.h"
#include "server/rpc/inbound_guard.h"

namespace enos::gateway {

// What InboundWatch sees of the world.
struct InboundSensors {
  std::function<SteadyTime()> now;
  std::function<uint64_t()> memory;  // the process's, resident, in bytes
  ConnectionTable::ReceivedBytes received;
  // Whether memory that is freed is needed, rather than speed.
  std::function<void(bool)> give_memory_back;
  // Called now and then while it is.
  std::function<void()> collect_memory;

  // The last one does nothing.
  static InboundSensors Real();
};

// Looks at the connections as InboundGuard wants it, and cuts those that it names. On the
// acceptor's thread, which calls Look after every wait.
class InboundWatch {
 public:
  using OnCut = std::function<void(CutReason)>;

  InboundWatch(ConnectionTable& connections, InboundLimits limits, InboundSensors sensors,
               OnCut on_cut);

  void Look();

  // Until the next Look; negative: for ever, as there is no connection.
  std::chrono::milliseconds wait() const;

  // Whether memory is so short that new connections are to be refused.
  bool is_critical() const { return guard_.is_critical(); }

 private:
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
  bool is_giving_back_ = false;
  SteadyTime next_collection_;
  // Of the log: there may be hundreds of the kind.
  SteadyTime logging_since_;
  int logged_ = 0;
  int64_t not_logged_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_INBOUND_WATCH_H_
