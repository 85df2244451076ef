#include "tests/soak/keys/keyed_soak.h"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/soak/keys/cutting_proxy.h"
#include "tests/soak/keys/keyed_callers.h"
#include "tests/soak/keys/language_caller.h"
#include "tests/soak/report.h"
#include "tests/soak/upstream.h"
#include "tests/support/postgres.h"
#include "tests/support/programs.h"

namespace enos::soak {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kTick{20};
// Of a thousand statements that are sent to the database.
constexpr int kCutPermille = 40;
constexpr seconds kPatienceForEnd{60};
constexpr absl::Duration kClockSlack = absl::Seconds(1);

// A number of gateways, all set up in the same way.
struct Part {
  std::size_t gateways;
  bool early_headers;
};
constexpr Part kParts[] = {{3, true}, {2, false}};

// Of the gateway, when it came up: its log's lines begin with it.
absl::Time ClockOf(Process& gateway) {
  const std::string line = gateway.WaitForLine("listening address=").value_or("");
  absl::Time time;
  absl::ParseTime(absl::RFC3339_full, line.substr(0, line.find(' ')), &time, nullptr);
  return time;
}

class KeyedSoak {
 public:
  explicit KeyedSoak(const Options& options)
      : options_(options),
        random_(options.seed),
        upstream_(options.seed),
        proxy_(static_cast<std::uint16_t>(postgres_.port()), options.seed) {}

  int Run();

 private:
  struct Gateway {
    std::unique_ptr<GatewayProcess> process;
    std::string log;
    std::optional<Clock::time_point> resume_at;  // it is stopped
  };

  void StartLanguages();
  void RunPart(const Part& part, std::size_t number);
  void StartGateway(std::size_t number);
  // Ends it by that signal, and looks at what it left.
  void EndGateway(std::size_t number, int signal);
  void Disturb(Clock::time_point now);
  void DisturbEnos(Clock::time_point now);
  void ResumeDue(Clock::time_point now);
  void HitGateway(std::uint64_t dice);
  void HitDatabase();
  void Calm();
  void ReadLog(const std::string& log);
  void CountRecords();
  void Say(const std::string& text);
  milliseconds Random(int low_ms, int high_ms) {
    return milliseconds(std::uniform_int_distribution<int>(low_ms, high_ms)(random_));
  }

  const Options options_;
  std::mt19937_64 random_;
  Upstream upstream_;
  PostgresServer postgres_;
  CuttingProxy proxy_;
  Replicas replicas_;
  std::vector<std::unique_ptr<LanguageCaller>> languages_;
  Part part_{};
  std::vector<Gateway> gateways_;
  std::size_t started_ = 0;
  bool database_stopped_ = false;
  Clock::time_point resume_database_;
  Clock::time_point next_hit_, next_enos_, next_revocation_;
  std::map<std::string, std::uint64_t> counts_;  // of what was done
  std::vector<KeyedTold> told_;
  std::vector<std::string> failures_;
  std::string text_;
};

void KeyedSoak::Say(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  text_ += text;
}

void KeyedSoak::StartGateway(std::size_t number) {
  ProcessOptions gateway = GatewayOptions(
      upstream_.url(), {"--upstream_timeout=3s", "--drain_timeout=10s", "--connect_timeout=1s",
                        absl::StrCat("--early_headers=", part_.early_headers ? "true" : "false")});
  gateway.program = options_.gateway;
  gateway.log = absl::StrCat(options_.directory, "/keys-gateway-", ++started_, ".log");
  gateway.environment["ENOS_GATEWAY_IDEMPOTENCY_STORE"] = postgres_.UrlAt(proxy_.port());
  absl::Duration shift;
  if (options_.shift_clocks && number > 0) {
    shift = absl::Seconds(number == 1 ? 10 : -10);
    gateway.environment["LD_PRELOAD"] = ENOS_SHIFTED_CLOCK;
    gateway.environment["CLOCK_SHIFT"] = absl::StrCat(absl::ToInt64Seconds(shift));
    ++counts_["gateways whose clock was 10 s off"];
  }
  const absl::Time begin = absl::Now();
  ++counts_["gateways started"];
  Gateway& slot = gateways_.at(number);
  slot.log = gateway.log;
  slot.process = std::make_unique<GatewayProcess>(std::move(gateway));
  if (slot.process->address().empty()) {
    failures_.push_back(absl::StrCat("a gateway did not start, see ", slot.log));
    return;
  }
  if (ClockOf(*slot.process) < begin + shift - kClockSlack ||
      ClockOf(*slot.process) > absl::Now() + shift + kClockSlack)
    failures_.push_back(
        absl::StrCat("the clock of a gateway is not as it was set, see ", slot.log));
  replicas_.Set(number, slot.process->address());
}

void KeyedSoak::EndGateway(std::size_t number, int signal) {
  Gateway& slot = gateways_.at(number);
  if (slot.process->ended())
    failures_.push_back(absl::StrCat("a gateway ended by itself, see ", slot.log));
  if (std::exchange(slot.resume_at, std::nullopt)) slot.process->Signal(SIGCONT);
  slot.process->Signal(signal);
  const ProcessEnd end = slot.process->Wait(kPatienceForEnd);
  if (signal == SIGTERM && end.status != 0)
    failures_.push_back(absl::StrCat("a gateway did not end with status 0, see ", slot.log));
  slot.process.reset();
  ReadLog(slot.log);
}

// Logs of gateways with nothing to say are not kept.
void KeyedSoak::ReadLog(const std::string& log) {
  const auto reports = ReportsIn(log);
  if (!reports.empty())
    failures_.push_back(absl::StrCat("reports of a sanitizer in ", log, ": ", reports[0]));
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);) {
    if (!absl::StrContains(line, " key=")) continue;
    ++counts_["calls with a key in the gateways' access logs"];
    if (absl::StrContains(line, "replayed=true")) ++counts_["of them replayed"];
  }
  file.close();
  if (failures_.empty()) std::filesystem::remove(log);
}

