#ifndef ENOS_FLOW_CHANNEL_H_
#define ENOS_FLOW_CHANNEL_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace enos::flow {

// All of this may be used from any thread. A channel is shared by whoever holds the pointer: make
// one for each gateway and keep it, since it is the connection.

enum class Security {
  // Plaintext for a loopback address or a Unix socket, TLS for every other address, and TLS where
  // any of the TLS settings below is given.
  kAuto,
  kTls,
  // Plaintext to whatever address: what is sent can be read and changed on the way.
  kPlaintext,
};

// Where the gateway is, and how to reach it.
struct ChannelOptions {
  // host:port, for example "gateway.example.com:443" or "[::1]:50051"; also gRPC's own forms
  // "dns:///host:port", "ipv4:…", "ipv6:…" and "unix:/path".
  std::string address = "127.0.0.1:50051";
  Security security = Security::kAuto;

  // PEM files, read once. Empty ca_file: the system's certificate authorities. cert_file and
  // key_file: this client's own certificate, for a gateway that asks for one; both or neither.
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  // The name that the gateway's certificate must have, where it is not the address's host.
  std::string server_name;
};

// True if `address` can only mean this machine: "localhost", 127.0.0.0/8, ::1, a Unix socket.
bool IsLoopbackAddress(const std::string& address);

// True if a channel with these options is encrypted.
bool UsesTls(const ChannelOptions& options);

// Makes a channel on which no library repeats a call that may have been executed: there is no retry
// policy, and service configurations from DNS (which can carry one) are ignored. gRPC itself sends
// a call on where it never left, or where the server's GOAWAY says that it was not processed. Calls
// go in turn to all addresses that the name has, for example those of a headless Service in
// Kubernetes; the name is looked up again whenever a connection ends, at most every 2 s. Does not
// connect yet. Keepalive pings go out after 60 s without traffic, only while a call is open.
//
// Settings that are wrong (a file that cannot be read, a certificate without its key, TLS settings
// on a plaintext channel) are INVALID_ARGUMENT; the message starts with the option's name and its
// value, "ca_file=/etc/ca.pem: cannot be read (No such file or directory)".
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options);

}  // namespace enos::flow

#endif  // ENOS_FLOW_CHANNEL_H_
