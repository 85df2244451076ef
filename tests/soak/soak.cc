#include "tests/soak/soak.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "enos/flow/channel.h"

namespace enos::soak {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// drain_timeout must exceed upstream_timeout + 5 s.
constexpr seconds kUpstreamTimeout{3};
constexpr seconds kDrainTimeout{10};
// How often the clock is looked at while there is load; nothing waits for anything by it.
constexpr milliseconds kTick{20};
constexpr milliseconds kSampleInterval{500};
constexpr seconds kPatienceForEnd = kDrainTimeout + seconds(60);
constexpr seconds kPatienceForRest{60};
// Where in the run the first gateway is drained, and the second killed: the third has time to show
// whether its memory is flat.
constexpr double kDrainAt = 0.2;
constexpr double kKillAt = 0.35;
// Call ids of probes, beyond those of any caller.
constexpr std::uint64_t kFirstProbe = 1'000'000'000;
// A flow id of its own, so that random faults are the only ones.
constexpr std::int32_t kProbeFlow = 9000;

std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address) {
  flow::ChannelOptions options;
  options.address = address;
  auto channel = flow::MakeChannel(options);
  return channel.ok() ? *channel : nullptr;
}

ProcessOptions GatewayFor(const Options& options, const std::string& enos_url,
                          const std::string& log) {
  ProcessOptions gateway =
      GatewayOptions(enos_url, {absl::StrCat("--upstream_timeout=", kUpstreamTimeout.count(), "s"),
                                absl::StrCat("--drain_timeout=", kDrainTimeout.count(), "s"),
                                "--connect_timeout=1s", "--drain_delay=500ms"});
  gateway.program = options.gateway;
  gateway.log = log;
  return gateway;
}

}  // namespace

Soak::Soak(const Options& options)
    : options_(options), random_(options.seed), upstream_(options.seed), callers_(options) {}

milliseconds Soak::Random(int low_ms, int high_ms) {
  return milliseconds(std::uniform_int_distribution<int>(low_ms, high_ms)(random_));
}

bool Soak::Begin() {
  if (const absl::Status started = upstream_.Start(); !started.ok()) {
    std::fprintf(stderr, "soak: %s\n", std::string(started.message()).c_str());
    return false;
  }
  return StartGateway();
}

bool Soak::Probe(const std::shared_ptr<grpc::Channel>& channel) {
  const std::uint64_t call_id = kFirstProbe + probes_++;
  const auto result =
      flow::FlowClient(channel).TriggerFlow(MakeRequest(call_id, kProbeFlow), {seconds(20)});
  probes_told_.push_back(Record(call_id, result));
  return result.ok();
}

bool Soak::StartGateway() {
  if (upstream_.down() && !upstream_.Up().ok()) return false;
  const std::string log =
      absl::StrCat(options_.directory, "/gateway-", report_.gateways.size() + 1, ".log");
  gateway_ = std::make_unique<GatewayProcess>(GatewayFor(options_, upstream_.url(), log));
  facts_ = GatewayFacts();
  facts_.log = log;
  samples_.clear();
  address_ = gateway_->address();
  if (address_.empty()) {
    std::fprintf(stderr, "soak: the gateway did not start, see %s\n", log.c_str());
    return false;
  }
  const auto channel = ChannelTo(address_);
  // Probes meet faults as all calls do.
  for (int i = 0; i < 20 && !Probe(channel); ++i) {
  }
  if (const auto stats = ReadProcess(*gateway_, upstream_.port())) {
    facts_.rss_start = stats->rss_kb;
    facts_.threads_start = stats->threads;
    facts_.descriptors_start = stats->others();
  }
  callers_.SetGateway(address_);
  return true;
}

void Soak::Sample() {
  upstream_.Collect();
  if (const auto stats = ReadProcess(*gateway_, upstream_.port())) {
    samples_.push_back(*stats);
  }
}

// EnOS goes down and comes back, and forgets its tokens, at random times.
void Soak::Disturb(Clock::time_point now) {
  if (now >= next_restart_) {
    if (upstream_.down()) {
      const absl::Status up = upstream_.Up();
      if (!up.ok()) std::fprintf(stderr, "soak: %s\n", std::string(up.message()).c_str());
      next_restart_ = now + (up.ok() ? Random(3000, 9000) : kTick);
    } else {
      upstream_.Down(Random(0, 1).count() == 0);
      next_restart_ = now + Random(20, 700);
    }
  }
  if (now >= next_revocation_) {
    upstream_.RevokeTokens();
    next_revocation_ = now + Random(1000, 6000);
  }
  if (now >= next_sample_) {
    Sample();
    next_sample_ = now + kSampleInterval;
  }
}

