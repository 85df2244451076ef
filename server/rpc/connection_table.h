#ifndef ENOS_SERVER_RPC_CONNECTION_TABLE_H_
#define ENOS_SERVER_RPC_CONNECTION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/base/scheduler.h"
#include "server/rpc/byte_account.h"
#include "server/rpc/inbound_guard.h"

namespace enos::gateway {

// The callers' connections that were handed to gRPC and may be open still: gRPC owns them and does
// not say when it closes one, so that a socket in here may be closed, and its number may be another
// file's by now. Thread-safe. Its size is bounded by the number of descriptors.
class ConnectionTable {
 public:
  // A socket that was just accepted.
  void Add(int socket);

  // The number `socket` is free, or was taken anew: what had it before is closed.
  void Forget(int socket) { Forget(socket, 0); }

  // Forgets all that are closed, at one system call for each that is in here.
  void ForgetClosed();

  size_t size() const;

  // The socket of the connection from `peer`, written as grpc::ServerContext::peer() writes it; -1
  // where it is not known. To be used for what does no harm if it reaches another file.
  int SocketOf(const std::string& peer) const;

  // The same, when a call with a message of that size arrived on it.
  int CallArrived(const std::string& peer, uint64_t message_bytes);

  // How many bytes a socket has received since its beginning; nullopt where that is not known.
  using ReceivedBytes = std::function<std::optional<uint64_t>(int socket)>;
  // As TCP counts them. Not of other sockets.
  static std::optional<uint64_t> TcpReceivedBytes(int socket);

  struct Observed {
    int socket;
    uint64_t number;  // see Connection
    std::string peer;
    ConnectionLoad load;
  };
  // What the open connections have received, those whose sockets tell, at two system calls each;
  // `elapsed` since the last time. From one thread.
  std::vector<Observed> Observe(const ReceivedBytes& received, Duration elapsed);

  // Ends a connection that was observed, at once and with all that it has received and gRPC has not
  // read yet: gRPC finds it reset, and closes it. It is forgotten. False where it is closed
  // already.
  bool Cut(const Observed& connection);

 private:
  struct Connection {
    uint64_t number = 0;  // no other open socket has it
    std::string peer;
    CallBytes calls;  // since it was last observed
    ByteAccount account;
  };

  // Unless it has been taken by another connection than that of this number; 0: whichever it is.
  void Forget(int socket, uint64_t number);
  void ForgetPeer(int socket, const std::string& peer);

  mutable std::mutex mutex_;
  std::unordered_map<int, Connection> by_socket_;  // guarded by mutex_
  std::unordered_map<std::string, int> by_peer_;   // guarded by mutex_; of those in by_socket_
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_CONNECTION_TABLE_H_
