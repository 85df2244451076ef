// What an HttpServer does when it behaves.
#include "sandbox/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sandbox/http/raw_client.h"

namespace enos::sandbox {
namespace {

using testing::HasSubstr;
using Outcome = RawClient::Outcome;

constexpr char kGet[] = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";

class HttpServerTest : public testing::Test {
 protected:
  HttpServer& Start(HttpServerOptions options = {}) {
    server_ = std::make_unique<HttpServer>(std::move(options), &handler_);
    const absl::Status started = server_->Start();
    EXPECT_TRUE(started.ok()) << started;
    return *server_;
  }

  FunctionHandler handler_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, RequestArrivesWhole) {
  std::promise<HttpRequest> seen;
  handler_.on_request = [&](HttpRequest request, const Responder& responder) {
    responder.Send(Answer::Text(200, "hello"));
    seen.set_value(std::move(request));
  };
  const HttpServer& server = Start();
  RawClient client(server.port());
  ASSERT_TRUE(
      client.Send("POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-Two: 2\r\nContent-Length: "
                  "4\r\n\r\nbody"));
  EXPECT_EQ(client.ReadUntil("hello"), Outcome::kOpen);
  const HttpRequest request = seen.get_future().get();
  EXPECT_EQ(request.connection, 1U);
  EXPECT_EQ(request.ordinal, 1U);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/a%20b?c=d");
  EXPECT_EQ(request.body, "body");
  EXPECT_EQ(FindHeader(request.headers, "x-two"), "2");
  EXPECT_EQ(server.counters().Get().bytes_of_body_received, 4U);
}

TEST_F(HttpServerTest, KeepAliveServesManyRequestsOnOneConnection) {
  std::vector<std::uint64_t> ordinals;
  handler_.on_request = [&](const HttpRequest& request, const Responder& responder) {
    ordinals.push_back(request.ordinal);
    responder.Send(Answer::Text(200, "end"));
  };
  HttpServer& server = Start();
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.ForgetReceived();
    ASSERT_TRUE(client.Send(kGet));
    ASSERT_EQ(client.ReadUntil("end"), Outcome::kOpen);
  }
  server.Stop();
  EXPECT_EQ(ordinals, (std::vector<std::uint64_t>{1, 2, 3}));
  const ServerCounts counts = server.counters().Get();
  EXPECT_EQ(counts.connections_opened, 1U);
  EXPECT_EQ(counts.requests_received, 3U);
  EXPECT_EQ(counts.request_heads_seen, 3U);
  EXPECT_EQ(counts.connections_open, 0U);
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInTurn) {
  const HttpServer& server = Start();
  RawClient client(server.port());
  ASSERT_TRUE(client.Send(std::string(kGet) + kGet + "GET / HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(client.ReadToEnd(), Outcome::kEnd);
  EXPECT_EQ(server.counters().Get().requests_received, 3U);
}

TEST_F(HttpServerTest, ConnectionCloseIsAnnouncedAndDone) {
  handler_.on_request = [](const HttpRequest&, const Responder& responder) {
    Answer answer = Answer::Text(200, "bye");
    answer.keep_alive = false;
    responder.Send(answer);
  };
  const HttpServer& server = Start();
  RawClient client(server.port());
  ASSERT_TRUE(client.Send(kGet));
  EXPECT_EQ(client.ReadToEnd(), Outcome::kEnd);
  EXPECT_THAT(client.received(), HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpServerTest, AnswerMayComeLaterFromAnotherThread) {
  std::promise<Responder> held;
  handler_.on_request = [&](const HttpRequest&, Responder responder) {
    held.set_value(std::move(responder));
  };
  const HttpServer& server = Start();
  RawClient client(server.port());
  ASSERT_TRUE(client.Send(kGet));
  ASSERT_TRUE(server.counters().WaitForRequests(1));
  std::thread([&] {
    const Responder responder = held.get_future().get();
    EXPECT_TRUE(responder.Send(Answer::Text(200, "late")));
    EXPECT_FALSE(responder.Send(Answer::Text(200, "twice")));
  }).join();
  EXPECT_EQ(client.ReadUntil("late"), Outcome::kOpen);
}

TEST_F(HttpServerTest, ResponderDroppedUnansweredClosesTheConnection) {
  handler_.on_request = [](const HttpRequest&, const Responder&) {};
  const HttpServer& server = Start();
  RawClient client(server.port());
  ASSERT_TRUE(client.Send(kGet));
  EXPECT_EQ(client.ReadToEnd(), Outcome::kEnd);
  EXPECT_TRUE(server.counters().WaitForOpenConnections(0));
}

TEST_F(HttpServerTest, ResponderMayOutliveTheServer) {
  std::promise<Responder> held;
  handler_.on_request = [&](const HttpRequest&, Responder responder) {
    held.set_value(std::move(responder));
  };
  RawClient client(Start().port());
  ASSERT_TRUE(client.Send(kGet));
  const Responder responder = held.get_future().get();
  server_.reset();
  EXPECT_EQ(client.ReadToEnd(), Outcome::kEnd);
  EXPECT_TRUE(responder.Send(Answer::Text(200, "too late")));
}

TEST_F(HttpServerTest, StopClosesConnectionsThatWaitForAnything) {
  handler_.on_request = [](const HttpRequest&, const Responder& responder) {
    Answer answer;
    answer.delay = std::chrono::hours(1);
    responder.Send(answer);
  };
  HttpServer& server = Start();
  RawClient idle(server.port());
  RawClient waiting(server.port());
  RawClient halfway(server.port());
  ASSERT_TRUE(waiting.Send(kGet));
  ASSERT_TRUE(halfway.Send("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n"));
  ASSERT_TRUE(server.counters().WaitForRequests(1));
  ASSERT_TRUE(server.counters().WaitForHeads(2));
  ASSERT_TRUE(server.counters().WaitForConnections(3));
  server.Stop();
  EXPECT_EQ(idle.ReadToEnd(), Outcome::kEnd);
  EXPECT_EQ(waiting.ReadToEnd(), Outcome::kEnd);
  EXPECT_EQ(halfway.ReadToEnd(), Outcome::kEnd);
  EXPECT_EQ(server.counters().Get().connections_open, 0U);
}

TEST_F(HttpServerTest, HeadRequestGetsNoBody) {
  handler_.on_request = [](const HttpRequest&, const Responder& responder) {
    responder.Send(Answer::Text(200, "hidden"));
  };
  RawClient client(Start().port());
  ASSERT_TRUE(client.Send("HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n"));
  EXPECT_EQ(client.ReadToEnd(), Outcome::kEnd);
  EXPECT_THAT(client.received(), HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(client.received(), testing::EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, ExpectedContinueIsSentBeforeTheBody) {
  RawClient client(Start().port());
  ASSERT_TRUE(client.Send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  ASSERT_EQ(client.ReadUntil("HTTP/1.1 100 Continue\r\n\r\n"), Outcome::kOpen);
  ASSERT_TRUE(client.Send("ab"));
  EXPECT_EQ(client.ReadUntil("200 OK"), Outcome::kOpen);
}

TEST_F(HttpServerTest, IdleConnectionIsClosedAfterTheTimeout) {
  HttpServerOptions options;
  options.idle_timeout = std::chrono::milliseconds(1);
  RawClient client(Start(options).port());
  EXPECT_EQ(client.ReadToEnd(), Outcome::kEnd);
}

TEST_F(HttpServerTest, ConnectionEndsWhenTold) {
  HttpServer& server = Start();
  RawClient closed(server.port());
  ASSERT_TRUE(server.counters().WaitForConnections(1));
  RawClient reset(server.port());
  ASSERT_TRUE(server.counters().WaitForConnections(2));
  EXPECT_TRUE(server.EndConnection(1, Ending::kClose));
  EXPECT_TRUE(server.EndConnection(2, Ending::kReset));
  EXPECT_EQ(closed.ReadToEnd(), Outcome::kEnd);
  EXPECT_EQ(reset.ReadToEnd(), Outcome::kReset);
  ASSERT_TRUE(server.counters().WaitForOpenConnections(0));
  EXPECT_FALSE(server.EndConnection(1, Ending::kClose));
  EXPECT_FALSE(server.EndConnection(7, Ending::kClose));
}

TEST_F(HttpServerTest, TakenPortIsAnErrorThatNamesIt) {
  const HttpServer& first = Start();
  HttpServerOptions options;
  options.port = first.port();
  HttpServer second(options, &handler_);
  const absl::Status started = second.Start();
  EXPECT_EQ(started.message(), "cannot listen on 127.0.0.1:" + std::to_string(first.port()) +
                                   ": Address already in use");
}

TEST_F(HttpServerTest, NameInsteadOfAddressIsAnError) {
  HttpServerOptions options;
  options.address = "nowhere";
  HttpServer server(options, &handler_);
  EXPECT_EQ(server.Start().message(), "cannot listen on \"nowhere\": not an IP address");
}

TEST_F(HttpServerTest, PortIsFreeAgainAfterStop) {
  HttpServerOptions options;
  options.port = Start().port();
  RawClient client(options.port);
  ASSERT_TRUE(client.Send(kGet));
  ASSERT_EQ(client.ReadUntil("200 OK"), Outcome::kOpen);
  server_.reset();
  EXPECT_EQ(Start(options).port(), options.port);
}

TEST_F(HttpServerTest, UrlNamesTheServer) {
  const HttpServer& server = Start();
  EXPECT_EQ(server.url(), "http://127.0.0.1:" + std::to_string(server.port()));
}

struct RefusalCase {
  std::string name;
  std::string request;
  std::string answer;
};
class RefusalTest : public HttpServerTest, public testing::WithParamInterface<RefusalCase> {};

TEST_P(RefusalTest, IsAnsweredAndClosed) {
  HttpServerOptions options;
  options.max_head_bytes = 256;
  options.max_body_bytes = 8;
  const HttpServer& server = Start(options);
  RawClient client(server.port());
  ASSERT_TRUE(client.Send(GetParam().request));
  EXPECT_EQ(client.ReadToEnd(), Outcome::kEnd);
  EXPECT_THAT(client.received(), testing::StartsWith(GetParam().answer));
  EXPECT_EQ(server.counters().Get().requests_received, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusalTest,
    testing::Values(
        RefusalCase{"BodyTooLarge", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n123456789",
                    "HTTP/1.1 413 "},
        RefusalCase{"ChunkedBodyTooLarge",
                    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n"
                    "0\r\n\r\n",
                    "HTTP/1.1 413 "},
        RefusalCase{"HeadTooLarge", "GET / HTTP/1.1\r\nX: " + std::string(300, 'x') + "\r\n\r\n",
                    "HTTP/1.1 431 "},
        RefusalCase{"NotHttp", "hello\r\n\r\n", "HTTP/1.1 400 "}),
    [](const auto& test) { return test.param.name; });

TEST_F(HttpServerTest, RequestsBrokenOffAreCounted) {
  const HttpServer& server = Start();
  RawClient head(server.port());
  ASSERT_TRUE(head.Send("GET / HT"));
  head.Close();
  RawClient body(server.port());
  ASSERT_TRUE(body.Send("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"));
  body.Close();
  RawClient idle(server.port());
  idle.Close();
  ASSERT_TRUE(server.counters().WaitForConnections(3));
  ASSERT_TRUE(server.counters().WaitForOpenConnections(0));
  EXPECT_EQ(server.counters().Get().requests_broken_off, 2U);
  EXPECT_EQ(server.counters().Get().requests_received, 0U);
}

TEST_F(HttpServerTest, ManyConnectionsOnManyThreads) {
  HttpServerOptions options;
  options.threads = 4;
  const HttpServer& server = Start(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  clients.reserve(200);
  for (int i = 0; i < 200; ++i) clients.push_back(std::make_unique<RawClient>(server.port()));
  for (int round = 1; round <= 3; ++round) {
    for (auto& client : clients) ASSERT_TRUE(client->Send(kGet));
    for (auto& client : clients) {
      ASSERT_EQ(client->ReadUntil("\r\n\r\n"), Outcome::kOpen);
      client->ForgetReceived();
    }
  }
  EXPECT_EQ(server.counters().Get().requests_received, 600U);
  EXPECT_EQ(server.counters().Get().connections_open, 200U);
}

}  // namespace
}  // namespace enos::sandbox
