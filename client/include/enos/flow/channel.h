#ifndef ENOS_FLOW_CHANNEL_H_
#define ENOS_FLOW_CHANNEL_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace enos::flow {

// Everything here may be used from any thread. A channel is shared by all holders of the pointer:
// make one per gateway and keep it, because it is the connection.

enum class Security {
  // Plaintext for a loopback address or a Unix socket; TLS for every other address, or if any of
  // the TLS settings below is set.
  kAuto,
  kTls,
  // Plaintext to any address: what is sent can be read and changed on the way.
  kPlaintext,
};

// Where the gateway is, and how to reach it.
struct ChannelOptions {
  // host:port, for example "gateway.example.com:443" or "[::1]:50051"; also gRPC's own forms
  // "dns:///host:port", "ipv4:…", "ipv6:…" and "unix:/path".
  std::string address = "127.0.0.1:50051";
  Security security = Security::kAuto;

  // PEM files, read once. Empty ca_file: the system's certificate authorities. cert_file and
  // key_file: this client's own certificate, for a gateway that requires one; set both or neither.
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  // The name that the gateway's certificate must have, if it is not the host in the address.
  std::string server_name;
};

// True if `address` can only mean this machine: "localhost", 127.0.0.0/8, ::1, a Unix socket.
bool IsLoopbackAddress(const std::string& address);

// True if a channel with these options is encrypted.
bool UsesTls(const ChannelOptions& options);

// Makes a channel on which no library repeats a call that may have been executed: there is no retry
// policy, and service configurations from DNS (which can carry one) are ignored. gRPC itself
// resends a call that never left, or that the server's GOAWAY says was not processed. Calls are
// distributed round-robin over all addresses of the name, for example those of a headless Service
// in Kubernetes; the name is resolved again whenever a connection ends, at most every 2 s. Does not
// connect yet. Keepalive pings are sent after 60 s without traffic, only while a call is open.
//
// Invalid settings (an unreadable file, a certificate without its key, TLS settings on a plaintext
// channel) return INVALID_ARGUMENT; the message starts with the option's name and value,
// "ca_file=/etc/ca.pem: cannot be read (No such file or directory)".
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options);

}  // namespace enos::flow

#endif  // ENOS_FLOW_CHANNEL_H_
