#ifndef ENOS_SERVER_GRPC_SERVER_H_
#define ENOS_SERVER_GRPC_SERVER_H_

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "server/base/address.h"
#include "server/listener/connection_acceptor.h"
#include "server/rpc/inbound_call.h"
#include "server/rpc/rpc_queue.h"
#include "server/rpc/unknown_methods.h"
#include "server/standard/health_service.h"
#include "server/standard/reflection_service.h"

namespace enos::gateway {

struct GrpcServerOptions {
  ListenAddress listen;  // port 0 picks a free one
  // Null: plaintext.
  std::shared_ptr<grpc::ServerCredentials> credentials;
  // A Unix-domain socket, in addition to `listen`, where a proxy on this machine passes on calls in
  // plaintext, and says who calls (caller_identity.h); empty: none.
  std::string front_socket;
  size_t max_connections = 1024;                             // of each of the two
  InboundLimits inbound;                                     // of `listen`
  InboundWatch::OnCut on_connection_cut = [](CutReason) {};  // on a separate thread
  bool reflection = true;                                    // grpc.reflection
  bool early_headers = true;
  Duration upstream_timeout = std::chrono::seconds(30);
  std::chrono::milliseconds drain_timeout{45000};
  std::chrono::milliseconds max_connection_age{0};  // 0: never
  // For TLS and the client's first HTTP/2 frame together.
  std::chrono::milliseconds handshake_timeout{10000};
  std::chrono::milliseconds max_connection_idle{0};  // without calls; 0: forever
  int threads = 1;                                   // that serve completion queues, one each
};

// The gRPC side: FlowService, grpc.health.v1 and reflection on one port, and optionally on a
// Unix-domain socket as well, all of them asynchronous on the same completion queues, because gRPC
// creates its own threads for callback or synchronous services. A fixed number of threads, whatever
// the number of calls. Used from one thread, unless noted otherwise.
class GrpcServer {
 public:
  // The references must outlive the server. `keyed` is null where keys are not kept.
  GrpcServer(GrpcServerOptions options, EventLoop& loop, FlowTrigger& trigger, KeyedTrigger* keyed,
             FlowRuns& runs, Admission& admission, Admission& watches, CallEvents events,
             IdSource& ids, CallerChecks callers = {});
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // Listens and serves; an error says why the address is not available (another process may have
  // it: ports are not shared).
  std::error_code Start();

  // Before Start, if there is a front socket: likewise for that.
  std::error_code ListenForFront();

  // The address that it listens on, with the actual port.
  const ListenAddress& address() const { return address_; }

  // Whether connections are closed at once because there are enough. Thread-safe.
  bool full() const { return acceptor_.full(); }

  // What grpc.health.v1 reports, for the whole server and for FlowService: SERVING or NOT_SERVING.
  // NOT_SERVING until this is first called, and permanently after StopServing. Both are
  // thread-safe.
  void SetServing(bool serving);
  void StopServing();

  // StopServing, and from now on new calls are refused (GATEWAY_SHUTTING_DOWN, and GOAWAY on every
  // connection), while open ones continue, but for watches of runs, which end. Returns when all are
  // answered and everything is closed; after `drain_timeout` FlowTrigger::EndAll answers the
  // remaining ones first. Health watches and reflection streams continue as long as there are open
  // calls.
  void Drain();

 private:
  void PublishHealth(bool serving);
  void StopWatching();
  void CloseQueues();
  InboundSensors Sensors();
  OnMessage CountMessages();
  using Connections = std::shared_ptr<grpc::experimental::ExternalConnectionAcceptor>;
  static void StartAccepting(ConnectionAcceptor& acceptor, Connections connections);

  const GrpcServerOptions options_;
  const CallEvents events_;
  EventLoop& loop_;
  FlowTrigger& trigger_;
  KeyedTrigger* const keyed_;
  FlowRuns& runs_;
  ListenAddress address_;
  dataflow::v1::FlowService::AsyncService service_;
  HealthService health_;
  ReflectionService reflection_;
  UnknownMethods unknown_methods_;
  std::atomic<bool> shutting_down_{false};
  OpenCalls open_calls_;
  ConnectionAcceptor acceptor_;
  ConnectionAcceptor front_acceptor_;
  RpcEnvironment rpc_environment_;
  std::vector<std::unique_ptr<RpcQueue>> queues_;
  std::mutex health_mutex_;
  bool stopped_serving_ = false;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::thread> threads_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_GRPC_SERVER_H_
