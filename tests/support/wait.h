#ifndef ENOS_TESTS_SUPPORT_WAIT_H_
#define ENOS_TESTS_SUPPORT_WAIT_H_

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>
#include <utility>

namespace enos {

// A guard against a test that would hang, not a time that matters to its outcome.
inline constexpr std::chrono::seconds kGuard{120};

// The future's value; a default one, and a failure, when it does not come within kGuard.
template <typename T>
T Await(std::future<T>& future) {
  if (future.wait_for(kGuard) == std::future_status::ready) return future.get();
  ADD_FAILURE() << "waited in vain";
  return T();
}

inline void Await(const std::shared_future<void>& future) {
  EXPECT_EQ(future.wait_for(kGuard), std::future_status::ready) << "waited in vain";
}

inline void Await(const std::future<void>& future) {
  EXPECT_EQ(future.wait_for(kGuard), std::future_status::ready) << "waited in vain";
}

template <typename T>
T Await(std::future<T>&& future) {
  std::future<T> mine = std::move(future);
  return Await(mine);
}

// Asks again and again until it is true; false when it is not so within kGuard.
template <typename Condition>
bool WaitUntil(Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + kGuard;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace enos

#endif  // ENOS_TESTS_SUPPORT_WAIT_H_
