#ifndef ENOS_FLOW_SRC_REAPER_H_
#define ENOS_FLOW_SRC_REAPER_H_

#include <memory>

namespace enos::flow {

// Releases a reference on a dedicated thread. Needed because gRPC 1.51 crashes when the last
// reference to a channel is released on one of its own callback threads (it releases the queue that
// the thread is working on); a call's context holds one. Thread-safe; returns at once.
void ReleaseElsewhere(std::shared_ptr<void> reference);

}  // namespace enos::flow

#endif  // ENOS_FLOW_SRC_REAPER_H_
