#include "server/testing/fake_scheduler.h"

namespace enos::gateway {

TimerId FakeScheduler::RunAt(SteadyTime when, Task task) {
  const TimerId id = ++last_id_;
  tasks_.emplace(Key(when, id), std::move(task));
  due_.emplace(id, when);
  return id;
}

void FakeScheduler::Cancel(TimerId id) {
  const auto found = due_.find(id);
  if (found == due_.end()) return;
  tasks_.erase({found->second, id});
  due_.erase(found);
}

void FakeScheduler::Advance(Duration by) {
  const SteadyTime target = now_ + by;
  while (next_due() <= target) {
    if (next_due() > now_) Stall(next_due() - now_);
    auto next = tasks_.extract(tasks_.begin());
    due_.erase(next.key().second);
    next.mapped()();
  }
  if (target > now_) Stall(target - now_);
}

void FakeScheduler::Stall(Duration by) {
  now_ += by;
  StepWallClock(by);
}

void FakeScheduler::StepWallClock(Duration by) {
  wall_now_ += std::chrono::duration_cast<WallTime::duration>(by);
}

SteadyTime FakeScheduler::next_due() const {
  return tasks_.empty() ? SteadyTime::max() : tasks_.begin()->first.first;
}

}  // namespace enos::gateway
