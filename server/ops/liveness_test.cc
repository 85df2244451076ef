#include "server/ops/liveness.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/loop/event_loop.h"

namespace enos::gateway {
namespace {

using boost::asio::ip::tcp;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Long for what answers, short for what never does.
constexpr milliseconds kPatient{20000};
constexpr milliseconds kImpatient{30};

// A gRPC server without services: it still answers the preface.
class GrpcListener {
 public:
  explicit GrpcListener(const std::string& host) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(host + ":0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    port_ = static_cast<uint16_t>(port);
  }
  uint16_t port() const { return port_; }

 private:
  grpc::CallbackGenericService service_;
  std::unique_ptr<grpc::Server> server_;
  uint16_t port_ = 0;
};

// Listens but never accepts: what a dead gRPC listener looks like. If `text` is given, answers the
// first connection with it.
class DumbListener {
 public:
  explicit DumbListener(const std::string& text = "") {
    if (text.empty()) return;
    thread_ = std::thread([this, text] {
      tcp::socket socket = acceptor_.accept();
      boost::system::error_code ignored;
      boost::asio::write(socket, boost::asio::buffer(text), ignored);
      // Reads until the check closes, so that the connection is not reset from this side.
      std::vector<char> sink(1024);
      while (!ignored) socket.read_some(boost::asio::buffer(sink), ignored);
    });
  }
  ~DumbListener() {
    if (thread_.joinable()) thread_.join();
  }
  DumbListener(const DumbListener&) = delete;
  DumbListener& operator=(const DumbListener&) = delete;
  uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  boost::asio::io_context io_;
  tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

uint16_t ClosedPort() { return DumbListener().port(); }

class LivenessTest : public testing::Test {
 protected:
  LivenessTest() { loop_.Start(); }

  LivenessOptions Options(uint16_t port, milliseconds timeout) {
    LivenessOptions options;
    options.grpc = {"127.0.0.1", port};
    options.post = [this](Task task) {
      ++posts_;
      loop_.Post(std::move(task));
    };
    options.timeout = timeout;
    return options;
  }

  // Runs one check to completion.
  std::string Check(LivenessOptions options) {
    LivenessCheck check(io_, std::move(options));
    std::string result = "no callback";
    check.Run([&](const std::string& failure) {
      result = failure;
      io_.stop();
    });
    EXPECT_EQ(result, "no callback") << "called from within";
    const auto work = boost::asio::make_work_guard(io_);
    io_.restart();
    io_.run();
    return result;
  }

