#ifndef ENOS_SERVER_CONFIG_SETTINGS_H_
#define ENOS_SERVER_CONFIG_SETTINGS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "server/base/address.h"
#include "server/base/secret.h"
#include "server/config/trace_settings.h"
#include "server/enos/api_version.h"
#include "server/log/log.h"
#include "server/tls/tls_material.h"

namespace enos::gateway {

// The longest wait for an access token within one call. Not a setting; --drain_timeout must leave
// room for it.
inline constexpr std::chrono::milliseconds kTokenWait = std::chrono::seconds(5);

// The gateway's settings at start-up. Every field is valid and they fit together
// (parse_settings.h); they do not change afterwards. Can be moved, but not copied, because it holds
// the keys. The defaults are here and, as text, in the table of settings; a test compares the two.
struct Settings {
  // -- Serving

  // Address of the RPC port. Beyond loopback only with TLS or with allow_plaintext.
  ListenAddress listen{"127.0.0.1", 50051};
  // Address of /metrics, /livez and /readyz, plain HTTP; nullopt: not served.
  std::optional<ListenAddress> metrics_listen{ListenAddress{"127.0.0.1", 9464}};
  // Unix-domain socket in addition to `listen`, for a proxy on this machine that says who calls;
  // empty: none.
  std::string front_socket;
  // Whether `listen` may be reachable from other machines without TLS.
  bool allow_plaintext = false;
  // The listener's TLS: certificate and key, both or neither, and optionally who signs clients'
  // certificates. `tls` is the checked content of the files at the start; they are reloaded when
  // they change.
  TlsFiles tls_files;
  std::optional<TlsMaterial> tls;
  // A client's connection is asked to close (GOAWAY) after this time, jittered by a tenth; its
  // calls may continue for drain_timeout: 0 (never) to 24 h.
  std::chrono::milliseconds max_connection_age = std::chrono::minutes(5);
  // Time limit for TLS and the client's first HTTP/2 frame: 100 ms to 1 min.
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds(10);
  // A connection without a call is asked to close after this time: 0 (never) to 24 h.
  std::chrono::milliseconds max_connection_idle = std::chrono::minutes(2);
  // Whether server reflection is offered.
  bool reflection = true;
  // Whether initial metadata is sent before the first byte of a call goes upstream (design: "Never
  // twice"; false makes automatic retries by the caller's library possible).
  bool early_headers = true;

  // -- Callers

  // The policy (JSON) that says who may call for what; empty: anyone who can reach `listen` may
  // start any flow.
  std::string policy_file;
  // Public keys (a JSON Web Key Set, or PEM) to verify bearer tokens with, their issuer and their
  // audience; all three or none, and only with a policy.
  std::string jwt_keys_file;
  std::string jwt_issuer;
  std::string jwt_audience;
  // Maximum calls in flight per caller: 1 to 1,000,000; 0: no per-caller limit.
  int64_t max_in_flight_per_caller = 0;

  // -- EnOS

  // Its API gateway. Plain http only to loopback or with allow_plaintext_upstream.
  BaseUrl enos_url;
  ApiVersion enos_api_version = ApiVersion::kV20;
  ParametersAs parameters_as = ParametersAs::kArray;
  // File of CA certificates (PEM) to check EnOS's certificate against; empty: the system's.
  std::string enos_ca_file;
  bool allow_plaintext_upstream = false;
  // Both: 1 to 4096 printable ASCII characters without spaces.
  Secret access_key;
  Secret secret_key;
  // The files they came from, which are reloaded when they change; empty: from the environment.
  std::string access_key_file;
  std::string secret_key_file;
  // Whether this EnOS answers 503 only before executing, so that such calls may be retried.
  bool trust_503 = false;
  // Maximum number of attempts per call, including the first: 1 to 10. Only what was certainly not
  // executed is retried.
  int max_attempts = 3;

  // -- Time: whole milliseconds

  // Time limit of a call whose deadline allows more: 1 ms to 1 h.
  std::chrono::milliseconds upstream_timeout = std::chrono::seconds(30);
  // Between polls of a watched run: 1 s to 1 h.
  std::chrono::milliseconds watch_interval = std::chrono::seconds(5);
  // Polls of a run that fail in a row before its watches end: 1 to 1000.
  int64_t watch_failures = 5;
  // Time limit for connecting to EnOS, including TLS: 1 ms to 5 min.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  // A connection to EnOS that has been idle for longer is not reused: 1 s to 1 h. Shorter than the
  // idle timeout of EnOS (or the load balancer in front of it).
  std::chrono::milliseconds upstream_idle_timeout = std::chrono::seconds(30);
  // Older connections to EnOS are not reused: 1 s to 24 h.
  std::chrono::milliseconds upstream_max_connection_age = std::chrono::minutes(5);

  // -- Check: instead of serving

  bool check = false;
  // The flow that runs are really started of, and for whom: all three or none (0 and empty).
  int64_t probe_flow = 0;
  std::string probe_user;
  std::string probe_org;

  // -- Load

  // Maximum calls in flight: 1 to 1,000,000.
  int64_t max_in_flight = 10000;
  // Of runs, in the process: 1 to 100000.
  int64_t max_watches = 1000;
  // Resident memory, in MiB, above which connections that use it without making calls are cut: 0
  // (never) to 1,000,000. nullopt: three quarters of the container's limit, if it has one.
  std::optional<int64_t> max_memory;

  // -- Idempotency keys

  // The database that remembers them: sqlite:/PATH or postgresql://..., with its password; empty:
  // calls with a key are refused.
  Secret idempotency_store;
  // The file it came from; empty: from the environment.
  std::string idempotency_store_file;
  // How long a key is remembered: 1 h to 31 days.
  std::chrono::milliseconds idempotency_ttl = std::chrono::hours(24);

  // -- Removed settings that are still set

  struct Removed {
    std::string_view name;     // as it was set: flag or variable
    std::string_view because;  // what applies instead
  };
  std::vector<Removed> removed;

  // -- Files

  // Time between checks of the files that may change while the gateway runs: 100 ms to 1 h.
  std::chrono::milliseconds reload_interval = std::chrono::seconds(5);

  // -- Shutdown

  // Time between reporting NOT_SERVING and refusing calls after SIGTERM: 0 to 1 h.
  std::chrono::milliseconds drain_delay = std::chrono::seconds(5);
  // Time for calls in flight to finish after that: up to 24 h; longer than upstream_timeout +
  // kTokenWait.
  std::chrono::milliseconds drain_timeout = std::chrono::seconds(45);

  // -- Traces: OpenTelemetry's own variables

  TraceSettings traces;

  // -- Log

  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kLogfmt;
  bool log_user_id = false;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONFIG_SETTINGS_H_
