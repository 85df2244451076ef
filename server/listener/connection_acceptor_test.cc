#include "server/listener/connection_acceptor.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "server/testing/log_capture.h"

namespace enos::gateway {
namespace {

using ::testing::ElementsAre;

class Client {
 public:
  Client() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool Connect(uint16_t port) const {
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    target.sin_port = htons(port);
    return ::connect(fd_, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) == 0;
  }
  // Waits for the server's greeting; false if it closes the connection instead.
  bool IsServed() const {
    char greeting = 0;
    return ::recv(fd_, &greeting, 1, 0) == 1;
  }

  int fd() const { return fd_; }

 private:
  int fd_;
};

// Greets every connection that is handed over, and keeps it open.
class ConnectionAcceptorTest : public testing::Test {
 protected:
  static constexpr size_t kMax = 2;

  ConnectionAcceptorTest() {
    EXPECT_FALSE(acceptor_.Listen("127.0.0.1", 0));
    acceptor_.Start([this](int fd) {
      const std::lock_guard lock(mutex_);
      taken_.push_back(fd);
      ::send(fd, "!", 1, MSG_NOSIGNAL);
    });
  }
  ~ConnectionAcceptorTest() override {
    acceptor_.Stop();
    for (const int fd : taken_) ::close(fd);
  }

  int OldestTaken() {
    const std::lock_guard lock(mutex_);
    return taken_.front();
  }
  void CloseOldest() {
    const std::lock_guard lock(mutex_);
    ::close(taken_.front());
    taken_.pop_front();
  }
  bool IsServed(const Client& client) const {
    return client.Connect(acceptor_.port()) && client.IsServed();
  }

  LogCapture log_;
  std::mutex mutex_;
  std::deque<int> taken_;
  ConnectionAcceptor acceptor_{kMax};
};

TEST_F(ConnectionAcceptorTest, HandsOverSocketsThatAreReadyForUse) {
  const Client client;
  ASSERT_TRUE(IsServed(client));
  const int fd = OldestTaken();
  EXPECT_TRUE(::fcntl(fd, F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC);
  int no_delay = 0;
  socklen_t size = sizeof(no_delay);
  ::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
  EXPECT_TRUE(no_delay);
}

TEST_F(ConnectionAcceptorTest, ClosesWhatIsTooManyAtOnceAndSaysSo) {
  const std::vector<Client> open(kMax);
  for (const Client& client : open) ASSERT_TRUE(IsServed(client));
  EXPECT_FALSE(acceptor_.full());
  EXPECT_FALSE(IsServed(Client()));
  EXPECT_TRUE(acceptor_.full());
  EXPECT_FALSE(IsServed(Client()));
  EXPECT_THAT(log_.Lines(), ElementsAre("warning connection not accepted because=\"too many "
                                        "connections: it is closed\" max_connections=2"));
}

TEST_F(ConnectionAcceptorTest, AClosedConnectionMakesRoom) {
  const std::vector<Client> open(kMax);
  for (const Client& client : open) ASSERT_TRUE(IsServed(client));
  ASSERT_FALSE(IsServed(Client()));
  CloseOldest();
  while (!IsServed(Client())) {  // it checks from time to time
  }
  EXPECT_FALSE(acceptor_.full());
}

TEST_F(ConnectionAcceptorTest, ConnectionsThatComeAndGoAreNotCounted) {
  for (size_t i = 0; i < 10 * kMax; ++i) {
    ASSERT_TRUE(IsServed(Client())) << i;
    CloseOldest();
  }
  EXPECT_THAT(log_.Lines(), ElementsAre());
}

TEST_F(ConnectionAcceptorTest, ADescriptorThatSomethingElseHasNowIsNotCounted) {
  const std::vector<Client> open(kMax);
  for (const Client& client : open) ASSERT_TRUE(IsServed(client));
  const int fd = OldestTaken();
  const Client other;
  CloseOldest();
  const int reused = ::fcntl(other.fd(), F_DUPFD_CLOEXEC, fd);
  ASSERT_EQ(reused, fd);
  EXPECT_TRUE(IsServed(other));
  ::close(reused);
}

TEST_F(ConnectionAcceptorTest, TheLastDescriptorsAreNotForConnections) {
  const Client client;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit close = before;
  close.rlim_cur = static_cast<rlim_t>(client.fd()) + ConnectionAcceptor::kReserved;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &close), 0);
  const bool served = IsServed(client);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(served);
  EXPECT_FALSE(acceptor_.full()) << "by a shortage, not by connections";
  EXPECT_TRUE(IsServed(Client()));
}

TEST_F(ConnectionAcceptorTest, AfterAShortageOfDescriptorsItAcceptsAgain) {
  const Client during;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  ASSERT_TRUE(during.Connect(acceptor_.port()));
  while (log_.Lines().empty()) {
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(during.IsServed()) << "it waited";
  EXPECT_TRUE(IsServed(Client()));
  EXPECT_THAT(log_.Lines(),
              ElementsAre("warning connection not accepted because=\"the process is out of "
                          "descriptors or memory: it waits\" max_connections=2",
                          "info  connections are accepted again"));
}

TEST_F(ConnectionAcceptorTest, AfterStopNothingListens) {
  const uint16_t port = acceptor_.port();
  acceptor_.Stop();
  acceptor_.Stop();
  EXPECT_FALSE(Client().Connect(port));
}

TEST(ConnectionAcceptor, WithoutStartItStopsAllTheSame) {
  ConnectionAcceptor acceptor(1);
  ASSERT_FALSE(acceptor.Listen("127.0.0.1", 0));
  ConnectionAcceptor second(1);
  EXPECT_EQ(second.Listen("127.0.0.1", acceptor.port()), std::errc::address_in_use);
}

// Like too many connections: the process is alive, and liveness checks have to know that.
TEST(ConnectionAcceptorMemory, WhereItIsShort_ConnectionsAreClosedAndItCountsAsFull) {
  constexpr uint64_t kMib = 1 << 20;
  LogCapture log;
  InboundSensors sensors = InboundSensors::Real();
  sensors.memory = [] { return 400 * kMib; };
  sensors.give_memory_back = [](bool) {};
  ConnectionAcceptor acceptor(100'000, {16 * kMib, 300 * kMib}, [](CutReason) {}, sensors);
  ASSERT_FALSE(acceptor.Listen("127.0.0.1", 0));
  acceptor.Start([](int fd) {
    ::send(fd, "!", 1, MSG_NOSIGNAL);
    ::close(fd);
  });
  bool is_served = true;
  while (is_served) {  // until the guard has run
    const Client client;
    is_served = client.Connect(acceptor.port()) && client.IsServed();
  }
  acceptor.Stop();  // it reports after closing the connection
  EXPECT_TRUE(acceptor.full());
  EXPECT_THAT(log.Lines(), ElementsAre("warning connection not accepted because=\"too little "
                                       "memory: it is closed\" max_connections=100000"));
}

}  // namespace
}  // namespace enos::gateway