  boost::asio::io_context io_{1};
  int posts_ = 0;
  EventLoop loop_;  // ends before io_
};

TEST_F(LivenessTest, AGrpcServerAndAFreeLoopAreAlive) {
  const GrpcListener grpc("127.0.0.1");
  EXPECT_THAT(Check(Options(grpc.port(), kPatient)), IsEmpty());
}

TEST_F(LivenessTest, AListenerOnAllAddressesIsCheckedThroughLoopback) {
  const GrpcListener grpc("0.0.0.0");
  for (const char* host : {"0.0.0.0", "localhost"}) {
    LivenessOptions options = Options(grpc.port(), kPatient);
    options.grpc.host = host;
    EXPECT_THAT(Check(options), IsEmpty()) << host;
  }
}

TEST_F(LivenessTest, AListenerThatAcceptsNothingIsNamed) {
  const DumbListener dead;
  EXPECT_EQ(Check(Options(dead.port(), kImpatient)),
            "the gRPC listener does not answer within 30 ms");
}

TEST_F(LivenessTest, AClosedPortIsNamedAtOnce) {
  EXPECT_EQ(Check(Options(ClosedPort(), kPatient)), "the gRPC listener: Connection refused");
}

TEST_F(LivenessTest, SomethingElseThanHttp2IsNamed) {
  const DumbListener other("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(Check(Options(other.port(), kPatient)), "the gRPC listener does not speak HTTP/2");
}

// Accepts one connection and closes it.
class ClosingListener {
 public:
  ClosingListener() = default;
  ~ClosingListener() { thread_.join(); }
  ClosingListener(const ClosingListener&) = delete;
  ClosingListener& operator=(const ClosingListener&) = delete;
  uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  boost::asio::io_context io_;
  tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::thread thread_{[this] { acceptor_.accept(); }};
};

TEST_F(LivenessTest, AListenerThatClosesConnectionsIsNamed) {
  const ClosingListener closing;
  EXPECT_THAT(Check(Options(closing.port(), kPatient)), HasSubstr("the gRPC listener: "));
}

TEST_F(LivenessTest, AListenerThatClosesConnectionsBecauseItIsFullIsAlive) {
  const ClosingListener closing;
  LivenessOptions options = Options(closing.port(), kPatient);
  options.full = [] { return true; };
  EXPECT_THAT(Check(options), IsEmpty());
}

TEST_F(LivenessTest, ABlockedLoopIsNamedAndAnswersAgainLater) {
  const GrpcListener grpc("127.0.0.1");
  std::promise<void> go_on;
  loop_.Post([&] { go_on.get_future().wait(); });
  EXPECT_THAT(Check(Options(grpc.port(), milliseconds(300))),
              HasSubstr("the upstream event loop does not answer within 300 ms"));
  go_on.set_value();
  EXPECT_THAT(Check(Options(grpc.port(), kPatient)), IsEmpty());
}

TEST_F(LivenessTest, WhenBothAreDeadBothAreNamed) {
  const DumbListener dead;
  std::promise<void> go_on;
  loop_.Post([&] { go_on.get_future().wait(); });
  EXPECT_EQ(Check(Options(dead.port(), kImpatient)),
            "the gRPC listener does not answer within 30 ms; "
            "the upstream event loop does not answer within 30 ms");
  go_on.set_value();
}

TEST_F(LivenessTest, WithoutADescriptorItSaysSo) {
  const GrpcListener grpc("127.0.0.1");
  ASSERT_THAT(Check(Options(grpc.port(), kPatient)), IsEmpty());  // opens what the loops need
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const std::string failure = Check(Options(grpc.port(), kPatient));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(failure, "no file descriptor is left to check the gRPC listener with");
}

TEST_F(LivenessTest, WhoAsksMeanwhileGetsTheAnswerOfTheCheckUnderWay) {
  const GrpcListener grpc("127.0.0.1");
  LivenessCheck check(io_, Options(grpc.port(), kPatient));
  std::vector<std::string> answers;
  for (int i = 0; i < 3; ++i) {
    check.Run([&](const std::string& failure) {
      answers.push_back(failure);
      if (answers.size() == 3) io_.stop();
    });
  }
  const auto work = boost::asio::make_work_guard(io_);
  io_.run();
  EXPECT_THAT(answers, testing::ElementsAre("", "", ""));
  EXPECT_EQ(posts_, 1);
}

TEST_F(LivenessTest, ANewCheckCanBeAskedForFromTheAnswer) {
  const GrpcListener grpc("127.0.0.1");
  LivenessCheck check(io_, Options(grpc.port(), kPatient));
  check.Run([&](const std::string&) {
    check.Run([&](const std::string& failure) {
      EXPECT_THAT(failure, IsEmpty());
      io_.stop();
    });
  });
  const auto work = boost::asio::make_work_guard(io_);
  io_.run();
  EXPECT_EQ(posts_, 2);
}

TEST_F(LivenessTest, DestroyedInMidCheckItCallsNobody) {
  const DumbListener dead;
  {
    LivenessCheck check(io_, Options(dead.port(), kPatient));
    check.Run([](const std::string&) { FAIL() << "called"; });
    io_.poll();
  }
  loop_.Stop();
}

}  // namespace
}  // namespace enos::gateway
