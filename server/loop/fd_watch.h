#ifndef ENOS_SERVER_LOOP_FD_WATCH_H_
#define ENOS_SERVER_LOOP_FD_WATCH_H_

#include <functional>

#include "server/loop/event_loop.h"

namespace enos::gateway {

// Watches one descriptor, which it does not own and makes non-blocking: destroy the watch before
// the descriptor is closed. Loop thread only; not to be destroyed after the loop.
class FdWatch {
 public:
  // Called on every readiness that is wanted; may change the wants and may destroy the watch. A
  // broken descriptor (an error or a hang-up) is ready in every way that is wanted.
  using Callback = std::function<void(bool readable, bool writable)>;

  FdWatch(EventLoop& loop, int fd, Callback on_ready);
  ~FdWatch();
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;

  // From now on, until changed: level-triggered, i.e. called again as long as the descriptor is
  // ready. Cheap for one that is read from, pauses and is read from again, as a connection that is
  // kept: the system is told of the pause only if something comes meanwhile.
  void Want(bool read, bool write);

 private:
  struct State;
  State* state_;  // freed when libuv has closed it
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LOOP_FD_WATCH_H_
