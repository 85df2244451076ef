#include "server/loop/fd_watch.h"

#include <uv.h>

#include <memory>
#include <utility>

#include "server/loop/uv_check.h"

namespace enos::gateway {

struct FdWatch::State {
  static void OnEvent(uv_poll_t* handle, int status, int events);
  void Watch(int events);

  uv_poll_t poll{};
  Callback on_ready;
  int wanted = 0;
  int watched = 0;  // what libuv was told; may be more than what is wanted
  bool destroyed = false;
};

void FdWatch::State::Watch(int events) {
  if (watched == events) return;
  watched = events;
  RequireUv(events == 0 ? uv_poll_stop(&poll) : uv_poll_start(&poll, events, &State::OnEvent),
            "watch a descriptor");
}

void FdWatch::State::OnEvent(uv_poll_t* handle, int status, int events) {
  State& self = *static_cast<State*>(handle->data);
  if (self.destroyed) return;
  if (status < 0) {  // the descriptor is broken, and libuv no longer watches it
    self.watched = 0;
    events = self.wanted;
  }
  const int ready = events & self.wanted;
  if (ready != 0) self.on_ready((ready & UV_READABLE) != 0, (ready & UV_WRITABLE) != 0);
  // State is freed only after this event, even if the watch was destroyed meanwhile.
  if (self.destroyed) return;
  if (ready == 0) {  // it would be reported forever
    self.Watch(self.wanted);
  } else {
    self.Watch(self.wanted | self.watched);
  }
}

FdWatch::FdWatch(EventLoop& loop, int fd, Callback on_ready) : state_(new State) {
  RequireUv(uv_poll_init(loop.native(), &state_->poll, fd), "watch a descriptor");
  state_->poll.data = state_;
  state_->on_ready = std::move(on_ready);
}

FdWatch::~FdWatch() {
  state_->destroyed = true;
  uv_close(AsHandle(&state_->poll),
           [](uv_handle_t* handle) { delete static_cast<State*>(handle->data); });
}

void FdWatch::Want(bool read, bool write) {
  state_->wanted = (read ? UV_READABLE : 0) | (write ? UV_WRITABLE : 0);
  // Reading that is currently not wanted stays armed, see Want in the header: OnEvent corrects it.
  // Writing is nearly always possible, and would be reported at once.
  const int left = state_->watched & UV_READABLE;
  state_->Watch(state_->wanted | left);
}

}  // namespace enos::gateway
