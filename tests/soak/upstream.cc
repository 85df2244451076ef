#include "tests/soak/upstream.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace enos::soak {
namespace {

constexpr double kFaultyShare = 0.35;

template <typename T>
T Sure(absl::StatusOr<T> parsed) {
  if (!parsed.ok()) {
    std::fprintf(stderr, "soak: %s\n", std::string(parsed.status().message()).c_str());
    std::exit(2);
  }
  return *std::move(parsed);
}

sandbox::SandboxOptions MakeOptions(std::uint64_t seed) {
  sandbox::SandboxOptions options;
  options.token_lifetime = absl::Seconds(4);
  options.latency = {absl::ZeroDuration(), absl::Milliseconds(60)};
  options.faults.seed = seed;
  options.faults.random_share = kFaultyShare;
  options.faults.random_kinds = sandbox::DefaultRandomFaults();
  for (const char* fault : {"http-503+after", "deep", "too-large", "latency=500ms-2s"}) {
    options.faults.random_kinds.push_back(Sure(sandbox::ParseFault(fault)));
  }
  for (const auto& [flow_id, fault] :
       {std::pair{kFlowHangsBefore, "hang+before"}, std::pair{kFlowHangsAfter, "hang+after"},
        std::pair{kFlowIsSlow, "latency=1s-5s"}}) {
    options.faults.flow_faults.push_back({flow_id, Sure(sandbox::ParseFault(fault))});
  }
  for (const char* fault : {"get:reset+beforex1", "get:http-500x1", "refresh:half-answerx2"}) {
    options.faults.token_faults.push_back(Sure(sandbox::ParseTokenFault(fault)));
  }
  return options;
}

// The parameter by which the soak knows its calls.
bool ReadCallId(const sandbox::CallRecord& record, std::uint64_t& call_id) {
  if (!record.request.has_value()) return false;
  for (const auto& [key, value] : record.request->parameters) {
    if (key == "call_id") return absl::SimpleAtoi(value, &call_id);
  }
  return false;
}

}  // namespace

Upstream::Upstream(std::uint64_t seed) : server_(MakeOptions(seed)) {}

void Upstream::RevokeTokens() {
  ++revocations_;
  server_.RevokeTokens();
}

void Upstream::Down(bool reset) {
  ++restarts_;
  down_ = true;
  server_.Interrupt(reset ? sandbox::Ending::kReset : sandbox::Ending::kClose);
}

absl::Status Upstream::Up() {
  absl::Status up = server_.Resume();
  down_ = !up.ok();
  return up;
}

void Upstream::Collect() {
  const sandbox::CallPage page = server_.Calls(collected_);
  unaccounted_ += page.last_number - collected_ - page.calls.size();
  collected_ = page.last_number;
  for (const sandbox::CallRecord& record : page.calls) {
    if (!record.executed) continue;
    std::uint64_t call_id = 0;
    if (ReadCallId(record, call_id)) {
      executed_[call_id].push_back(record.instance_id);
      executed_at_.emplace(call_id, record.time);
    } else {
      ++unaccounted_;
    }
  }
}

}  // namespace enos::soak
