#include "server/loop/timer_queue.h"

namespace enos::gateway {

TimerId TimerQueue::Add(SteadyTime when, Task task) {
  const TimerId id = ++last_id_;
  tasks_.emplace(std::make_pair(when, id), std::move(task));
  times_.emplace(id, when);
  return id;
}

void TimerQueue::Cancel(TimerId id) {
  const auto time = times_.find(id);
  if (time == times_.end()) return;
  const auto found = tasks_.find({time->second, id});
  times_.erase(time);
  // Destroyed last: what the task holds may in turn cancel timers.
  const Task dropped = std::move(found->second);
  tasks_.erase(found);
}

std::optional<SteadyTime> TimerQueue::Earliest() const {
  if (tasks_.empty()) return std::nullopt;
  return tasks_.begin()->first.first;
}

void TimerQueue::RunDue(SteadyTime now) {
  const TimerId newest = last_id_;
  // Looked up again after each task, which may have changed everything.
  auto next = tasks_.begin();
  while (next != tasks_.end() && next->first.first <= now) {
    const auto key = next->first;
    if (key.second <= newest) {
      Task task = std::move(next->second);
      tasks_.erase(next);
      times_.erase(key.second);
      task();
    }
    next = tasks_.upper_bound(key);
  }
}

}  // namespace enos::gateway
