#include "server/ops/ops_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <list>
#include <vector>

#include "server/ops/ops_client.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

OpsServerOptions OnAnyPort() {
  OpsServerOptions options;
  options.listen = {"127.0.0.1", 0};
  return options;
}

// Serves "/hello", which answers at once, and "/later", which answers from a task of its own.
class OpsServerTest : public testing::Test {
 protected:
  explicit OpsServerTest(OpsServerOptions options = OnAnyPort()) : server_(std::move(options)) {
    server_.Handle("/hello", [](const OpsRespond& respond) { respond({200, "hello\n"}); });
    server_.Handle("/later", [this](const OpsRespond& respond) {
      boost::asio::post(server_.io(), [respond] { respond({503, "later\n", "text/html"}); });
    });
    EXPECT_FALSE(server_.Listen());
    server_.Serve();
  }

  OpsServer server_;
};

TEST_F(OpsServerTest, GetIsAnsweredAndTheConnectionIsKept) {
  OpsClient client;
  ASSERT_TRUE(client.Connect(server_.address()));
  const OpsReply first = client.Get("/hello");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "hello\n");
  EXPECT_THAT(first.head, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(first.head, HasSubstr("Cache-Control: no-store\r\n"));
  const OpsReply second = client.Get("/later?verbose=1");
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(second.body, "later\n");
  EXPECT_THAT(second.head, HasSubstr("Content-Type: text/html\r\n"));
}

TEST_F(OpsServerTest, HeadIsAnsweredLikeGetWithoutTheBody) {
  OpsClient client;
  ASSERT_TRUE(client.Connect(server_.address()));
  ASSERT_TRUE(client.Send("HEAD /hello HTTP/1.1\r\nHost: test\r\n\r\n"));
  const OpsReply reply = client.Read(/*head_only=*/true);
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.head, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_EQ(client.Get("/hello").body, "hello\n") << "no byte of a body came before";
}

