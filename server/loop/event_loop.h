#ifndef ENOS_SERVER_LOOP_EVENT_LOOP_H_
#define ENOS_SERVER_LOOP_EVENT_LOOP_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/base/scheduler.h"

struct uv_loop_s;  // NOLINT(readability-identifier-naming): the name is libuv's

namespace enos::gateway {

// One thread that waits for descriptors, timers and tasks (on libuv). Everything that talks to EnOS
// runs on it: no locks there, and no thread ever waits for an answer.
//
// Post may be called from any thread; everything else on the loop's own thread, or before Start and
// after Stop.
class EventLoop final : public Scheduler {
 public:
  EventLoop();
  ~EventLoop() override;  // stops, and waits for a running look-up
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void Start();
  // Stops the thread after its current task; remaining tasks, timers and watches are never called.
  // From any thread but the loop's; a second call does nothing.
  void Stop();

  // Runs `task` on the loop's thread, in call order. Thread-safe. A small task (see Task) costs no
  // more than a lock.
  void Post(Task task);

  // Scheduler.
  SteadyTime Now() const override;
  WallTime WallNow() const override;
  TimerId RunAt(SteadyTime when, Task task) override;
  void Cancel(TimerId id) override;

  // Resolves a host name (getaddrinfo, on libuv's few threads for that) and returns its addresses
  // as text, IPv6 ones without brackets; none on failure, with the reason.
  using ResolveCallback =
      absl::AnyInvocable<void(std::vector<std::string> addresses, std::string error)>;
  void Resolve(const std::string& host, ResolveCallback done);

  // libuv's loop, for FdWatch.
  uv_loop_s* native();

 private:
  struct Impl;
  struct Lookup;
  std::unique_ptr<Impl> impl_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LOOP_EVENT_LOOP_H_
