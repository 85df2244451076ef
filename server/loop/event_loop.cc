#include "server/loop/event_loop.h"

#include <pthread.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "server/loop/timer_queue.h"
#include "server/loop/uv_check.h"

namespace enos::gateway {
namespace {

// Tasks that post tasks run for this many rounds before descriptors get their turn.
constexpr int kMaxTaskRounds = 8;

}  // namespace

struct EventLoop::Impl {
  Impl();
  ~Impl();

  void BeforeWait();
  void RunTasks(std::vector<Task>& batch) const;
  void RunTimers();
  void ArmTimer(SteadyTime when);

  uv_loop_t loop{};
  uv_async_t wake{};
  uv_prepare_t before_wait{};
  uv_check_t after_wait{};
  uv_timer_t timer{};

  // One libuv timer for all of ours, armed for the earliest moment that was requested: cancelling a
  // timer leaves it unchanged, and at worst the loop wakes up once for nothing. What is due already
  // runs before the next wait: libcurl has one such timer a transfer.
  TimerQueue timers;
  std::optional<SteadyTime> armed_for;
  bool timer_due = false;

  std::mutex mutex;
  std::vector<Task> tasks;          // guarded by mutex
  std::atomic<bool> asleep{false};  // whether Post has to wake the thread; set under mutex
  std::atomic<bool> stopping{false};
  std::thread thread;
};

EventLoop::Impl::Impl() {
  RequireUv(uv_loop_init(&loop), "start");
  loop.data = this;
  RequireUv(uv_async_init(&loop, &wake,
                          [](uv_async_t* handle) {
                            const auto* self = static_cast<Impl*>(handle->loop->data);
                            if (self->stopping) uv_stop(handle->loop);
                          }),
            "be woken");
  RequireUv(uv_prepare_init(&loop, &before_wait), "prepare");
  RequireUv(uv_prepare_start(
                &before_wait,
                [](uv_prepare_t* handle) { static_cast<Impl*>(handle->loop->data)->BeforeWait(); }),
            "prepare");
  RequireUv(uv_check_init(&loop, &after_wait), "check");
  RequireUv(uv_check_start(
                &after_wait,
                [](uv_check_t* handle) { static_cast<Impl*>(handle->loop->data)->asleep = false; }),
            "check");
  RequireUv(uv_timer_init(&loop, &timer), "have timers");
}

EventLoop::Impl::~Impl() {
  // What the tasks hold may still cancel timers and drop watches.
  tasks.clear();
  uv_close(AsHandle(&wake), nullptr);
  uv_close(AsHandle(&before_wait), nullptr);
  uv_close(AsHandle(&after_wait), nullptr);
  uv_close(AsHandle(&timer), nullptr);
  // Lets everything close; the watches closed before it.
  RequireUv(uv_run(&loop, UV_RUN_DEFAULT), "end");
  RequireUv(uv_loop_close(&loop), "end");
}

void EventLoop::Impl::BeforeWait() {
  std::vector<Task> batch;
  for (int round = 0; round < kMaxTaskRounds; ++round) {
    if (std::exchange(timer_due, false)) RunTimers();
    {
      const std::lock_guard lock(mutex);
      if (tasks.empty() && !timer_due) {
        asleep = true;
        return;
      }
      batch.swap(tasks);
    }
    RunTasks(batch);
  }
  RequireUv(uv_async_send(&wake), "wake itself");
}

void EventLoop::Impl::RunTasks(std::vector<Task>& batch) const {
  for (Task& task : batch) {
    if (stopping) break;
    task();
    task = nullptr;  // what it holds is released in the same order
  }
  batch.clear();
}

void EventLoop::Impl::RunTimers() {
  if (stopping) return;
  timers.RunDue(std::chrono::steady_clock::now());
  if (const auto next = timers.Earliest()) ArmTimer(*next);
}

void EventLoop::Impl::ArmTimer(SteadyTime when) {
  if (armed_for && *armed_for <= when) return;
  const SteadyTime now = std::chrono::steady_clock::now();
  timer_due = timer_due || when <= now;
  if (when <= now) return;
  armed_for = when;
  // libuv counts whole milliseconds. Rounded up, so that the timer is not early.
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(when - now);
  uv_update_time(&loop);
  RequireUv(uv_timer_start(
                &timer,
                [](uv_timer_t* handle) {
                  auto* const self = static_cast<Impl*>(handle->loop->data);
                  self->armed_for.reset();
                  self->RunTimers();
                },
                static_cast<uint64_t>(wait.count()), 0),
            "set its timer");
}

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}

EventLoop::~EventLoop() { Stop(); }

void EventLoop::Start() {
  impl_->thread = std::thread([impl = impl_.get()] {
    pthread_setname_np(pthread_self(), "enos-upstream");
    uv_run(&impl->loop, UV_RUN_DEFAULT);
  });
}

void EventLoop::Stop() {
  impl_->stopping = true;
  RequireUv(uv_async_send(&impl_->wake), "be stopped");
  if (impl_->thread.joinable()) impl_->thread.join();
}

void EventLoop::Post(Task task) {
  bool wake = false;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->tasks.push_back(std::move(task));
    wake = impl_->asleep.exchange(false);
  }
  if (wake) RequireUv(uv_async_send(&impl_->wake), "be woken");
}

SteadyTime EventLoop::Now() const { return std::chrono::steady_clock::now(); }

WallTime EventLoop::WallNow() const { return std::chrono::system_clock::now(); }

TimerId EventLoop::RunAt(SteadyTime when, Task task) {
  const TimerId id = impl_->timers.Add(when, std::move(task));
  impl_->ArmTimer(when);
  return id;
}

void EventLoop::Cancel(TimerId id) { impl_->timers.Cancel(id); }

struct EventLoop::Lookup {
  static void OnEnd(uv_getaddrinfo_t* request, int status, addrinfo* result);

  uv_getaddrinfo_t request{};
  Impl* loop = nullptr;
  ResolveCallback done;
};

void EventLoop::Lookup::OnEnd(uv_getaddrinfo_t* request, int status, addrinfo* result) {
  const std::unique_ptr<Lookup> self(static_cast<Lookup*>(request->data));
  std::vector<std::string> addresses;
  for (const addrinfo* entry = result; entry != nullptr; entry = entry->ai_next) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (uv_ip_name(entry->ai_addr, text.data(), text.size()) == 0) {
      addresses.emplace_back(text.data());
    }
  }
  uv_freeaddrinfo(result);
  if (self->loop->stopping) return;
  self->done(std::move(addresses), status == 0 ? std::string() : uv_strerror(status));
}

void EventLoop::Resolve(const std::string& host, ResolveCallback done) {
  auto lookup = std::make_unique<Lookup>();
  lookup->loop = impl_.get();
  lookup->done = std::move(done);
  lookup->request.data = lookup.get();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // each address once
  const int status =
      uv_getaddrinfo(&impl_->loop, &lookup->request, &Lookup::OnEnd, host.c_str(), nullptr, &hints);
  if (status == 0) {
    [[maybe_unused]] const Lookup* const now_of_on_end = lookup.release();
    return;
  }
  Post([lookup = std::move(lookup), status] { lookup->done({}, uv_strerror(status)); });
}

uv_loop_s* EventLoop::native() { return &impl_->loop; }

}  // namespace enos::gateway
