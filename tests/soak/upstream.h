#ifndef ENOS_TESTS_SOAK_UPSTREAM_H_
#define ENOS_TESTS_SOAK_UPSTREAM_H_

#include <cstdint>
#include <string>

#include "sandbox/sandbox_server.h"
#include "tests/soak/ledger.h"

namespace enos::soak {

// Flows that the sandbox treats in a fixed way; all other positive ids meet random faults.
inline constexpr std::int32_t kFlowHangsBefore = 7001;  // never answers, not executed
inline constexpr std::int32_t kFlowHangsAfter = 7002;   // never answers, executed
inline constexpr std::int32_t kFlowIsSlow = 7003;       // 1 to 5 s, past the upstream timeout

// The EnOS of the soak: random faults at the socket and in HTTP, tokens that live a few seconds,
// and on request revoked tokens and restarts. Used from one thread.
class Upstream {
 public:
  explicit Upstream(std::uint64_t seed);

  absl::Status Start() { return server_.Start(); }
  std::string url() const { return server_.url(); }
  std::uint16_t port() const { return server_.port(); }

  void RevokeTokens();
  // Ends all connections, refuses new ones until `Up`.
  void Down(bool reset);
  absl::Status Up();
  bool down() const { return down_; }
  std::uint64_t restarts() const { return restarts_; }
  std::uint64_t revocations() const { return revocations_; }
  sandbox::TokenStats Tokens() const { return server_.Tokens(); }
  sandbox::CallStats Stats() const { return server_.Stats(); }

  // Takes over what was executed since the last time.
  void Collect();
  const Executed& executed() const { return executed_; }
  // When a call was executed for the first time.
  const ExecutedAt& executed_at() const { return executed_at_; }
  // Runs without a call_id that could be read, or forgotten by the sandbox: the comparison is void.
  std::uint64_t unaccounted() const { return unaccounted_; }

 private:
  sandbox::SandboxServer server_;
  bool down_ = false;
  std::uint64_t restarts_ = 0;
  std::uint64_t revocations_ = 0;
  std::uint64_t collected_ = 0;  // number of the last call
  std::uint64_t unaccounted_ = 0;
  Executed executed_;
  ExecutedAt executed_at_;
};

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_UPSTREAM_H_