TEST_F(OpsServerTest, RequestsInOneSegmentAreAnsweredInOrder) {
  OpsClient client;
  ASSERT_TRUE(client.Connect(server_.address()));
  ASSERT_TRUE(client.Send("GET /later HTTP/1.1\r\n\r\nGET /hello HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(client.Read().body, "later\n");
  EXPECT_EQ(client.Read().body, "hello\n");
}

TEST_F(OpsServerTest, AnUnknownPathIsToldTheKnownOnes) {
  const OpsReply reply = OpsGet(server_.address(), "/");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.body, "not found; known paths: /hello, /later\n");
}

TEST_F(OpsServerTest, ConnectionCloseIsHonoured) {
  OpsClient client;
  ASSERT_TRUE(client.Connect(server_.address()));
  ASSERT_TRUE(client.Send("GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n"));
  EXPECT_THAT(client.Read().head, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.ReadToEnd());
}

TEST_F(OpsServerTest, APortThatIsTakenIsAnErrorAndNotShared) {
  const auto listen = ParseListenAddress(server_.address());
  ASSERT_TRUE(listen);
  OpsServerOptions options;
  options.listen = *listen;
  OpsServer second(options);
  EXPECT_EQ(second.Listen(), std::errc::address_in_use);
}

TEST_F(OpsServerTest, AfterStopNothingListens) {
  const std::string address = server_.address();
  OpsClient client;
  ASSERT_TRUE(client.Connect(address));
  ASSERT_EQ(client.Get("/hello").status, 200);
  server_.Stop();
  server_.Stop();
  OpsClient late;
  EXPECT_FALSE(late.Connect(address));
}

TEST(OpsServer, AHandlerThatDropsItsRequestClosesTheConnection) {
  OpsServer server(OnAnyPort());
  server.Handle("/drop", [](const OpsRespond&) {});
  ASSERT_FALSE(server.Listen());
  server.Serve();
  OpsClient client;
  ASSERT_TRUE(client.Connect(server.address()));
  ASSERT_TRUE(client.Send("GET /drop HTTP/1.1\r\n\r\n"));
  std::string received;
  EXPECT_TRUE(client.ReadToEnd(&received));
  EXPECT_THAT(received, IsEmpty());
}

TEST(OpsServer, RequestsThatWaitForAnAnswerEndWithTheServer) {
  std::list<OpsRespond> kept;
  OpsClient client;
  {
    OpsServer server(OnAnyPort());
    server.Handle("/keep", [&](const OpsRespond& respond) { kept.push_back(respond); });
    server.Handle("/hello", [](const OpsRespond& respond) { respond({200, "hello\n"}); });
    ASSERT_FALSE(server.Listen());
    server.Serve();
    ASSERT_TRUE(client.Connect(server.address()));
    ASSERT_TRUE(client.Send("GET /keep HTTP/1.1\r\n\r\n"));
    ASSERT_EQ(OpsGet(server.address(), "/hello").status, 200);
    server.Stop();
    kept.clear();
  }
  EXPECT_TRUE(client.ReadToEnd());
}

struct BadRequest {
  const char* name;
  std::string bytes;
  int status;
  const char* says;
};

class OpsServerBadRequests : public OpsServerTest,
                             public testing::WithParamInterface<BadRequest> {};

TEST_P(OpsServerBadRequests, AreRefusedAndTheServerGoesOn) {
  OpsClient client;
  ASSERT_TRUE(client.Connect(server_.address()));
  ASSERT_TRUE(client.Send(GetParam().bytes));
  const OpsReply reply = client.Read();
  EXPECT_EQ(reply.status, GetParam().status);
  EXPECT_THAT(reply.head + reply.body, HasSubstr(GetParam().says));
  EXPECT_EQ(OpsGet(server_.address(), "/hello").status, 200);
}

INSTANTIATE_TEST_SUITE_P(
    All, OpsServerBadRequests,
    testing::Values(
        BadRequest{"Post", "POST /hello HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 405,
                   "Allow: GET, HEAD\r\n"},
        BadRequest{"UnknownMethod", "BREW /hello HTTP/1.1\r\n\r\n", 405, "only GET and HEAD"},
        BadRequest{"Garbage", "\x16\x03\x01\x02 what?\r\n\r\n", 400, "no HTTP/1.1 request"},
        BadRequest{"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "no HTTP/1.1 request"},
        BadRequest{"LongTarget", "GET /" + std::string(20000, 'x'), 431, "headers are too large"},
        BadRequest{"LongHeaders",
                   "GET /hello HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", 431,
                   "headers are too large"},
        BadRequest{"LongBody", "GET /hello HTTP/1.1\r\nContent-Length: 5000\r\n\r\n", 413,
                   "body is too large"}),
    [](const auto& tested) { return tested.param.name; });

class ImpatientOpsServer : public OpsServerTest {
 protected:
  static OpsServerOptions Options() {
    OpsServerOptions options = OnAnyPort();
    options.idle_timeout = milliseconds(20);
    return options;
  }
  ImpatientOpsServer() : OpsServerTest(Options()) {}
};

TEST_F(ImpatientOpsServer, AConnectionThatSendsNothingIsClosed) {
  OpsClient client;
  ASSERT_TRUE(client.Connect(server_.address()));
  EXPECT_TRUE(client.ReadToEnd());
}

TEST_F(ImpatientOpsServer, HalfARequestIsClosed) {
  OpsClient client;
  ASSERT_TRUE(client.Connect(server_.address()));
  ASSERT_TRUE(client.Send("GET /hello HT"));
  EXPECT_TRUE(client.ReadToEnd());
}

class SmallOpsServer : public OpsServerTest {
 protected:
  static OpsServerOptions Options() {
    OpsServerOptions options = OnAnyPort();
    options.max_connections = 2;
    return options;
  }
  SmallOpsServer() : OpsServerTest(Options()) {}
};

TEST_F(SmallOpsServer, ConnectionsBeyondTheLimitAreClosedUntilOneIsFree) {
  OpsClient second;
  {
    OpsClient first;
    ASSERT_TRUE(first.Connect(server_.address()));
    ASSERT_EQ(first.Get("/hello").status, 200);
    ASSERT_TRUE(second.Connect(server_.address()));
    ASSERT_EQ(second.Get("/hello").status, 200);
    OpsClient third;
    ASSERT_TRUE(third.Connect(server_.address()));
    EXPECT_TRUE(third.ReadToEnd());
    EXPECT_EQ(first.Get("/hello").status, 200);
  }
  // The server notices soon that the first one is gone.
  while (OpsGet(server_.address(), "/hello").status != 200) {
  }
  EXPECT_EQ(second.Get("/hello").status, 200);
}

// Takes every descriptor that the process may open, but for a few, under a limit of its own.
class DescriptorsExhausted {
 public:
  explicit DescriptorsExhausted(size_t but = 0) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit small = before_;
    small.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &small);
    for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(fd);
    for (; but > 0; --but) {
      ::close(taken_.back());
      taken_.pop_back();
    }
  }
  ~DescriptorsExhausted() {
    for (const int fd : taken_) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  DescriptorsExhausted(const DescriptorsExhausted&) = delete;
  DescriptorsExhausted& operator=(const DescriptorsExhausted&) = delete;

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST_F(OpsServerTest, WithoutDescriptorsItAnswersOneConnectionAtATime) {
  std::list<OpsClient> clients(3);
  const DescriptorsExhausted exhausted;
  for (OpsClient& client : clients) {
    ASSERT_TRUE(client.Connect(server_.address()));
    const OpsReply reply = client.Get("/hello");
    EXPECT_EQ(reply.status, 200);
    EXPECT_THAT(reply.head, HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(client.ReadToEnd());
    client.EndSending();  // so that the server's descriptor serves the next one
  }
}

class OpsServerShortage : public OpsServerTest, public testing::WithParamInterface<size_t> {};

TEST_P(OpsServerShortage, AnswersWithTheLastDescriptors) {
  std::list<OpsClient> clients(5);
  const DescriptorsExhausted exhausted(GetParam());
  for (OpsClient& client : clients) {
    ASSERT_TRUE(client.Connect(server_.address()));
    ASSERT_TRUE(client.Send("GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n"));
    EXPECT_EQ(client.Read().status, 200);
    EXPECT_TRUE(client.ReadToEnd());
    client.EndSending();
  }
}

INSTANTIATE_TEST_SUITE_P(All, OpsServerShortage, testing::Values(0, 1, 2, 3));

TEST_F(OpsServerTest, AfterAShortageOfDescriptorsItIsAsBefore) {
  OpsClient during;
  {
    const DescriptorsExhausted exhausted;
    ASSERT_TRUE(during.Connect(server_.address()));
    ASSERT_EQ(during.Get("/hello").status, 200);
  }
  OpsClient after;
  ASSERT_TRUE(after.Connect(server_.address()));
  EXPECT_EQ(after.Get("/hello").status, 200);
  EXPECT_EQ(after.Get("/hello").status, 200) << "the connection is kept";
}

}  // namespace
}  // namespace enos::gateway
