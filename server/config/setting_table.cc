#include "server/config/setting_table.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "server/base/listening_socket.h"
#include "server/config/values.h"

namespace enos::gateway {
namespace {

constexpr std::string_view kServing = "Serving";
constexpr std::string_view kCallers = "Callers";
constexpr std::string_view kEnos = "EnOS";
constexpr std::string_view kTime = "Time";
constexpr std::string_view kLoad = "Load";
constexpr std::string_view kFiles = "Files";
constexpr std::string_view kShutdown = "Shutdown";
constexpr std::string_view kLog = "Log";
constexpr std::string_view kCheck = "Check";

constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;

// Stores a parser's result.
template <typename Found, typename Field>
bool Store(const Found& found, Field* field) {
  if (!found) return false;
  // The field may itself be an optional one.
  *field = static_cast<Field>(*found);  // NOLINT(bugprone-optional-value-conversion)
  return true;
}

template <auto kField>
bool SetSwitch(std::string_view text, Settings* settings) {
  return Store(ParseSwitch(text), &(settings->*kField));
}

template <auto kField, int64_t kLeast, int64_t kMost>
bool SetInteger(std::string_view text, Settings* settings) {
  return Store(ParseIntegerBetween(text, kLeast, kMost), &(settings->*kField));
}

// The limits are in milliseconds.
template <auto kField, int64_t kLeast, int64_t kMost>
bool SetDuration(std::string_view text, Settings* settings) {
  using std::chrono::milliseconds;
  return Store(ParseDurationBetween(text, milliseconds(kLeast), milliseconds(kMost)),
               &(settings->*kField));
}

bool SetListen(std::string_view text, Settings* settings) {
  return Store(ParseListenAddress(text), &settings->listen);
}

bool SetMetricsListen(std::string_view text, Settings* settings) {
  if (text.empty()) {
    settings->metrics_listen.reset();
    return true;
  }
  return Store(ParseListenAddress(text), &settings->metrics_listen);
}

// ParseSettings finds out whether the file can be read.
bool StorePath(std::string_view text, std::string* field) {
  if (text.find('\0') != std::string_view::npos) return false;
  *field = std::string(text);
  return true;
}

bool SetFrontSocket(std::string_view text, Settings* settings) {
  const bool is_path = text.empty() || (text.front() == '/' && text.back() != '/');
  if (!is_path || text.size() > ListeningSocket::kMaxPathBytes) return false;
  return StorePath(text, &settings->front_socket);
}

bool SetEnosUrl(std::string_view text, Settings* settings) {
  return Store(ParseBaseUrl(text), &settings->enos_url);
}

bool SetApiVersion(std::string_view text, Settings* settings) {
  if (text != "v2.0" && text != "v2.1") return false;
  settings->enos_api_version = text == "v2.0" ? ApiVersion::kV20 : ApiVersion::kV21;
  return true;
}

bool SetParametersAs(std::string_view text, Settings* settings) {
  if (text != "array" && text != "string") return false;
  settings->parameters_as = text == "array" ? ParametersAs::kArray : ParametersAs::kString;
  return true;
}

bool SetProbeFlow(std::string_view text, Settings* settings) {
  if (text.empty()) {
    settings->probe_flow = 0;
    return true;
  }
  return Store(ParseIntegerBetween(text, 1, INT32_MAX), &settings->probe_flow);
}

// As user_id and org_id of a call.
template <auto kField>
bool SetProbeId(std::string_view text, Settings* settings) {
  constexpr size_t kMaxBytes = 256;
  if (text.size() > kMaxBytes || text.find('\0') != std::string_view::npos) return false;
  settings->*kField = std::string(text);
  return true;
}

// A path, or another text without NUL. What it means is checked later.
template <auto kField>
bool SetText(std::string_view text, Settings* settings) {
  if (text.find('\0') != std::string_view::npos) return false;
  settings->*kField = std::string(text);
  return true;
}

bool SetCaFile(std::string_view text, Settings* settings) {
  return StorePath(text, &settings->enos_ca_file);
}

template <auto kField>
bool SetTlsFile(std::string_view text, Settings* settings) {
  return StorePath(text, &(settings->tls_files.*kField));
}

bool SetMaxMemory(std::string_view text, Settings* settings) {
  if (text == "auto") {
    settings->max_memory.reset();
    return true;
  }
  return Store(ParseIntegerBetween(text, 0, 1000000), &settings->max_memory);
}

bool SetLogLevel(std::string_view text, Settings* settings) {
  constexpr std::string_view kNames[] = {"trace", "debug", "info", "warning", "error"};
  const auto* const name = std::find(std::begin(kNames), std::end(kNames), text);
  if (name == std::end(kNames)) return false;
  settings->log_level = static_cast<LogLevel>(name - std::begin(kNames));
  return true;
}

bool SetLogFormat(std::string_view text, Settings* settings) {
  if (text != "logfmt" && text != "json") return false;
  settings->log_format = text == "json" ? LogFormat::kJson : LogFormat::kLogfmt;
  return true;
}

std::vector<SettingInfo> ServingSettings() {
  return {
      {kServing, "--listen", "ENOS_GATEWAY_LISTEN", "HOST:PORT", "127.0.0.1:50051",
       "Address to serve the RPC on; beyond this machine only with TLS or --allow_plaintext.",
       "an IP address or localhost, and a port, like 127.0.0.1:50051, [::1]:50051 or :50051", false,
       &SetListen},
      {kServing, "--metrics_listen", "ENOS_GATEWAY_METRICS_LISTEN", "HOST:PORT", "127.0.0.1:9464",
       "Address to serve /metrics, /livez and /readyz on, in plain HTTP; empty turns them off.",
       "an IP address or localhost, and a port, like 127.0.0.1:9464, or nothing", false,
       &SetMetricsListen},
      {kServing, "--front_socket", "ENOS_GATEWAY_FRONT_SOCKET", "PATH", "",
       "Also serve on this Unix-domain socket, in plaintext, for a proxy on this machine. What the "
       "proxy says about callers is trusted: x-enos-client-cert and x-forwarded-for.",
       "an absolute path of at most 107 bytes, or nothing", false, &SetFrontSocket},
      {kServing, "--allow_plaintext", "ENOS_GATEWAY_ALLOW_PLAINTEXT", "", "false",
       "Let other machines reach --listen without encryption.", "true or false", false,
       &SetSwitch<&Settings::allow_plaintext>},
      {kServing, "--tls_cert_file", "ENOS_GATEWAY_TLS_CERT_FILE", "PATH", "",
       "Serve over TLS with this certificate (PEM), followed by its intermediates. This file and "
       "the next two are reloaded when they change.",
       "a file of PEM certificates that can be read, the server's own first, or nothing", false,
       &SetTlsFile<&TlsFiles::certificate>},
      {kServing, "--tls_key_file", "ENOS_GATEWAY_TLS_KEY_FILE", "PATH", "",
       "The private key (PEM, not encrypted) of that certificate.",
       "a file with the PEM private key of the certificate, not encrypted, or nothing", false,
       &SetTlsFile<&TlsFiles::key>},
      {kServing, "--tls_client_ca_file", "ENOS_GATEWAY_TLS_CLIENT_CA_FILE", "PATH", "",
       "Serve only clients with a certificate signed by one of these authorities (PEM).",
       "a file of PEM certificates that can be read, or nothing", false,
       &SetTlsFile<&TlsFiles::client_ca>},
      {kServing, "--max_connection_age", "ENOS_GATEWAY_MAX_CONNECTION_AGE", "DURATION", "5m",
       "Ask clients to reconnect after this time, so that new replicas get their share; calls in "
       "flight continue. 0: never.",
       "a duration from 0s to 24h in whole milliseconds, like 5m or 0", false,
       &SetDuration<&Settings::max_connection_age, 0, 24 * kHour>},
      {kServing, "--max_connection_idle", "ENOS_GATEWAY_MAX_CONNECTION_IDLE", "DURATION", "2m",
       "Close client connections that have had no call for this time. 0: never.",
       "a duration from 0s to 24h in whole milliseconds, like 2m or 0", false,
       &SetDuration<&Settings::max_connection_idle, 0, 24 * kHour>},
      {kServing, "--handshake_timeout", "ENOS_GATEWAY_HANDSHAKE_TIMEOUT", "DURATION", "10s",
       "Time limit for a client to connect, including TLS and its first HTTP/2 frame.",
       "a duration from 100ms to 1m in whole milliseconds, like 10s or 500ms", false,
       &SetDuration<&Settings::handshake_timeout, 100, kMinute>},
      {kServing, "--reflection", "ENOS_GATEWAY_REFLECTION", "", "true",
       "Offer gRPC server reflection.", "true or false", false, &SetSwitch<&Settings::reflection>},
      {kServing, "--early_headers", "ENOS_GATEWAY_EARLY_HEADERS", "", "true",
       "Send response headers before a call goes to EnOS, so that no gRPC library retries it "
       "automatically if the gateway dies.",
       "true or false", false, &SetSwitch<&Settings::early_headers>},
  };
}

std::vector<SettingInfo> CallerSettings() {
  return {
      {kCallers, "--policy_file", "ENOS_GATEWAY_POLICY_FILE", "PATH", "",
       "The policy (JSON) that says who may call for which organization, user and flow. Without "
       "one, anyone who can reach --listen may start any flow. Reloaded when it changes.",
       "a policy file that can be read, or nothing", false, &SetText<&Settings::policy_file>},
      {kCallers, "--jwt_keys_file", "ENOS_GATEWAY_JWT_KEYS_FILE", "PATH", "",
       "Public keys to verify callers' bearer tokens (JWT) with: a JSON Web Key Set, or PEM. "
       "Reloaded when it changes.",
       "a file of public keys that can be read, or nothing", false,
       &SetText<&Settings::jwt_keys_file>},
      {kCallers, "--jwt_issuer", "ENOS_GATEWAY_JWT_ISSUER", "TEXT", "",
       "The issuer of the tokens (iss).", "the issuer as it appears in tokens, or nothing", false,
       &SetText<&Settings::jwt_issuer>},
      {kCallers, "--jwt_audience", "ENOS_GATEWAY_JWT_AUDIENCE", "TEXT", "",
       "The audience of the tokens (aud): a name for this gateway.",
       "the audience as it appears in tokens, or nothing", false,
       &SetText<&Settings::jwt_audience>},
      {kCallers, "--max_in_flight_per_caller", "ENOS_GATEWAY_MAX_IN_FLIGHT_PER_CALLER", "NUMBER",
       "0",
       "Maximum number of calls in flight per caller, identified by identity or else by address. "
       "0: no per-caller limit.",
       "a number from 0 to 1000000", false,
       &SetInteger<&Settings::max_in_flight_per_caller, 0, 1000000>},
  };
}

std::vector<SettingInfo> EnosSettings() {
  return {
      {kEnos, "--enos_url", "ENOS_API_URL", "URL", "", "The address of EnOS's API gateway.",
       "https://HOST or https://HOST:PORT, with no path, user, query or fragment", true,
       &SetEnosUrl},
      {kEnos, "--enos_api_version", "ENOS_API_VERSION", "VERSION", "v2.0",
       "The generation of the batch processing service: v2.0 or v2.1 (EnOS 2.1.2 and later).",
       "v2.0 or v2.1", false, &SetApiVersion},
      {kEnos, "--parameters_as", "ENOS_GATEWAY_PARAMETERS_AS", "FORM", "array",
       "How a flow's parameters are sent: array, as EnOS documents them, or string, the same array "
       "as JSON text in a string, as the vendor's samples in Java send them.",
       "array or string", false, &SetParametersAs},
      {kEnos, "--enos_ca_file", "ENOS_GATEWAY_ENOS_CA_FILE", "PATH", "",
       "CA certificates (PEM) to check EnOS's certificate against, instead of the system's.",
       "a file of PEM certificates that can be read, or nothing", false, &SetCaFile},
      {kEnos, "--allow_plaintext_upstream", "ENOS_GATEWAY_ALLOW_PLAINTEXT_UPSTREAM", "", "false",
       "Accept an http:// address of EnOS on another machine.", "true or false", false,
       &SetSwitch<&Settings::allow_plaintext_upstream>},
      {kEnos, "--trust_503", "ENOS_GATEWAY_TRUST_503", "", "false",
       "This EnOS answers 503 only before executing a call: such calls are retried.",
       "true or false", false, &SetSwitch<&Settings::trust_503>},
      {kEnos, "--max_attempts", "ENOS_GATEWAY_MAX_ATTEMPTS", "NUMBER", "3",
       "Maximum number of attempts per call, as long as it was certainly not executed.",
       "a number from 1 to 10", false, &SetInteger<&Settings::max_attempts, 1, 10>},
  };
}

std::vector<SettingInfo> TimeSettings() {
  return {
      {kTime, "--upstream_timeout", "ENOS_GATEWAY_UPSTREAM_TIMEOUT", "DURATION", "30s",
       "Time limit of a call whose deadline allows more.",
       "a duration from 1ms to 1h in whole milliseconds, like 30s or 1m30s", false,
       &SetDuration<&Settings::upstream_timeout, 1, kHour>},
      {kTime, "--watch_interval", "ENOS_GATEWAY_WATCH_INTERVAL", "DURATION", "5s",
       "How often EnOS is asked about a watched run; all who watch it share the poll.",
       "a duration from 1s to 1h in whole milliseconds, like 5s or 1m", false,
       &SetDuration<&Settings::watch_interval, kSecond, kHour>},
      {kTime, "--watch_failures", "ENOS_GATEWAY_WATCH_FAILURES", "NUMBER", "5",
       "Failed polls in a row after which the watches of a run end with the last error.",
       "a number from 1 to 1000", false, &SetInteger<&Settings::watch_failures, 1, 1000>},
      {kTime, "--connect_timeout", "ENOS_GATEWAY_CONNECT_TIMEOUT", "DURATION", "5s",
       "Time limit for connecting to EnOS, including TLS.",
       "a duration from 1ms to 5m in whole milliseconds, like 5s or 500ms", false,
       &SetDuration<&Settings::connect_timeout, 1, 5 * kMinute>},
      {kTime, "--upstream_idle_timeout", "ENOS_GATEWAY_UPSTREAM_IDLE_TIMEOUT", "DURATION", "30s",
       "Connections to EnOS that have been idle for longer are not reused; keep it shorter than "
       "the other side's.",
       "a duration from 1s to 1h in whole milliseconds, like 30s or 1m30s", false,
       &SetDuration<&Settings::upstream_idle_timeout, kSecond, kHour>},
      {kTime, "--upstream_max_connection_age", "ENOS_GATEWAY_UPSTREAM_MAX_CONNECTION_AGE",
       "DURATION", "5m",
       "Older connections to EnOS are not reused, so that calls follow its name to other "
       "addresses.",
       "a duration from 1s to 24h in whole milliseconds, like 5m or 1h", false,
       &SetDuration<&Settings::upstream_max_connection_age, kSecond, 24 * kHour>},
      {kTime, "--idempotency_ttl", "ENOS_GATEWAY_IDEMPOTENCY_TTL", "DURATION", "24h",
       "How long an idempotency key is remembered; a UUID of version 7 that is older is refused.",
       "a duration from 1h to 744h in whole milliseconds, like 24h", false,
       &SetDuration<&Settings::idempotency_ttl, kHour, 744 * kHour>},
  };
}

std::vector<SettingInfo> LoadSettings() {
  return {
      {kLoad, "--max_in_flight", "ENOS_GATEWAY_MAX_IN_FLIGHT", "NUMBER", "10000",
       "Maximum number of calls in flight; more are refused. Each needs a connection to EnOS, and "
       "so a descriptor (ulimit -n).",
       "a number from 1 to 1000000", false, &SetInteger<&Settings::max_in_flight, 1, 1000000>},
      {kLoad, "--max_watches", "ENOS_GATEWAY_MAX_WATCHES", "NUMBER", "1000",
       "Maximum number of runs' watches at once; more are refused. They do not count in "
       "--max_in_flight.",
       "a number from 1 to 100000", false, &SetInteger<&Settings::max_watches, 1, 100000>},
      {kLoad, "--max_memory", "ENOS_GATEWAY_MAX_MEMORY", "MIB", "auto",
       "Resident memory in MiB above which connections that use memory without making calls are "
       "cut; auto is three quarters of the container's limit, if it has one. 0: never.",
       "auto, or a number of MiB from 0 to 1000000", false, &SetMaxMemory},
  };
}

std::vector<SettingInfo> FileSettings() {
  return {
      {kFiles, "--reload_interval", "ENOS_GATEWAY_RELOAD_INTERVAL", "DURATION", "5s",
       "How often to check reloadable files for changes; a change takes effect when two "
       "consecutive "
       "checks agree.",
       "a duration from 100ms to 1h in whole milliseconds, like 5s or 500ms", false,
       &SetDuration<&Settings::reload_interval, 100, kHour>},
  };
}

std::vector<SettingInfo> ShutdownAndLogSettings() {
  return {
      {kShutdown, "--drain_delay", "ENOS_GATEWAY_DRAIN_DELAY", "DURATION", "5s",
       "Time between reporting NOT_SERVING and refusing calls on SIGTERM.",
       "a duration from 0s to 1h in whole milliseconds, like 5s or 500ms", false,
       &SetDuration<&Settings::drain_delay, 0, kHour>},
      {kShutdown, "--drain_timeout", "ENOS_GATEWAY_DRAIN_TIMEOUT", "DURATION", "45s",
       "Time for calls in flight to finish after that; more than 5s longer than "
       "--upstream_timeout.",
       "a duration from 1ms to 24h in whole milliseconds, like 45s or 2m", false,
       &SetDuration<&Settings::drain_timeout, 1, 24 * kHour>},
      {kLog, "--log_level", "ENOS_GATEWAY_LOG_LEVEL", "LEVEL", "info",
       "Minimum level of the lines written: trace, debug, info, warning or error. SIGHUP switches "
       "to debug, and the next one back.",
       "trace, debug, info, warning or error", false, &SetLogLevel},
      {kLog, "--log_format", "ENOS_GATEWAY_LOG_FORMAT", "FORMAT", "logfmt",
       "Format of the lines: logfmt (readable, with named fields) or json.", "logfmt or json",
       false, &SetLogFormat},
      {kLog, "--log_user_id", "ENOS_GATEWAY_LOG_USER_ID", "", "false",
       "Note the user id of each call in its line: in most places personal data.", "true or false",
       false, &SetSwitch<&Settings::log_user_id>},
  };
}

std::vector<SettingInfo> CheckSettings() {
  return {
      {kCheck, "--check", "", "", "false",
       "Check settings, EnOS's address, token, clock, paths and time zone, a line each, and exit: "
       "0 if all is well, 1 if something failed. Opens no port and starts nothing.",
       "true or false", false, &SetSwitch<&Settings::check>},
      {kCheck, "--probe_flow", "", "FLOW_ID", "",
       "With --check, really start a few runs of this flow, to find out what the documentation of "
       "EnOS leaves open: the form of parameters, a second call in the same minute, reading runs.",
       "a flow id from 1 to 2147483647, or nothing", false, &SetProbeFlow},
      {kCheck, "--probe_user", "", "USER_ID", "", "The EnOS user that these runs are started for.",
       "a user id of at most 256 bytes, or nothing", false, &SetProbeId<&Settings::probe_user>},
      {kCheck, "--probe_org", "", "ORG_ID", "", "That user's organization.",
       "an organization id of at most 256 bytes, or nothing", false,
       &SetProbeId<&Settings::probe_org>},
  };
}

std::vector<SettingInfo> AllSettings() {
  std::vector<SettingInfo> all;
  for (const auto& part :
       {ServingSettings(), CallerSettings(), EnosSettings(), TimeSettings(), LoadSettings(),
        FileSettings(), ShutdownAndLogSettings(), CheckSettings()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

const std::vector<SettingInfo>& SettingTable() {
  static const auto& table = *new std::vector<SettingInfo>(AllSettings());
  return table;
}

const std::vector<RemovedSetting>& RemovedSettings() {
  constexpr std::string_view kNoQueue = "calls beyond --max_in_flight are refused at once";
  static const auto& table = *new std::vector<RemovedSetting>{
      {"--max_queue", "ENOS_GATEWAY_MAX_QUEUE", kNoQueue},
      {"--max_queue_wait", "ENOS_GATEWAY_MAX_QUEUE_WAIT", kNoQueue},
  };
  return table;
}

const SettingInfo& SettingNamed(std::string_view flag) {
  for (const SettingInfo& setting : SettingTable()) {
    if (setting.flag == flag) return setting;
  }
  std::abort();  // a typo in the program
}

const std::vector<KeyInfo>& KeyTable() {
  constexpr std::string_view kKeyText = "1 to 4096 printable ASCII characters without spaces";
  static const auto& table = *new std::vector<KeyInfo>{
      {"ENOS_ACCESS_KEY", "ENOS_ACCESS_KEY_FILE", "the application's AccessKey", true, kKeyText,
       &IsKeyText, &Settings::access_key, &Settings::access_key_file},
      {"ENOS_SECRET_KEY", "ENOS_SECRET_KEY_FILE", "the application's SecretKey", true, kKeyText,
       &IsKeyText, &Settings::secret_key, &Settings::secret_key_file},
      {"ENOS_GATEWAY_IDEMPOTENCY_STORE", "ENOS_GATEWAY_IDEMPOTENCY_STORE_FILE",
       "the database that remembers idempotency keys: sqlite:/PATH (one gateway on one disk) or "
       "postgresql://USER:PASSWORD@HOST/DATABASE (any number of gateways)",
       false,
       "sqlite:/PATH or postgresql://..., at most 4096 printable ASCII characters without spaces",
       &IsStoreText, &Settings::idempotency_store, &Settings::idempotency_store_file},
  };
  return table;
}

}  // namespace enos::gateway
