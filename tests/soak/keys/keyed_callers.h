#ifndef ENOS_TESTS_SOAK_KEYS_KEYED_CALLERS_H_
#define ENOS_TESTS_SOAK_KEYS_KEYED_CALLERS_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "enos/flow/client.h"
#include "tests/soak/keys/keyed_ledger.h"
#include "tests/soak/keys/language_caller.h"
#include "tests/soak/keys/replicas.h"

namespace enos::soak {

// Many callers, a thread each: each makes a start with a key of its own, or joins one that another
// caller made, and repeats it with the same key, at any replica, until it knows what became of it.
// They go straight to a replica, over a channel that repeats by itself, or through the mesh; or
// over the library of another language.
class KeyedCallers {
 public:
  KeyedCallers(Replicas& replicas, std::string mesh, std::uint64_t seed, std::uint64_t first_call);
  ~KeyedCallers() { Stop(); }

  // And one for each language.
  void Start(int callers, const std::vector<std::unique_ptr<LanguageCaller>>& languages);
  void Stop();  // begins no start any more, and waits for those that are open

  // After Stop().
  const std::vector<KeyedTold>& told() const { return told_; }
  std::uint64_t eager() const { return eager_; }    // attempts over such a channel
  std::uint64_t meshed() const { return meshed_; }  // attempts through the mesh
  std::uint64_t cancelled() const { return cancelled_; }
  std::uint64_t slowest_ms() const { return slowest_ms_; }

 private:
  using Random = std::mt19937_64;

  void Run(std::uint64_t number, LanguageCaller* language);
  flow::FlowRequest NewRequest(Random& random);
  flow::FlowRequest Pick(Random& random);
  void Call(const flow::FlowRequest& request, LanguageCaller* language, Random& random,
            std::vector<KeyedTold>& told);
  flow::FlowResult Attempt(const flow::FlowRequest& request, Random& random);
  bool Pause(std::chrono::milliseconds time);

  Replicas& replicas_;
  const std::shared_ptr<grpc::Channel> mesh_;
  const std::uint64_t seed_;
  std::atomic<std::uint64_t> next_call_;
  std::atomic<std::uint64_t> eager_{0}, meshed_{0}, cancelled_{0}, slowest_ms_{0};
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable end_;
  bool ended_ = false;
  std::deque<flow::FlowRequest> recent_;
  std::vector<KeyedTold> told_;
};

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_KEYS_KEYED_CALLERS_H_
