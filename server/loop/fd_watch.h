#ifndef ENOS_SERVER_LOOP_FD_WATCH_H_
#define ENOS_SERVER_LOOP_FD_WATCH_H_

#include <functional>

#include "server/loop/event_loop.h"

namespace enos::gateway {

// Watches one descriptor, which it does not own and makes non-blocking: destroy the watch before
// the descriptor is closed. Loop thread only; must not be destroyed after the loop.
class FdWatch {
 public:
  // Called whenever the descriptor is ready in a wanted way; may change the wants and may destroy
  // the watch. A broken descriptor (an error or a hang-up) is ready in every wanted way.
  using Callback = std::function<void(bool readable, bool writable)>;

  FdWatch(EventLoop& loop, int fd, Callback on_ready);
  ~FdWatch();
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;

  // Applies until changed; level-triggered, i.e. called again as long as the descriptor is ready.
  // Cheap for a descriptor that alternates between reading and pausing, as a kept-alive connection
  // does: the system learns of the pause only if something arrives meanwhile.
  void Want(bool read, bool write);

 private:
  struct State;
  State* state_;  // freed once libuv has closed it
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LOOP_FD_WATCH_H_
