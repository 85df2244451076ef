// What an HttpServer does when it is told to misbehave, as a client's socket sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "sandbox/http/http_server.h"
#include "sandbox/http/raw_client.h"

namespace enos::sandbox {
namespace {

using Outcome = RawClient::Outcome;

constexpr char kPost[] = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab";
constexpr char kHead[] = "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";

Answer Body(const std::string& body) {
  Answer answer;
  answer.body = body;
  return answer;
}

std::string Bytes(const std::string& body) { return AnswerBytes(Body(body), false, true); }

struct Case {
  std::string name;
  Answer answer;
  std::string received;
  Outcome outcome;
};

Case Ended(std::string name, Answer answer, std::string received, Ending ending) {
  answer.ending = ending;
  return {std::move(name), std::move(answer), std::move(received),
          ending == Ending::kReset ? Outcome::kReset : Outcome::kEnd};
}

Answer WithLength(std::uint64_t length) {
  Answer answer = Body("0123456789");
  answer.content_length = length;
  return answer;
}

Answer Trickled() {
  Answer answer = Body("0123456789");
  answer.trickle_bytes = 7;
  answer.trickle_interval = std::chrono::milliseconds(1);
  return answer;
}

Answer Delayed() {
  Answer answer = Body("0123456789");
  answer.delay = std::chrono::milliseconds(1);
  return answer;
}

class HttpServerFaultTest : public testing::Test {
 protected:
  const HttpServer& Start(HttpServerOptions options = {}) {
    server_ = std::make_unique<HttpServer>(std::move(options), &handler_);
    const absl::Status started = server_->Start();
    EXPECT_TRUE(started.ok()) << started;
    return *server_;
  }
  const ServerCounters& counters() const { return server_->counters(); }

