#include "server/rpc/connection_table.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "server/rpc/connection_acceptor.h"

namespace enos::gateway {
namespace {

// Both ends of a connection over 127.0.0.1.
class Pair {
 public:
  Pair() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    EXPECT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
    client_ = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(client_, reinterpret_cast<sockaddr*>(&address), size), 0);
    server_ = ::accept(listener, reinterpret_cast<sockaddr*>(&address), &size);
    peer_ = "ipv4:127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    ::close(listener);
  }
  ~Pair() {
    ::close(client_);
    ::close(server_);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  int server() const { return server_; }
  const std::string& peer() const { return peer_; }

  // The server's end is closed, and its number is that of a file that is no socket.
  void ReplaceServer() const {
    const int other = ::open("/dev/null", O_RDONLY);
    ::dup2(other, server_);
    ::close(other);
  }

 private:
  int client_ = -1;
  int server_ = -1;
  std::string peer_;
};

TEST(ConnectionTable, ConnectionIsFoundByItsPeer) {
  const Pair one;
  const Pair other;
  ConnectionTable table;
  table.Add(one.server());
  table.Add(other.server());
  EXPECT_EQ(table.SocketOf(one.peer()), one.server());
  EXPECT_EQ(table.SocketOf(other.peer()), other.server());
  EXPECT_EQ(table.SocketOf("ipv4:127.0.0.1:1"), -1);
  EXPECT_EQ(table.SocketOf(""), -1);
}

TEST(ConnectionTable, ForgottenConnection_IsNotFound) {
  const Pair pair;
  ConnectionTable table;
  table.Add(pair.server());
  table.Forget(pair.server());
  table.Forget(pair.server());
  EXPECT_EQ(table.SocketOf(pair.peer()), -1);
  EXPECT_EQ(table.size(), 0U);
}

TEST(ConnectionTable, ForgetClosed_KeepsThoseThatAreOpen) {
  const Pair open;
  const Pair closed;
  ConnectionTable table;
  table.Add(open.server());
  table.Add(closed.server());
  closed.ReplaceServer();
  table.ForgetClosed();
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.SocketOf(open.peer()), open.server());
  EXPECT_EQ(table.SocketOf(closed.peer()), -1);
}

TEST(ConnectionTable, NumberThatIsTakenAnew_BelongsToTheNewConnection) {
  const Pair before;
  const Pair after;
  ConnectionTable table;
  table.Add(before.server());
  ::dup2(after.server(), before.server());
  table.Add(before.server());
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.SocketOf(before.peer()), -1);
  EXPECT_EQ(table.SocketOf(after.peer()), before.server());
}

TEST(ConnectionTable, PeerThatComesAgain_OutlivesItsFirstConnection) {
  const Pair pair;
  const int again = ::dup(pair.server());  // the same address under another number
  ConnectionTable table;
  table.Add(pair.server());
  table.Add(again);
  table.Forget(pair.server());
  EXPECT_EQ(table.SocketOf(pair.peer()), again);
  ::close(again);
}

// What a peer is called is gRPC's affair: a real one has to be found.
class RealPeers : public testing::TestWithParam<std::pair<const char*, const char*>> {};

class TellingService final : public dataflow::v1::FlowService::Service {
 public:
  grpc::Status UpdateAndTriggerFlow(grpc::ServerContext* context,
                                    const dataflow::v1::UpdateAndTriggerFlowRequest* /*request*/,
                                    dataflow::v1::UpdateAndTriggerFlowResponse* response) override {
    response->set_flow_instance_id(context->peer());
    return grpc::Status::OK;
  }
};

TEST_P(RealPeers, AreFoundAsGrpcWritesThem) {
  const auto& [listen, connect] = GetParam();
  ConnectionAcceptor acceptor(10);
  if (acceptor.Listen(listen, 0)) GTEST_SKIP() << "this machine has no " << listen;
  TellingService service;
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const std::shared_ptr<grpc::experimental::ExternalConnectionAcceptor> connections =
      builder.experimental().AddExternalConnectionAcceptor(
          grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
          grpc::InsecureServerCredentials());
  const auto server = builder.BuildAndStart();
  acceptor.Start([connections](int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = fd;
    connections->HandleNewConnection(&connection);
  });

  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto stub = dataflow::v1::FlowService::NewStub(
      grpc::CreateCustomChannel(std::string(connect) + ":" + std::to_string(acceptor.port()),
                                grpc::InsecureChannelCredentials(), arguments));
  grpc::ClientContext context;
  dataflow::v1::UpdateAndTriggerFlowResponse response;
  const grpc::Status status = stub->UpdateAndTriggerFlow(&context, {}, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_GE(acceptor.connections().SocketOf(response.flow_instance_id()), 0)
      << response.flow_instance_id();
  acceptor.Stop();
  server->Shutdown();
}

INSTANTIATE_TEST_SUITE_P(Addresses, RealPeers,
                         testing::Values(std::pair("127.0.0.1", "127.0.0.1"),
                                         std::pair("::1", "[::1]"), std::pair("::", "127.0.0.1")));

}  // namespace
}  // namespace enos::gateway
