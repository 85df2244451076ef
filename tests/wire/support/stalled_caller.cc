#include "tests/wire/support/stalled_caller.h"

#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdint>
#include <filesystem>

#include "enos/dataflow/v1/flow_service.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "tests/support/http2.h"
#include "tests/support/wait.h"

namespace enos::gateway::testing {
namespace {

constexpr int kLeastBuffer = 2048;
constexpr int kReflectionStreams = 4;
constexpr int kQuestions = 8;  // on each; the answer to one fills the gateway's socket
constexpr uint32_t kCallStream = 2 * kReflectionStreams + 1;

RawHttp2Options WithLeastBuffer() {
  RawHttp2Options options;
  options.receive_buffer = kLeastBuffer;
  return options;
}

template <typename Message>
std::string Framed(const Message& message) {
  return GrpcMessage(message.SerializeAsString());
}

bool SameAddress(const sockaddr_in& a, const sockaddr_in& b) {
  return a.sin_family == b.sin_family && a.sin_port == b.sin_port &&
         a.sin_addr.s_addr == b.sin_addr.s_addr;
}

// Nothing on its way, something that waits, and no room: the peer's window is closed, and opens
// only when the peer reads.
bool TakesNothing(int socket) {
  pollfd room{socket, POLLOUT, 0};
  if (poll(&room, 1, 0) != 0) return false;
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  int unsent_or_unacked = 0;
  if (ioctl(socket, SIOCOUTQ, &unsent_or_unacked) != 0) return false;
  return info.tcpi_unacked == 0 && unsent_or_unacked > 0;
}

}  // namespace

StalledCaller::StalledCaller(const std::string& address) : connection_(address, WithLeastBuffer()) {
  int gateways_end = -1;
  const bool accepted = WaitUntil([&] { return (gateways_end = GatewaysEnd()) >= 0; });
  EXPECT_TRUE(accepted) << "the gateway does not accept the connection";
  // Else megabytes would be needed to fill it.
  EXPECT_EQ(setsockopt(gateways_end, SOL_SOCKET, SO_SNDBUF, &kLeastBuffer, sizeof(kLeastBuffer)),
            0);
  constexpr uint32_t kLargestWindow = (1U << 31) - 1;
  constexpr uint32_t kFirstWindow = 65535;
  const std::string initial_window_size = std::string("\0\x04", 2) + BigEndian(kLargestWindow);
  connection_.SendPreface(initial_window_size);
  connection_.Send(Frame::kSettings, Frame::kAck, 0, "");
  connection_.Send(Frame::kWindowUpdate, 0, 0, BigEndian(kLargestWindow - kFirstWindow));
  for (uint32_t i = 0; i < kReflectionStreams; ++i) Ask(2 * i + 1);
  EXPECT_TRUE(WaitUntil([&] { return TakesNothing(gateways_end); }));
}

// The socket of this process that the connection leads to; -1 before it is accepted.
int StalledCaller::GatewaysEnd() {
  sockaddr_in ours{};
  socklen_t size = sizeof(ours);
  getsockname(connection_.descriptor(), reinterpret_cast<sockaddr*>(&ours), &size);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int descriptor = std::stoi(entry.path().filename());
    sockaddr_in peer{};
    size = sizeof(peer);
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (SameAddress(peer, ours)) return descriptor;
  }
  return -1;
}

// Reflection answers a few bytes with kilobytes.
void StalledCaller::Ask(uint32_t stream) {
  grpc::reflection::v1alpha::ServerReflectionRequest question;
  question.set_file_containing_symbol("enos.dataflow.v1.FlowService");
  const std::string path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  connection_.Send(Frame::kHeaders, Frame::kEndHeaders, stream, CallHeaders({}, path));
  for (int i = 0; i < kQuestions; ++i) {
    connection_.Send(Frame::kData, 0, stream, Framed(question));
  }
}

void StalledCaller::Call(const std::string& request_id, const std::string& timeout) {
  std::string metadata = HeaderLiteral("x-request-id", request_id);
  if (!timeout.empty()) metadata += HeaderLiteral("grpc-timeout", timeout);
  dataflow::v1::UpdateAndTriggerFlowRequest request;
  request.set_user_id("u-1");
  request.set_org_id("o-1");
  request.set_flow_id(7);
  request.mutable_trigger_time()->set_seconds(1574385824);
  connection_.Send(Frame::kHeaders, Frame::kEndHeaders, kCallStream, CallHeaders(metadata));
  connection_.Send(Frame::kData, Frame::kEndStream, kCallStream, Framed(request));
}

}  // namespace enos::gateway::testing
