#include "server/ops/ops_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <list>
#include <utility>
#include <vector>

#include "server/testing/ops_client.h"

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

// Serves "/hello", which answers at once, and "/later", which answers from a separate task.
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

// Also serves "/keep", whose requests wait until "/release" answers them.
class HoldingOpsServer : public testing::Test {
 protected:
  explicit HoldingOpsServer(OpsServerOptions options = OnAnyPort()) : server_(std::move(options)) {
    server_.Handle("/hello", [](const OpsRespond& respond) { respond({200, "hello\n"}); });
    server_.Handle("/keep", [this](const OpsRespond& respond) {
      kept_.push_back(respond);
      if (kept_.size() == 1) asked_.set_value();
    });
    server_.Handle("/release", [this](const OpsRespond& respond) {
      const std::string count = std::to_string(kept_.size());
      for (const OpsRespond& waiting : std::exchange(kept_, {})) waiting({200, "kept\n"});
      respond({200, count});
    });
    EXPECT_FALSE(server_.Listen());
    server_.Serve();
  }
  ~HoldingOpsServer() override { server_.Stop(); }

  std::vector<OpsRespond> kept_;
  std::promise<void> asked_;  // for "/keep", which each test requests once
  OpsServer server_;
};

TEST_F(HoldingOpsServer, RequestsInOneSegmentWaitForTheAnswerBeforeThem) {
  OpsClient client;
  ASSERT_TRUE(client.Connect(server_.address()));
  ASSERT_TRUE(
      client.Send("GET /hello HTTP/1.1\r\n\r\nGET /keep HTTP/1.1\r\n\r\n"
                  "HEAD /hello HTTP/1.1\r\n\r\nGET /nowhere HTTP/1.1\r\n\r\n"
                  "GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n"));
  EXPECT_EQ(client.Read().body, "hello\n");
  asked_.get_future().wait();
  EXPECT_EQ(OpsGet(server_.address(), "/release").body, "1");
  EXPECT_EQ(client.Read().body, "kept\n");
  EXPECT_THAT(client.Read(/*head_only=*/true).head, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_EQ(client.Read().status, 404);
  EXPECT_EQ(client.Read().body, "hello\n");
  std::string more;
  EXPECT_TRUE(client.ReadToEnd(&more));
  EXPECT_THAT(more, IsEmpty()) << "each once";
}

TEST(OpsServer, OnlyTheFirstAnswerToARequestCounts) {
  OpsRespond earlier;
  OpsServer server(OnAnyPort());
  server.Handle("/twice", [&](const OpsRespond& respond) {
    if (earlier) earlier({500, "late\n"});
    earlier = respond;
    respond({200, "first\n"});
    respond({500, "second\n"});
  });
  ASSERT_FALSE(server.Listen());
  server.Serve();
  OpsClient client;
  ASSERT_TRUE(client.Connect(server.address()));
  EXPECT_EQ(client.Get("/twice").body, "first\n");
  EXPECT_EQ(client.Get("/twice").body, "first\n") << "the first request's responder is used again";
  ASSERT_TRUE(client.Send("GET /twice HTTP/1.1\r\nConnection: close\r\n\r\n"));
  EXPECT_EQ(client.Read().body, "first\n");
  std::string more;
  EXPECT_TRUE(client.ReadToEnd(&more));
  EXPECT_THAT(more, IsEmpty());
  server.Stop();
  earlier = nullptr;
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
        BadRequest{"Garbage", "\x16\x03\x01\x02 what?\r\n\r\n", 400, "not an HTTP/1.1 request"},
        BadRequest{"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "not an HTTP/1.1 request"},
        BadRequest{"LongTarget", "GET /" + std::string(20000, 'x'), 431, "headers are too large"},
        BadRequest{"LongHeaders",
                   "GET /hello HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", 431,
                   "headers are too large"},
        BadRequest{"LongBody", "GET /hello HTTP/1.1\r\nContent-Length: 5000\r\n\r\n", 413,
                   "body is too large"}),
    [](const auto& tested) { return tested.param.name; });

// Little time for a request to arrive, or for an answer to be sent; plenty of time in between.
class ImpatientOpsServer : public OpsServerTest {
 protected:
  static OpsServerOptions Options() {
    OpsServerOptions options = OnAnyPort();
    options.request_timeout = options.send_timeout = kLimit;
    options.idle_timeout = std::chrono::hours(1);
    return options;
  }
  ImpatientOpsServer() : OpsServerTest(Options()) {}

  static constexpr milliseconds kLimit{250};
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

TEST_F(ImpatientOpsServer, HalfARequestOnAKeptConnectionIsClosed) {
  OpsClient client;
  ASSERT_TRUE(client.Connect(server_.address()));
  ASSERT_EQ(client.Get("/hello").status, 200);
  ASSERT_TRUE(client.Send("GET /hello HT"));
  EXPECT_TRUE(client.ReadToEnd());
}

TEST_F(ImpatientOpsServer, HalfARequestBehindAWholeOneIsClosed) {
  OpsClient client;
  ASSERT_TRUE(client.Connect(server_.address()));
  ASSERT_TRUE(client.Send("GET /hello HTTP/1.1\r\n\r\nGET /hello HT"));
  ASSERT_EQ(client.Read().status, 200);
  EXPECT_TRUE(client.ReadToEnd());
}

TEST_F(ImpatientOpsServer, BytesThatTrickleInDoNotExtendTheTime) {
  OpsClient client;
  ASSERT_TRUE(client.Connect(server_.address()));
  ASSERT_EQ(client.Get("/hello").status, 200);
  client.SetPatience(milliseconds(5));
  ASSERT_TRUE(client.Send("GET /hello HTTP/1.1\r\nX: "));
  const auto begin = std::chrono::steady_clock::now();
  size_t sent = 0;
  // So many that a time limit extended by every byte would end in an answer.
  for (; sent < 1000 && !client.ended(); ++sent) {
    client.Send("x");
    client.ReadSome();
  }
  EXPECT_TRUE(client.ended());
  EXPECT_LT(sent, 1000U);
  EXPECT_GE(std::chrono::steady_clock::now() - begin + milliseconds(1), kLimit) << "not at once";
}

TEST_F(ImpatientOpsServer, AKeptConnectionMayBeQuietForLonger) {
  OpsClient client;
  ASSERT_TRUE(client.Connect(server_.address()));
  ASSERT_EQ(client.Get("/hello").status, 200);
  // Its time for a request started later and is over.
  OpsClient silent;
  ASSERT_TRUE(silent.Connect(server_.address()));
  EXPECT_TRUE(silent.ReadToEnd());
  EXPECT_EQ(client.Get("/hello").status, 200);
}

TEST(OpsServer, AKeptConnectionIsClosedInTheEnd) {
  OpsServerOptions options = OnAnyPort();
  options.idle_timeout = milliseconds(1);
  OpsServer server(options);
  ASSERT_FALSE(server.Listen());
  server.Serve();
  OpsClient client;
  ASSERT_TRUE(client.Connect(server.address()));
  EXPECT_EQ(client.Get("/").status, 404);
  EXPECT_TRUE(client.ReadToEnd());
}

// More than the kernel buffers for a client that does not read.
constexpr size_t kLargeBody = 64 << 20;

TEST(OpsServer, AClientThatDoesNotTakeItsAnswerIsClosed) {
  OpsServerOptions options = OnAnyPort();
  options.send_timeout = milliseconds(20);
  OpsServer server(options);
  std::promise<void> over;
  boost::asio::steady_timer later(server.io());
  server.Handle("/large", [&](const OpsRespond& respond) {
    respond({200, std::string(kLargeBody, 'x')});
    later.expires_after(2 * options.send_timeout);  // so it runs after the server's own
    later.async_wait([&](const auto&) { over.set_value(); });
  });
  ASSERT_FALSE(server.Listen());
  server.Serve();
  OpsClient client;
  ASSERT_TRUE(client.Connect(server.address()));
  ASSERT_TRUE(client.Send("GET /large HTTP/1.1\r\n\r\n"));
  over.get_future().wait();
  std::string received;
  EXPECT_TRUE(client.ReadToEnd(&received));
  EXPECT_LT(received.size(), kLargeBody);
}

// As many connections as a server takes by default, each of which has sent `bytes`. Each is open
// before the next one is, as the server takes them in order.
std::list<OpsClient> Flood(const std::string& address, std::string_view bytes) {
  std::list<OpsClient> clients(OpsServerOptions().max_connections);
  for (const OpsClient& client : clients) {
    EXPECT_TRUE(client.Connect(address));
    EXPECT_TRUE(client.Send(bytes));
  }
  return clients;
}

class FloodedOpsServer : public HoldingOpsServer,
                         public testing::WithParamInterface<std::string_view> {};

TEST_P(FloodedOpsServer, StillAnswersOthers) {
  std::list<OpsClient> flood = Flood(server_.address(), GetParam());
  OpsClient prober;
  ASSERT_TRUE(prober.Connect(server_.address()));
  EXPECT_EQ(prober.Get("/hello").status, 200);
  EXPECT_EQ(OpsGet(server_.address(), "/hello").status, 200);
  EXPECT_EQ(prober.Get("/hello").status, 200) << "the newest is kept";
}

INSTANTIATE_TEST_SUITE_P(All, FloodedOpsServer,
                         testing::Values("", "GET /hello HT", "GET /hello HTTP/1.1\r\n\r\n",
                                         "GET /hello HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
                                         "GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n"));

TEST(OpsServer, ClientsThatDoNotTakeTheirAnswersMakeRoomAsWell) {
  OpsServerOptions options = OnAnyPort();
  options.send_timeout = std::chrono::hours(1);
  OpsServer server(options);
  server.Handle("/hello", [](const OpsRespond& respond) { respond({200, "hello\n"}); });
  server.Handle("/large",
                [](const OpsRespond& respond) { respond({200, std::string(8 << 20, 'x')}); });
  ASSERT_FALSE(server.Listen());
  server.Serve();
  std::list<OpsClient> flood = Flood(server.address(), "GET /large HTTP/1.1\r\n\r\n");
  EXPECT_EQ(OpsGet(server.address(), "/hello").status, 200);
}

class SmallOpsServer : public HoldingOpsServer {
 protected:
  static OpsServerOptions Options() {
    OpsServerOptions options = OnAnyPort();
    options.max_connections = 2;
    return options;
  }
  SmallOpsServer() : HoldingOpsServer(Options()) {}
};

TEST_F(SmallOpsServer, TheOneThatWasQuietTheLongestMakesRoom) {
  OpsClient first;
  ASSERT_TRUE(first.Connect(server_.address()));
  ASSERT_EQ(first.Get("/hello").status, 200);
  OpsClient second;
  ASSERT_TRUE(second.Connect(server_.address()));
  ASSERT_EQ(second.Get("/hello").status, 200);
  ASSERT_EQ(first.Get("/hello").status, 200) << "older, but lately in use";
  EXPECT_EQ(OpsGet(server_.address(), "/hello").status, 200);
  EXPECT_TRUE(second.ReadToEnd());
  EXPECT_EQ(first.Get("/hello").status, 200);
}

TEST_F(SmallOpsServer, AConnectionThatIsBeingAnsweredStays) {
  OpsClient answered;
  ASSERT_TRUE(answered.Connect(server_.address()));
  ASSERT_TRUE(answered.Send("GET /keep HTTP/1.1\r\n\r\n"));
  asked_.get_future().wait();
  for (int i = 0; i < 4; ++i) {
    OpsClient silent;
    ASSERT_TRUE(silent.Connect(server_.address()));
    ASSERT_EQ(OpsGet(server_.address(), "/hello").status, 200);
    EXPECT_TRUE(silent.ReadToEnd()) << "newer, but not being answered";
  }
  EXPECT_EQ(OpsGet(server_.address(), "/release").body, "1");
  EXPECT_EQ(answered.Read().body, "kept\n");
  EXPECT_EQ(answered.Get("/hello").status, 200);
}

TEST(OpsServer, WhereAllAreBeingAnsweredANewConnectionWaitsForOneToBeDone) {
  OpsServerOptions options = OnAnyPort();
  options.max_connections = 1;
  OpsServer server(options);
  std::promise<OpsRespond> asked;
  server.Handle("/keep", [&](const OpsRespond& respond) { asked.set_value(respond); });
  server.Handle("/hello", [](const OpsRespond& respond) { respond({200, "hello\n"}); });
  ASSERT_FALSE(server.Listen());
  server.Serve();
  OpsClient answered;
  ASSERT_TRUE(answered.Connect(server.address()));
  ASSERT_TRUE(answered.Send("GET /keep HTTP/1.1\r\n\r\n"));
  OpsRespond respond = asked.get_future().get();
  OpsClient waiting;
  ASSERT_TRUE(waiting.Connect(server.address()));
  ASSERT_TRUE(waiting.Send("GET /hello HTTP/1.1\r\n\r\n"));
  // Asio runs what has arrived before what is due, so the server has seen the new connection.
  boost::asio::steady_timer later(server.io());
  boost::asio::post(server.io(), [&] {
    later.expires_after(milliseconds(1));
    later.async_wait([&](const auto&) { std::exchange(respond, nullptr)({200, "kept\n"}); });
  });
  EXPECT_EQ(answered.Read().body, "kept\n");
  EXPECT_EQ(waiting.Read().body, "hello\n");
  EXPECT_TRUE(answered.ReadToEnd()) << "made room";
}

// Takes every descriptor that the process may open, except for a few, under its own limit.
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

TEST(OpsServer, WithoutDescriptorsASilentConnectionMakesRoom) {
  OpsServerOptions options = OnAnyPort();
  options.request_timeout = options.idle_timeout = std::chrono::hours(1);
  OpsServer server(options);
  server.Handle("/hello", [](const OpsRespond& respond) { respond({200, "hello\n"}); });
  ASSERT_FALSE(server.Listen());
  server.Serve();
  OpsClient silent;
  OpsClient prober;
  const DescriptorsExhausted exhausted;
  ASSERT_TRUE(silent.Connect(server.address()));
  ASSERT_TRUE(prober.Connect(server.address()));
  EXPECT_EQ(prober.Get("/hello").status, 200);
  EXPECT_TRUE(silent.ReadToEnd());
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
