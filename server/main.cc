// The program enos-flow-gateway: reads the settings, runs the gateway, stops it on a signal.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

#include "absl/synchronization/mutex.h"
#include "server/base/descriptors.h"
#include "server/base/process.h"
#include "server/base/read_file.h"
#include "server/base/signals.h"
#include "server/check/run_check.h"
#include "server/config/parse_settings.h"
#include "server/config/sources.h"
#include "server/gateway.h"
#include "server/keystore/open_key_store.h"
#include "server/log/grpc_log.h"
#include "server/log/log.h"
#include "server/tracing/tracer.h"

namespace {

using namespace enos::gateway;  // NOLINT(google-build-using-namespace): this file is the program

constexpr int kCannotStart = 1;
constexpr int kCheckFailed = 1;
constexpr int kWrongSetting = 2;
constexpr std::chrono::milliseconds kTimeToWriteLog{2000};

int Exit(const ExitNow& exit) {
  std::fputs(exit.text.c_str(), exit.status == 0 ? stdout : stderr);
  return exit.status;
}

std::optional<ExitNow> CheckStore(const Settings& settings) {
  if (settings.idempotency_store.empty()) return std::nullopt;
  const auto expected = FindStoreProblem(settings.idempotency_store.Reveal());
  return expected ? std::optional(WrongStore(settings, *expected)) : std::nullopt;
}

void RegisterKeys(const Settings& settings) {
  RegisterSecret(settings.access_key.Reveal(), SecretLife::kForever);
  RegisterSecret(settings.secret_key.Reveal(), SecretLife::kForever);
  for (const auto& [name, value] : settings.traces.headers)
    RegisterSecret(value, SecretLife::kForever);
}

void StartLogging(const Settings& settings) {
  LogOptions options;
  options.level = settings.log_level;
  options.format = settings.log_format;
  StartLog(std::move(options));
  InstallGrpcLog();
  RegisterKeys(settings);
}

RandomSource Randomness() {
  return [engine = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

// Waits for SIGTERM or SIGINT. Meanwhile SIGHUP switches the log to debug and, the next time, back:
// this needs no file, and leaves nothing behind.
int WaitForTheEnd(LogLevel configured) {
  LogLevel level = configured;
  int signal = WaitForSignal();
  for (; signal == SIGHUP; signal = WaitForSignal()) {
    level = level == configured ? std::min(LogLevel::kDebug, configured) : configured;
    SetLogLevel(level);
    Log(LogLevel::kInfo, "log level changed", {{"debug", level <= LogLevel::kDebug}});
  }
  return signal;
}

// What keeps others from calling at the port, and a call from being made twice.
struct Protection {
  explicit Protection(const Settings& settings)
      : tls(settings.tls),
        mtls(settings.tls && settings.tls->client_ca),
        policy(!settings.policy_file.empty()),
        tokens(!settings.jwt_keys_file.empty()),
        idempotency(StoreKind(settings.idempotency_store.Reveal())) {}
  bool tls;                      // encrypted
  bool mtls;                     // clients show a certificate
  bool policy;                   // not everybody may call for everything
  bool tokens;                   // callers show a token
  std::string_view idempotency;  // where keys are remembered; "off"
};

std::string_view OnOff(bool on) { return on ? "on" : "off"; }

// Until a signal asks it to stop; a second one then ends the process at once.
void ServeUntilSignal(Gateway& gateway, std::chrono::milliseconds drain_delay, LogLevel log_level,
                      const Protection& protection) {
  if (!gateway.metrics_address().empty()) {
    Log(LogLevel::kInfo, "operations endpoint", {{"metrics_address", gateway.metrics_address()}});
  }
  Log(LogLevel::kInfo, "listening",
      {{"address", gateway.address()},
       {"tls", OnOff(protection.tls)},
       {"mtls", OnOff(protection.mtls)},
       {"policy", OnOff(protection.policy)},
       {"tokens", OnOff(protection.tokens)},
       {"idempotency", protection.idempotency}});
  const int signal = WaitForTheEnd(log_level);
  EndAtOnceOnNextSignal();
  Log(LogLevel::kInfo, "ending", {{"signal", signal}, {"drain_delay_ms", drain_delay.count()}});
  gateway.StopServing();
  // Load balancers need this time to see that no new calls should come here; calls are still
  // served.
  std::this_thread::sleep_for(drain_delay);
  gateway.Drain();
  Log(LogLevel::kInfo, "ended");
}

// Nothing is logged: what there is to say are the lines of the checks.
int Check(Settings settings) {
  EndAtOnceOnNextSignal();
  RegisterKeys(settings);
  const auto all_well = RunCheck(std::move(settings), Randomness(), [](std::string_view line) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fflush(stdout);
  });
  if (all_well.ok()) return *all_well ? 0 : kCheckFailed;
  std::fprintf(stderr, "enos-flow-gateway: %s\n", std::string(all_well.status().message()).c_str());
  return kWrongSetting;
}

// Only where somebody asked for them.
void SayWhereTracesGo(const TraceSettings& traces) {
  if (traces.endpoint.empty()) return;
  if (CanExportTraces()) {
    Log(LogLevel::kInfo, "traces are exported", {{"endpoint", traces.endpoint}});
  } else {
    Log(LogLevel::kWarning, "traces are not exported",
        {{"because", "this program was built without opentelemetry-cpp"}});
  }
}

int Run(Settings settings) {
  StartLogging(settings);
  SayWhereTracesGo(settings.traces);
  if (!settings.tls && !settings.listen.IsLoopback()) {
    Log(LogLevel::kWarning, "calls are accepted in plaintext from other machines",
        {{"listen", settings.listen.ToString()}, {"because", "--allow_plaintext"}});
  }
  for (const Settings::Removed& removed : settings.removed) {
    Log(LogLevel::kWarning, "a removed setting has no effect",
        {{"setting", removed.name}, {"because", removed.because}});
  }
  const auto drain_delay = settings.drain_delay;
  const LogLevel log_level = settings.log_level;
  const Protection protection(settings);
  Gateway gateway(std::move(settings), Randomness());
  if (const absl::Status started = gateway.Start(); !started.ok()) {
    StopLog(kTimeToWriteLog);
    std::fprintf(stderr, "enos-flow-gateway: %s\n", std::string(started.message()).c_str());
    return started.code() == absl::StatusCode::kInvalidArgument ? kWrongSetting : kCannotStart;
  }
  ServeUntilSignal(gateway, drain_delay, log_level, protection);
  StopLog(kTimeToWriteLog);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  BlockSignals();
  DisableCoreDumps();
  // Debian builds Abseil with deadlock detection switched on; gRPC's many locks then pay for it on
  // every call.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  auto parsed = ParseSettings(argc, argv, &LookUpEnvironment, &ReadWholeFile, EnvironmentNames());
  if (const auto* exit = std::get_if<ExitNow>(&parsed)) return Exit(*exit);
  auto& settings = std::get<Settings>(parsed);
  auto traces = ReadTraceSettings(&LookUpEnvironment, &ReadWholeFile, CanExportTraces());
  if (!traces.ok()) {
    std::fprintf(stderr, "enos-flow-gateway: %s\n", std::string(traces.status().message()).c_str());
    return kWrongSetting;
  }
  settings.traces = *std::move(traces);
  if (const auto exit = CheckStore(settings)) return Exit(*exit);
  if (const auto exit = CheckDescriptors(settings, RaiseDescriptorLimit())) return Exit(*exit);
  return settings.check ? Check(std::move(settings)) : Run(std::move(settings));
} catch (const std::exception& error) {  // out of memory or of threads
  std::fprintf(stderr, "enos-flow-gateway: cannot continue: %s\n", error.what());
  return kCannotStart;
}
