#include "enos/flow/channel.h"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "regular_file.h"

namespace enos::flow {
namespace {

constexpr int kKeepaliveTimeMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr int kInitialReconnectMs = 250;
constexpr int kMaxReconnectMs = 10'000;
// gRPC queries DNS at most every 30 s by default, which is longer than a rolling restart takes to
// replace all the gateways that it knows.
constexpr int kDnsMinIntervalMs = 2'000;
// As in client/service_config.json: all connections in turn; never a retryPolicy.
constexpr char kServiceConfig[] = R"({"loadBalancingConfig": [{"round_robin": {}}]})";

bool HasTlsSettings(const ChannelOptions& options) {
  return !options.ca_file.empty() || !options.cert_file.empty() || !options.key_file.empty() ||
         !options.server_name.empty();
}

bool IsUnixSocket(const std::string& address) {
  return absl::StartsWith(address, "unix:") || absl::StartsWith(address, "unix-abstract:");
}

// The host of host:port, without gRPC's scheme and without the brackets of IPv6.
std::string HostOf(const std::string& address) {
  absl::string_view rest = address;
  if (!absl::ConsumePrefix(&rest, "dns:///") && !absl::ConsumePrefix(&rest, "ipv4:")) {
    absl::ConsumePrefix(&rest, "ipv6:");
  }
  if (absl::ConsumePrefix(&rest, "[")) {
    const size_t end = rest.find(']');
    return end == absl::string_view::npos ? std::string() : std::string(rest.substr(0, end));
  }
  const size_t colon = rest.rfind(':');
  return std::string(rest.substr(0, colon));
}

absl::Status ReadPem(const char* option, const std::string& path, std::string& pem) {
  if (path.empty()) return absl::OkStatus();
  auto content = ReadRegularFile(path, std::string::npos);
  if (!content.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, "=", path, ": cannot be read (", content.status().message(), ")"));
  }
  pem = *std::move(content);
  if (!absl::StrContains(pem, "-----BEGIN ")) {
    return absl::InvalidArgumentError(absl::StrCat(option, "=", path, ": expected a PEM file"));
  }
  return absl::OkStatus();
}

// Of "http://" or "https://", which people copy from elsewhere.
absl::Status CheckScheme(const std::string& address) {
  absl::string_view rest = address;
  const bool tls = absl::ConsumePrefix(&rest, "https://");
  if (!tls && !absl::ConsumePrefix(&rest, "http://")) return absl::OkStatus();
  const std::string host(rest.substr(0, rest.find('/')));
  return absl::InvalidArgumentError(absl::StrCat(
      "address=", address, ": expected host:port without ", tls ? "https://" : "http://", ", here ",
      host, absl::StrContains(host, ":") ? "" : ":443", ", with ", tls ? "tls" : "plaintext",
      " where that is not the default"));
}

absl::Status CheckOptions(const ChannelOptions& options) {
  absl::Status scheme = CheckScheme(options.address);
  if (!scheme.ok()) return scheme;
  if (!IsUnixSocket(options.address) &&
      (HostOf(options.address).empty() || !absl::StrContains(options.address, ":"))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "address=", options.address, ": expected host:port, for example gateway.example.com:443"));
  }
  if (options.security == Security::kPlaintext && HasTlsSettings(options)) {
    return absl::InvalidArgumentError(
        "plaintext: cannot be combined with ca_file, cert_file, key_file or server_name, which are "
        "for TLS");
  }
  if (options.cert_file.empty() != options.key_file.empty()) {
    return absl::InvalidArgumentError(
        options.key_file.empty()
            ? absl::StrCat("cert_file=", options.cert_file, ": expected key_file as well")
            : absl::StrCat("key_file=", options.key_file, ": expected cert_file as well"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeTlsCredentials(
    const ChannelOptions& options) {
  grpc::SslCredentialsOptions ssl;
  absl::Status status = ReadPem("ca_file", options.ca_file, ssl.pem_root_certs);
  if (status.ok()) status = ReadPem("cert_file", options.cert_file, ssl.pem_cert_chain);
  if (status.ok()) status = ReadPem("key_file", options.key_file, ssl.pem_private_key);
  if (!status.ok()) return status;
  return grpc::SslCredentials(ssl);
}

grpc::ChannelArguments MakeArguments(const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix("enos-flow-client/" ENOS_FLOW_VERSION);
  // The call is not idempotent. Without a retryPolicy, which nobody can inject, gRPC resends a call
  // only if it never left, or if the server says that it was not processed (a stream above the last
  // one of a GOAWAY): calls that cross a draining gateway's GOAWAY.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 1);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetServiceConfigJSON(kServiceConfig);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, kDnsMinIntervalMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kInitialReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectMs);
  // `http_proxy` in the environment must not carry a local, unencrypted call off this machine.
  if (IsLoopbackAddress(options.address)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  return arguments;
}

}  // namespace

bool IsLoopbackAddress(const std::string& address) {
  if (IsUnixSocket(address)) return true;
  // gRPC's lists: ipv6:[::1]:1,[2001:db8::1]:1.
  if (absl::StrContains(address, ',')) return false;
  const std::string host = HostOf(address);
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 &&
         memcmp(&v6, &in6addr_loopback, sizeof(v6)) == 0;
}

bool UsesTls(const ChannelOptions& options) {
  switch (options.security) {
    case Security::kTls:
      return true;
    case Security::kPlaintext:
      return false;
    case Security::kAuto:
      break;
  }
  return HasTlsSettings(options) || !IsLoopbackAddress(options.address);
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options) {
  absl::Status valid = CheckOptions(options);
  if (!valid.ok()) return valid;
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (UsesTls(options)) {
    auto made = MakeTlsCredentials(options);
    if (!made.ok()) return made.status();
    credentials = *std::move(made);
  } else {
    credentials = grpc::InsecureChannelCredentials();
  }
  return grpc::CreateCustomChannel(options.address, credentials, MakeArguments(options));
}

}  // namespace enos::flow
