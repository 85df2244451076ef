#include "server/listener/connection_table.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "server/listener/connection_acceptor.h"
#include "server/testing/socket_pair.h"

namespace enos::gateway {
namespace {

TEST(ConnectionTable, ConnectionIsFoundByItsPeer) {
  const Pair one;
  const Pair other;
  ConnectionTable table;
  table.Add(one.server());
  table.Add(other.server());
  EXPECT_EQ(table.CallArrived(one.peer(), 0), one.server());
  EXPECT_EQ(table.CallArrived(other.peer(), 0), other.server());
  EXPECT_EQ(table.CallArrived("ipv4:127.0.0.1:1", 0), -1);
  EXPECT_EQ(table.CallArrived("", 0), -1);
}

TEST(ConnectionTable, ForgottenConnection_IsNotFound) {
  const Pair pair;
  ConnectionTable table;
  table.Add(pair.server());
  table.Forget(pair.server());
  table.Forget(pair.server());
  EXPECT_EQ(table.CallArrived(pair.peer(), 0), -1);
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
  EXPECT_EQ(table.CallArrived(open.peer(), 0), open.server());
  EXPECT_EQ(table.CallArrived(closed.peer(), 0), -1);
}

TEST(ConnectionTable, NumberThatIsTakenAnew_BelongsToTheNewConnection) {
  const Pair before;
  const Pair after;
  ConnectionTable table;
  table.Add(before.server());
  ::dup2(after.server(), before.server());
  table.Add(before.server());
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.CallArrived(before.peer(), 0), -1);
  EXPECT_EQ(table.CallArrived(after.peer(), 0), before.server());
}

TEST(ConnectionTable, PeerThatComesAgain_OutlivesItsFirstConnection) {
  const Pair pair;
  const int again = ::dup(pair.server());  // the same address under another number
  ConnectionTable table;
  table.Add(pair.server());
  table.Add(again);
  table.Forget(pair.server());
  EXPECT_EQ(table.CallArrived(pair.peer(), 0), again);
  ::close(again);
}

TEST(ConnectionTable, CallsAccountForWhatTheirConnectionReceived) {
  const Pair one;
  const Pair other;
  ConnectionTable table;
  table.Add(one.server());
  table.Add(other.server());
  EXPECT_EQ(table.CallArrived(one.peer(), 100'000), one.server());
  EXPECT_EQ(table.CallArrived("ipv4:127.0.0.1:1", 100'000), -1);
  const auto observed = table.Observe([](int) { return 100'000; }, std::chrono::milliseconds(1));
  ASSERT_EQ(observed.size(), 2U);
  for (const auto& connection : observed) {
    const bool is_one = connection.socket == one.server();
    EXPECT_EQ(connection.peer, (is_one ? one : other).peer());
    EXPECT_NEAR(static_cast<double>(connection.load.unaccounted), is_one ? 0 : 100'000, 10);
  }
}

TEST(ConnectionTable, Observe_ReadsWhatTcpCounts) {
  const Pair pair;
  ConnectionTable table;
  table.Add(pair.server());
  pair.SendToServer(std::string(5000, 'x'));
  const auto observed = table.Observe(&ConnectionTable::TcpReceivedBytes, {});
  ASSERT_EQ(observed.size(), 1U);
  EXPECT_EQ(observed[0].load.unaccounted, 5000U);
}

TEST(ConnectionTable, Observe_LeavesOutWhatIsClosedOrNotTold) {
  const Pair closed;
  const Pair untold;
  ConnectionTable table;
  table.Add(closed.server());
  table.Add(untold.server());
  closed.ReplaceServer();
  const auto received = [&](int socket) {
    EXPECT_EQ(socket, untold.server());
    return std::nullopt;
  };
  EXPECT_TRUE(table.Observe(received, {}).empty());
}

// From now on statx is forbidden for this thread and its children, as with system call filters that
// are older than it.
void ForbidStatx() {
  std::array<sock_filter, 4> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{filter.size(), filter.data()};
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

TEST(ConnectionTable, WithoutStatx_ConnectionsAreKnownAllTheSame) {
  const Pair open;
  const Pair closed;
  std::thread([&] {
    ForbidStatx();
    ConnectionTable table;
    table.Add(open.server());
    table.Add(closed.server());
    closed.ReplaceServer();
    table.ForgetClosed();
    EXPECT_EQ(table.size(), 1U);
    const auto observed = table.Observe([](int) { return 5000; }, {});
    ASSERT_EQ(observed.size(), 1U);
    EXPECT_NE(observed[0].number, 0U);
    EXPECT_TRUE(table.Cut(observed[0]));
  }).join();
}

// Its number proves nothing: it might refer to any other file by now.
TEST(ConnectionTable, WithoutANumber_NoneIsWatched) {
  const Pair pair;
  pair.ReplaceServer();
  ConnectionTable table;
  table.Add(pair.server());
  EXPECT_TRUE(table.Observe([](int) { return 5000; }, {}).empty());
}

TEST(ConnectionTable, CutConnection_IsResetWithoutWhatItReceived) {
  const Pair pair;
  ConnectionTable table;
  table.Add(pair.server());
  pair.SendToServer(std::string(5000, 'x'));
  const auto observed = table.Observe(&ConnectionTable::TcpReceivedBytes, {});
  ASSERT_EQ(observed.size(), 1U);
  EXPECT_TRUE(table.Cut(observed[0]));
  EXPECT_EQ(table.size(), 0U);
  char byte = 0;
  EXPECT_EQ(::recv(pair.server(), &byte, 1, MSG_DONTWAIT), -1);
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_EQ(::recv(pair.client(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

// gRPC has closed the connection meanwhile, and its number now belongs to a connection to EnOS.
TEST(ConnectionTable, CutOfANumberThatAnotherHas_DoesNothing) {
  const Pair before;
  const Pair after;
  ConnectionTable table;
  table.Add(before.server());
  const auto observed = table.Observe(&ConnectionTable::TcpReceivedBytes, {});
  ASSERT_EQ(observed.size(), 1U);
  ::dup2(after.server(), before.server());
  EXPECT_FALSE(table.Cut(observed[0]));
  after.SendToServer("x");
  char byte = 0;
  EXPECT_EQ(::recv(before.server(), &byte, 1, 0), 1);
}

// How a peer is named is up to gRPC: a real one must be found.
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
  EXPECT_GE(acceptor.connections().CallArrived(response.flow_instance_id(), 0), 0)
      << response.flow_instance_id();
  acceptor.Stop();
  server->Shutdown();
}

INSTANTIATE_TEST_SUITE_P(Addresses, RealPeers,
                         testing::Values(std::pair("127.0.0.1", "127.0.0.1"),
                                         std::pair("::1", "[::1]"), std::pair("::", "127.0.0.1")));

}  // namespace
}  // namespace enos::gateway
