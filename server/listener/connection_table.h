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

// Through which a service calls ConnectionTable::CallArrived.
using OnMessage = std::function<void(std::string_view peer, uint64_t message_bytes)>;
inline void NobodyIsTold(std::string_view /*peer*/, uint64_t /*message_bytes*/) {}

// The callers' connections that were handed to gRPC and may still be open: gRPC owns them and does
// not report when it closes one, so a socket in here may be closed, and its number may refer to
// another file by now. Thread-safe. The number of descriptors bounds its size.
class ConnectionTable {
 public:
  // A socket that was just accepted.
  void Add(int socket);

  // The number `socket` is free or has been reused: its previous connection is closed.
  void Forget(int socket) { Forget(socket, 0); }

  // Forgets all closed connections, with one system call per entry.
  void ForgetClosed();

  size_t size() const;

  // To be called for every call that arrives, whatever its service, refused or not, and for each
  // further message of a stream: anything not reported here counts against what its connection may
  // receive without calls. `peer` is in the format of grpc::ServerContext::peer(). Returns the
  // connection's socket, to be used only for what does no harm if it reaches another file; -1 if it
  // is not known.
  int CallArrived(std::string_view peer, uint64_t message_bytes);

  // How many bytes a socket has received since its beginning; nullopt if that is not known.
  using ReceivedBytes = std::function<std::optional<uint64_t>(int socket)>;
  // As counted by TCP. Not for other sockets.
  static std::optional<uint64_t> TcpReceivedBytes(int socket);

  struct Observed {
    int socket;
    uint64_t number;  // see Connection; not 0
    std::string peer;
    ConnectionLoad load;
  };
  // What the open connections have received, for sockets that report it, with two system calls
  // each; `elapsed` since the last time. From one thread. Connections whose number the system did
  // not report are not included, and so never cut: the number might refer to another file by now.
  std::vector<Observed> Observe(const ReceivedBytes& received, Duration elapsed);

  // Closes an observed connection at once, with all that it has received and gRPC has not yet read:
  // gRPC finds it reset, and closes it. It is forgotten. False if it is already closed.
  bool Cut(const Observed& connection);

 private:
  struct Connection {
    int socket = -1;
    uint64_t number = 0;  // unique among open sockets; 0: not reported by the system
    std::string peer;
    CallBytes calls;  // since it was last observed
    ByteAccount account;
  };

  // Unless the socket now belongs to another connection than that of this number; 0: whichever it
  // is.
  void Forget(int socket, uint64_t number);
  void ForgetPeer(const Connection& connection);

  mutable std::mutex mutex_;
  std::unordered_map<int, Connection> by_socket_;  // guarded by mutex_
  // Likewise; of those in by_socket_, which stay in place together with their names.
  std::unordered_map<std::string_view, Connection*> by_peer_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LISTENER_CONNECTION_TABLE_H_
