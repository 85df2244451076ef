#ifndef ENOS_TESTS_SOAK_CALLERS_H_
#define ENOS_TESTS_SOAK_CALLERS_H_

#include <grpcpp/channel.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "enos/flow/client.h"
#include "tests/soak/ledger.h"
#include "tests/soak/options.h"

namespace enos::soak {

// A call that took longer than this hung, whatever its deadline: many times what gateways allow.
inline constexpr std::chrono::seconds kHung{60};

flow::FlowRequest MakeRequest(std::uint64_t call_id, std::int32_t flow_id);

// Many callers at once, a thread each, with the real gRPC library: random flows, deadlines (tiny,
// short, long, none), cancels, and attempts made again when told NOT_EXECUTED. Thread-safe.
class Callers {
 public:
  explicit Callers(const Options& options) : options_(options) {}
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;
  ~Callers() { Stop(); }

  // Whom to call from now on, over one new channel for all.
  void SetGateway(const std::string& address);
  void Start();
  // Begins no more calls, waits for the open ones and closes the channel.
  void Stop();

  // After Stop(), in any order, but attempts of one call in theirs.
  const std::vector<Told>& told() const { return told_; }
  // Calls that took longer than kHung.
  std::uint64_t hung() const { return hung_; }
  std::chrono::milliseconds slowest() const { return std::chrono::milliseconds(slowest_ms_); }
  std::uint64_t cancelled() const { return cancelled_; }
  std::uint64_t made() const { return next_call_; }

 private:
  using Random = std::mt19937_64;

  void Run(std::uint64_t number);
  void Call(std::uint64_t call_id, Random& random, std::vector<Told>& told);
  flow::FlowResult Attempt(const flow::FlowRequest& request, Random& random);
  flow::FlowResult CallToBeCancelled(const flow::FlowRequest& request, Random& random);
  std::shared_ptr<grpc::Channel> channel();
  // False: the end has come meanwhile.
  bool Pause(std::chrono::milliseconds time);
  void NoteTime(std::chrono::milliseconds took);

  const Options options_;
  std::vector<std::thread> threads_;
  std::atomic<std::uint64_t> next_call_{0};
  std::atomic<std::uint64_t> hung_{0};
  std::atomic<std::uint64_t> cancelled_{0};
  std::atomic<std::int64_t> slowest_ms_{0};

  std::mutex mutex_;
  std::condition_variable end_;
  bool ended_ = false;
  std::shared_ptr<grpc::Channel> channel_;
  std::vector<Told> told_;
};

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_CALLERS_H_
