#ifndef ENOS_SERVER_LISTENER_CONNECTION_TABLE_H_
#define ENOS_SERVER_LISTENER_CONNECTION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/base/scheduler.h"
#include "server/listener/byte_account.h"
#include "server/listener/inbound_guard.h"

namespace enos::gateway {

// What a service calls for ConnectionTable::CallArrived.
using OnMessage = std::function<void(std::string_view peer, uint64_t message_bytes)>;
inline void NobodyIsTold(std::string_view /*peer*/, uint64_t /*message_bytes*/) {}

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

  // To be told of every call that arrives, whatever its service, and refused or not, and of each
  // further message of a stream: what is not told of uses up what its connection may receive
  // without calls. `peer` is as grpc::ServerContext::peer() writes it. Returns the connection's
  // socket, to be used for what does no harm if it reaches another file; -1 where it is not known.
  int CallArrived(std::string_view peer, uint64_t message_bytes);

  // How many bytes a socket has received since its beginning; nullopt where that is not known.
  using ReceivedBytes = std::function<std::optional<uint64_t>(int socket)>;
  // As TCP counts them. Not of other sockets.
  static std::optional<uint64_t> TcpReceivedBytes(int socket);

  struct Observed {
    int socket;
    uint64_t number;  // see Connection; not 0
    std::string peer;
    ConnectionLoad load;
  };
  // What the open connections have received, those whose sockets tell, at two system calls each;
  // `elapsed` since the last time. From one thread. A connection whose number the system did not
  // tell is not among them, and so never cut: it might be another file by now.
  std::vector<Observed> Observe(const ReceivedBytes& received, Duration elapsed);

  // Ends a connection that was observed, at once and with all that it has received and gRPC has not
  // read yet: gRPC finds it reset, and closes it. It is forgotten. False where it is closed
  // already.
  bool Cut(const Observed& connection);

 private:
  struct Connection {
    int socket = -1;
    uint64_t number = 0;  // no other open socket has it; 0: the system does not tell
    std::string peer;
    CallBytes calls;  // since it was last observed
    ByteAccount account;
  };

  // Unless it has been taken by another connection than that of this number; 0: whichever it is.
  void Forget(int socket, uint64_t number);
  void ForgetPeer(const Connection& connection);

  mutable std::mutex mutex_;
  std::unordered_map<int, Connection> by_socket_;  // guarded by mutex_
  // Likewise; of those in by_socket_, which stay where they are, with their names.
  std::unordered_map<std::string_view, Connection*> by_peer_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LISTENER_CONNECTION_TABLE_H_