  FunctionHandler handler_;
  std::unique_ptr<HttpServer> server_;
};

class AnswerFaultTest : public HttpServerFaultTest, public testing::WithParamInterface<Case> {};

TEST_P(AnswerFaultTest, IsSeenByTheClient) {
  handler_.on_request = [](const HttpRequest&, const Responder& responder) {
    responder.Send(GetParam().answer);
  };
  RawClient client(Start().port());
  ASSERT_TRUE(client.Send(kPost));
  EXPECT_EQ(client.ReadToEnd(), GetParam().outcome);
  EXPECT_EQ(client.received(), GetParam().received);
  EXPECT_EQ(counters().Get().requests_received, 1U);
  EXPECT_TRUE(counters().WaitForOpenConnections(0));
}

INSTANTIATE_TEST_SUITE_P(
    All, AnswerFaultTest,
    testing::Values(
        Ended("CloseWithoutAnswer", Answer::Nothing(Ending::kClose), "", Ending::kClose),
        Ended("ResetWithoutAnswer", Answer::Nothing(Ending::kReset), "", Ending::kReset),
        Ended("RawThenClose", Answer::Raw("rubbish", Ending::kClose), "rubbish", Ending::kClose),
        Ended("StatusLineCut", Answer::Truncated(Body("x"), 8, Ending::kClose), "HTTP/1.1",
              Ending::kClose),
        Ended("HeadersCut", Answer::Truncated(Body("x"), 25, Ending::kClose),
              Bytes("x").substr(0, 25), Ending::kClose),
        Ended("BodyCutThenClose",
              Answer::Truncated(Body("0123456789"), Bytes("").size() + 6, Ending::kClose),
              Bytes("0123456789").substr(0, Bytes("").size() + 6), Ending::kClose),
        Ended("LengthTooLong", WithLength(11), AnswerBytes(WithLength(11), false, true),
              Ending::kClose),
        Ended("LengthTooShort", WithLength(3), AnswerBytes(WithLength(3), false, true),
              Ending::kClose),
        Ended("CloseAfterAnswerUnannounced", Body("x"), Bytes("x"), Ending::kClose),
        Ended("Trickle", Trickled(), Bytes("0123456789"), Ending::kClose),
        Ended("Delay", Delayed(), Bytes("0123456789"), Ending::kClose)),
    [](const auto& test) { return test.param.name; });

// A reset may overtake what was sent before it, so of the bytes only a beginning is certain.
class AnswerThenResetTest : public HttpServerFaultTest, public testing::WithParamInterface<Case> {};

TEST_P(AnswerThenResetTest, EndsInReset) {
  handler_.on_request = [](const HttpRequest&, const Responder& responder) {
    responder.Send(GetParam().answer);
  };
  RawClient client(Start().port());
  ASSERT_TRUE(client.Send(kPost));
  EXPECT_EQ(client.ReadToEnd(), Outcome::kReset);
  EXPECT_THAT(GetParam().received, testing::StartsWith(client.received()));
}

INSTANTIATE_TEST_SUITE_P(
    All, AnswerThenResetTest,
    testing::Values(Ended("HeadersCut", Answer::Truncated(Body("x"), 25, Ending::kReset),
                          Bytes("x").substr(0, 25), Ending::kReset),
                    Ended("BodyCut", Answer::Truncated(Body("xyz"), 60, Ending::kReset),
                          Bytes("xyz").substr(0, 60), Ending::kReset),
                    Ended("Complete", Body("x"), Bytes("x"), Ending::kReset)),
    [](const auto& test) { return test.param.name; });

TEST_F(HttpServerFaultTest, NeverAnsweringHoldsTheConnectionUntilTheClientGoes) {
  handler_.on_request = [](const HttpRequest&, const Responder& responder) {
    responder.Send(Answer::Nothing(Ending::kHold));
  };
  RawClient client(Start().port());
  ASSERT_TRUE(client.Send(kPost));
  ASSERT_TRUE(counters().WaitForRequests(1));
  EXPECT_EQ(counters().Get().connections_open, 1U);
  client.Close();
  EXPECT_TRUE(counters().WaitForOpenConnections(0));
}

TEST_F(HttpServerFaultTest, SecondRequestOnAConnectionCanMeetAClose) {
  handler_.on_request = [](const HttpRequest& request, const Responder& responder) {
    responder.Send(request.ordinal == 1 ? Body("first") : Answer::Nothing(Ending::kClose));
  };
  RawClient client(Start().port());
  ASSERT_TRUE(client.Send(kPost));
  ASSERT_EQ(client.ReadUntil("first"), Outcome::kOpen);
  ASSERT_TRUE(client.Send(kPost));
  EXPECT_EQ(client.ReadToEnd(), Outcome::kEnd);
  EXPECT_EQ(counters().Get().requests_received, 2U);
}

struct HeadCase {
  std::string name;
  HeadDecision::Kind kind;
  Outcome outcome;
};
class HeadDecisionTest : public HttpServerFaultTest,
                         public testing::WithParamInterface<HeadCase> {};

TEST_P(HeadDecisionTest, EndsTheConnectionBeforeTheBody) {
  handler_.on_head = [](const RequestHead&) {
    HeadDecision decision;
    decision.kind = GetParam().kind;
    return decision;
  };
  RawClient client(Start().port());
  ASSERT_TRUE(client.Send(kHead));
  EXPECT_EQ(client.ReadToEnd(), GetParam().outcome);
  EXPECT_EQ(client.received(), "");
  EXPECT_EQ(counters().Get().request_heads_seen, 1U);
  EXPECT_EQ(counters().Get().requests_received, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    All, HeadDecisionTest,
    testing::Values(HeadCase{"Close", HeadDecision::Kind::kClose, Outcome::kEnd},
                    HeadCase{"Reset", HeadDecision::Kind::kReset, Outcome::kReset}),
    [](const auto& test) { return test.param.name; });

TEST_F(HttpServerFaultTest, AnswerBeforeTheBodyWasSentThenCloses) {
  handler_.on_head = [](const RequestHead& head) {
    return HeadDecision{HeadDecision::Kind::kAnswerNow, Answer::Text(401, head.target)};
  };
  RawClient client(Start().port());
  ASSERT_TRUE(client.Send(kHead));
  EXPECT_EQ(client.ReadToEnd(), Outcome::kEnd);
  EXPECT_THAT(client.received(), testing::StartsWith("HTTP/1.1 401 Unauthorized\r\n"));
  EXPECT_THAT(client.received(), testing::HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpServerFaultTest, ReadingStoppedAtTheHeadGetsTheClientStuck) {
  handler_.on_head = [](const RequestHead&) {
    HeadDecision decision;
    decision.kind = HeadDecision::Kind::kStopReading;
    return decision;
  };
  HttpServerOptions options;
  options.receive_buffer_bytes = 4096;
  RawClient client(Start(options).port());
  ASSERT_TRUE(client.Send(kHead));
  ASSERT_TRUE(counters().WaitForHeads(1));
  constexpr std::size_t kMuch = 64 * 1024 * 1024;
  EXPECT_LT(client.SendUntilStuck(kMuch), kMuch);
  EXPECT_EQ(counters().Get().connections_open, 1U);
  client.Reset();
  EXPECT_TRUE(counters().WaitForOpenConnections(0));
  EXPECT_EQ(counters().Get().requests_received, 0U);
}

struct AcceptCase {
  std::string name;
  AcceptAction action;
  Outcome outcome;
};
class AcceptActionTest : public HttpServerFaultTest,
                         public testing::WithParamInterface<AcceptCase> {};

TEST_P(AcceptActionTest, EndsTheConnectionAtOnce) {
  handler_.on_accept = [](std::uint64_t) { return GetParam().action; };
  RawClient client(Start().port());
  EXPECT_EQ(client.ReadToEnd(), GetParam().outcome);
  EXPECT_TRUE(counters().WaitForOpenConnections(0));
  EXPECT_EQ(counters().Get().connections_opened, 1U);
  EXPECT_EQ(counters().Get().request_heads_seen, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, AcceptActionTest,
                         testing::Values(AcceptCase{"Close", AcceptAction::kClose, Outcome::kEnd},
                                         AcceptCase{"Reset", AcceptAction::kReset, Outcome::kReset},
                                         AcceptCase{"ResetAtConnect", AcceptAction::kResetAtConnect,
                                                    Outcome::kReset}),
                         [](const auto& test) { return test.param.name; });

TEST_F(HttpServerFaultTest, ConnectionNeverReadGetsTheClientStuck) {
  handler_.on_accept = [](std::uint64_t connection) {
    return connection == 1 ? AcceptAction::kNeverRead : AcceptAction::kServe;
  };
  HttpServerOptions options;
  options.receive_buffer_bytes = 4096;
  RawClient stuck(Start(options).port());
  constexpr std::size_t kMuch = 64 * 1024 * 1024;
  ASSERT_TRUE(counters().WaitForConnections(1));
  EXPECT_LT(stuck.SendUntilStuck(kMuch), kMuch);
  RawClient served(server_->port());
  ASSERT_TRUE(served.Send(kPost));
  EXPECT_EQ(served.ReadUntil("200 OK"), Outcome::kOpen);
  EXPECT_EQ(counters().Get().request_heads_seen, 1U);
  stuck.Reset();
  EXPECT_TRUE(counters().WaitForOpenConnections(1));
}

}  // namespace
}  // namespace enos::sandbox