void KeyedSoak::DisturbEnos(Clock::time_point now) {
  if (now >= next_enos_) {
    if (upstream_.down()) {
      const bool up = upstream_.Up().ok();
      next_enos_ = now + (up ? Random(5000, 15'000) : kTick);
    } else {
      upstream_.Down(Random(0, 1).count() == 0);
      next_enos_ = now + Random(20, 700);
    }
  }
  if (now >= next_revocation_) {
    upstream_.RevokeTokens();
    next_revocation_ = now + Random(3000, 9000);
  }
  upstream_.Collect();
}

void KeyedSoak::ResumeDue(Clock::time_point now) {
  for (Gateway& gateway : gateways_) {
    if (!gateway.resume_at || now < *gateway.resume_at) continue;
    gateway.resume_at.reset();
    gateway.process->Signal(SIGCONT);
  }
  if (database_stopped_ && now >= resume_database_) {
    postgres_.Resume();
    database_stopped_ = false;
  }
}

void KeyedSoak::Disturb(Clock::time_point now) {
  DisturbEnos(now);
  ResumeDue(now);
  if (now < next_hit_) return;
  next_hit_ = now + Random(700, 3000);
  const std::uint64_t dice = random_() % 100;
  if (dice < 65) {
    HitGateway(dice);
  } else if (!database_stopped_) {
    HitDatabase();
  }
}

void KeyedSoak::HitGateway(std::uint64_t dice) {
  const std::size_t number = random_() % gateways_.size();
  Gateway& slot = gateways_[number];
  if (slot.resume_at) return;
  if (dice < 35) {
    ++counts_["gateways killed (SIGKILL)"];
    EndGateway(number, SIGKILL);
    StartGateway(number);
  } else if (dice < 42) {
    ++counts_["gateways drained (SIGTERM)"];
    EndGateway(number, SIGTERM);
    StartGateway(number);
  } else {
    // Some for longer than a lease.
    ++counts_["gateways stopped (SIGSTOP) for 0.1 to 10 s"];
    slot.process->Signal(SIGSTOP);
    slot.resume_at = Clock::now() + Random(100, random_() % 3 == 0 ? 10'000 : 1500);
  }
}

void KeyedSoak::HitDatabase() {
  if (random_() % 2 == 0) {
    ++counts_["database killed (SIGKILL)"];
    postgres_.Kill();
    std::this_thread::sleep_for(Random(0, 1500));
    postgres_.Start();
  } else {
    ++counts_["database stopped (SIGSTOP) for 0.1 to 4 s"];
    postgres_.Pause();
    database_stopped_ = true;
    resume_database_ = Clock::now() + Random(100, 4000);
  }
}

// From now on nothing is hurt, so that callers get to know what became of their calls.
void KeyedSoak::Calm() {
  proxy_.SetShare(0);
  ResumeDue(Clock::time_point::max());
  if (upstream_.down() && !upstream_.Up().ok()) failures_.emplace_back("EnOS did not come up");
}

void KeyedSoak::StartLanguages() {
  for (const std::string& command : options_.language_callers) {
    auto caller = std::make_unique<LanguageCaller>(command);
    const int attempts = caller->AttemptsPerCall();
    Say(absl::StrFormat("gRPC's library for %s makes %d attempts for one call\n",
                        caller->language(), attempts));
    if (attempts < 2)
      failures_.push_back(absl::StrCat("the library for ", caller->language(), " repeats nothing"));
    languages_.push_back(std::move(caller));
  }
}

void KeyedSoak::RunPart(const Part& part, std::size_t number) {
  part_ = part;
  gateways_.resize(part.gateways);
  for (std::size_t i = 0; i < part.gateways; ++i) StartGateway(i);
  Mesh mesh(replicas_);
  KeyedCallers callers(replicas_, mesh.address(), options_.seed + number,
                       (number + 1) * options_.max_calls);
  const auto end = Clock::now() + options_.seconds / std::size(kParts);
  next_hit_ = next_enos_ = next_revocation_ = Clock::now() + Random(500, 1500);
  proxy_.SetShare(kCutPermille);
  callers.Start(options_.callers, languages_);
  while (Clock::now() < end && failures_.empty()) {
    Disturb(Clock::now());
    std::this_thread::sleep_for(kTick);
  }
  Calm();
  callers.Stop();
  mesh.Stop();
  replicas_.Clear();
  for (std::size_t i = 0; i < part.gateways; ++i) EndGateway(i, SIGTERM);
  gateways_.clear();
  upstream_.Collect();

  Executed executed;
  for (const auto& run : upstream_.executed()) {
    if (run.first / options_.max_calls == number + 1) executed.insert(run);
  }
  const KeyedLedger ledger = CompareKeyed(callers.told(), executed, upstream_.executed_at());
  Say(absl::StrFormat("%d gateways, --early_headers=%s\n%s", part.gateways,
                      part.early_headers ? "true" : "false", ToText(ledger)));
  if (ledger.Lies() > 0) failures_.emplace_back("keys were executed twice, or answers were false");
  if (ledger.met_started == 0 || ledger.met_reserved == 0 || ledger.met_doubt == 0)
    failures_.emplace_back("not every state of a key was met by a repeat");
  counts_["attempts over channels that repeat by themselves"] += callers.eager();
  counts_["attempts through the mesh"] += callers.meshed();
  counts_["repeats that the mesh made"] += mesh.repeats();
  counts_["attempts cancelled"] += callers.cancelled();
  std::uint64_t& slowest = counts_["slowest attempt (ms)"];
  slowest = std::max(slowest, callers.slowest_ms());
}

void KeyedSoak::CountRecords() {
  ProcessOptions psql{"/usr/bin/psql",
                      {"--no-psqlrc", "--tuples-only", "--no-align", "--dbname=" + postgres_.url(),
                       "--command=SELECT state, count(*) FROM enos_idempotency_keys GROUP BY 1"},
                      {}};
  Process process(std::move(psql));
  process.Wait();
  Say(absl::StrCat("Records in the database:\n", process.all_output()));
}

int KeyedSoak::Run() {
  if (postgres_.port() == 0 || proxy_.port() == 0 || !upstream_.Start().ok()) {
    std::fputs("soak: database, proxy or EnOS did not start\n", stderr);
    return 2;
  }
  StartLanguages();
  for (std::size_t i = 0; i < std::size(kParts) && failures_.empty(); ++i) RunPart(kParts[i], i);
  CountRecords();
  for (const auto& caller : languages_) {
    counts_[absl::StrCat("attempts over gRPC's library for ", caller->language())] =
        caller->calls();
    if (caller->broken())
      failures_.push_back(absl::StrCat("the caller in ", caller->language(), " hung or ended"));
  }
  if (upstream_.unaccounted() > 0) failures_.emplace_back("the sandbox forgot calls");
  for (int cut = 0; cut < CuttingProxy::kCuts; ++cut) {
    const auto where = static_cast<CuttingProxy::Cut>(cut);
    counts_[absl::StrCat("connections cut ", CuttingProxy::NameOf(where))] = proxy_.cuts(where);
  }
  counts_["statements sent to the database"] = proxy_.messages();
  counts_["EnOS: requests received"] = upstream_.Stats().received;
  counts_["EnOS: faults"] = upstream_.Stats().faults;
  counts_["EnOS: restarts"] = upstream_.restarts();
  counts_["EnOS: tokens revoked"] = upstream_.revocations();
  Say("What was done:\n");
  for (const auto& [what, count] : counts_) Say(absl::StrFormat("%8d  %s\n", count, what));
  for (const std::string& failure : failures_) Say(absl::StrCat("FAILED: ", failure, "\n"));
  if (failures_.empty()) Say("Nothing wrong was found.\n");
  std::ofstream(options_.directory + "/keys.txt") << text_;
  return failures_.empty() ? 0 : 1;
}

}  // namespace

int RunKeyedSoak(const Options& options) {
  if (!PostgresIsInstalled()) {
    std::fputs("soak: postgresql is not installed\n", stderr);
    return 2;
  }
  return KeyedSoak(options).Run();
}

}  // namespace enos::soak