void Soak::LoadUntil(Clock::time_point end) {
  while (Clock::now() < end && !gateway_->ended()) {
    Disturb(Clock::now());
    std::this_thread::sleep_for(kTick);
  }
  facts_.ended_by_itself = gateway_->ended();
}

void Soak::EndGateway(const std::string& how, int signal, int expected_status) {
  Sample();
  if (!samples_.empty()) {
    facts_.rss_middle = samples_[samples_.size() / 3].rss_kb;
    facts_.rss_end = samples_.back().rss_kb;
    facts_.threads_end = samples_.back().threads;
  }
  for (const ProcessStats& sample : samples_) {
    facts_.rss_peak = std::max(facts_.rss_peak, sample.rss_kb);
    facts_.threads_peak = std::max(facts_.threads_peak, sample.threads);
  }
  std::printf("Gateway %zu: %s\n", report_.gateways.size() + 1, how.c_str());
  std::fflush(stdout);
  gateway_->Signal(signal);
  facts_.end = how;
  facts_.expected_status = expected_status;
  const ProcessEnd end = gateway_->Wait(kPatienceForEnd);
  facts_.status = end.signal ? std::optional(-*end.signal) : end.status;
  gateway_.reset();
  facts_.reports = ReportsIn(facts_.log);
  report_.gateways.push_back(facts_);
}

// All connections to EnOS are cut, so that the gateway drops what it kept as soon as it makes
// another call; then only what the probes use is left, and one client's connection as at the start.
void Soak::ComeToRest() {
  if (!upstream_.down()) upstream_.Down(true);
  if (!upstream_.Up().ok()) return;
  const auto channel = ChannelTo(address_);
  const auto end = Clock::now() + kPatienceForRest;
  while (Clock::now() < end) {
    Probe(channel);
    const auto stats = ReadProcess(*gateway_, upstream_.port());
    if (!stats) return;
    facts_.descriptors_end = stats->others();
    facts_.upstream_end = stats->to_port;
    if (stats->others() == facts_.descriptors_start && stats->to_port <= 2 &&
        stats->threads <= facts_.threads_start + kLateThreads) {
      return;
    }
    std::this_thread::sleep_for(kTick);
  }
}

Report Soak::Run() {
  const auto begin = Clock::now();
  const auto at = [&](double share) {
    return begin + milliseconds(static_cast<std::int64_t>(
                       1000 * share * static_cast<double>(options_.seconds.count())));
  };
  next_restart_ = begin + Random(1000, 3000);
  next_revocation_ = begin + Random(1000, 3000);
  callers_.Start();
  LoadUntil(at(kDrainAt));
  EndGateway("SIGTERM under load", SIGTERM, 0);
  bool going = StartGateway();
  if (going) {
    LoadUntil(at(kKillAt));
    EndGateway("SIGKILL under load", SIGKILL, -SIGKILL);
    going = StartGateway();
  }
  if (going) LoadUntil(at(1));
  callers_.Stop();
  if (going) {
    ComeToRest();
    EndGateway("SIGTERM at rest", SIGTERM, 0);
  } else {
    report_.failures.emplace_back("a gateway did not start again");
  }
  upstream_.Collect();

  std::vector<Told> told = callers_.told();
  told.insert(told.end(), probes_told_.begin(), probes_told_.end());
  report_.seed = options_.seed;
  report_.seconds = options_.seconds.count();
  report_.ledger = Compare(told, upstream_.executed());
  report_.received = upstream_.Stats().received;
  report_.faults = upstream_.Stats().faults;
  report_.restarts = upstream_.restarts();
  report_.revocations = upstream_.revocations();
  report_.tokens_fetched = upstream_.Tokens().gets + upstream_.Tokens().refreshes;
  report_.cancelled = callers_.cancelled();
  report_.unaccounted = upstream_.unaccounted();
  report_.hung = callers_.hung();
  report_.slowest_ms = callers_.slowest().count();
  Judge(report_, options_.judge_memory);
  return std::move(report_);
}

}  // namespace enos::soak
