// The sandbox end to end: real sockets, its own tokens and signatures, faults and ledger.
#include "sandbox/sandbox_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "absl/strings/str_cat.h"
#include "sandbox/enos/json_value.h"
#include "sandbox/enos/sha256.h"
#include "sandbox/http/raw_client.h"

namespace enos::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Outcome = RawClient::Outcome;

constexpr char kQuery[] = "?action=updateAndTrigger&orgId=o1&userId=a%20b%2F%C3%BC";
constexpr char kSignedQuery[] = "actionupdateAndTriggerorgIdo1userIda b/\xC3\xBC";

class SandboxServerTest : public testing::Test {
 protected:
  void Start(SandboxOptions options = {}) {
    options.clock = [this] {
      const std::lock_guard<std::mutex> lock(mutex_);
      return now_;
    };
    options.log = [this](const std::string& line) {
      const std::lock_guard<std::mutex> lock(mutex_);
      log_.push_back(line);
    };
    server_ = std::make_unique<SandboxServer>(std::move(options));
    const absl::Status started = server_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  void Advance(absl::Duration time) {
    const std::lock_guard<std::mutex> lock(mutex_);
    now_ += time;
  }

  // One request on a connection of its own; the whole answer.
  std::string Exchange(const std::string& head, const std::string& body) {
    RawClient client(server_->port());
    client.Send(absl::StrCat(head, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ",
                             body.size(), "\r\n", extra_headers_, "\r\n", body));
    outcome_ = client.ReadToEnd();
    return client.received();
  }

  static std::string BodyOf(const std::string& answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string::npos ? "" : answer.substr(end + 4);
  }

  std::string Token(const std::string& action = "get", const std::string& old = "") {
    extra_headers_.clear();
    const std::string timestamp = absl::StrCat(++timestamp_);
    std::string body =
        absl::StrCat(R"({"appKey":"sandbox-key","timestamp":)", timestamp, R"(,"encryption":")",
                     Sha256Hex("sandbox-key" + timestamp + "sandbox-secret"), "\"");
    absl::StrAppend(&body, old.empty() ? "" : ",\"accessToken\":\"" + old + "\"", "}");
    const auto answer =
        ParseJson(BodyOf(Exchange("POST /apim-token-service/v2.0/token/" + action, body)));
    const JsonValue* data = answer.has_value() ? answer->Find("data") : nullptr;
    return data == nullptr ? "" : data->Find("accessToken")->text;
  }

  // A signed call; the text after the head of the answer.
  std::string Call(const std::string& token, int flow_id,
                   const std::string& path = "/dataflow-batch-service/v2.0/flows",
                   const std::string& secret = "sandbox-secret") {
    const std::string body = absl::StrCat(
        R"({"flowId":)", flow_id,
        R"(,"triggerTime":1574385824000,"parameters":[{"key":"call_id","value":"c7"}]})");
    std::string timestamp;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      timestamp = absl::StrCat(absl::ToUnixMillis(now_));
    }
    extra_headers_ = absl::StrCat(
        "apim-accesstoken: ", token, "\r\napim-timestamp: ", timestamp, "\r\napim-signature: ",
        Sha256Hex(absl::StrCat(token, kSignedQuery, body, timestamp, secret)), "\r\n");
    whole_ = Exchange("POST " + path + kQuery, body);
    return BodyOf(whole_);
  }

  std::mutex mutex_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::vector<std::string> log_;
  int timestamp_ = 0;
  std::string extra_headers_;
  std::string whole_;
  Outcome outcome_ = Outcome::kNothing;
  std::unique_ptr<SandboxServer> server_;
};

TEST_F(SandboxServerTest, SignedCallOfEitherGenerationRuns) {
  Start();
  const std::string token = Token();
  EXPECT_EQ(Call(token, 3377),
            R"({"status":0,"msg":" Success","data":{"flowInstanceId":"3377-20191122012300"}})");
  EXPECT_THAT(Call(token, 3377, "/batch-processing-service/v2.1/flows"),
              testing::MatchesRegex(R"(\{"code":0,"msg":"OK","requestId":"[0-9a-f]+",.*)"));
  const CallPage page = server_->Calls();
  ASSERT_EQ(page.calls.size(), 2U);
  EXPECT_EQ(page.calls[0].user_id, "a b/\xC3\xBC");
  EXPECT_EQ(page.calls[0].org_id, "o1");
  EXPECT_EQ(page.calls[0].api_version, "v2.0");
  EXPECT_EQ(page.calls[1].api_version, "v2.1");
  EXPECT_TRUE(page.calls[0].executed && page.calls[0].token_valid && page.calls[0].signature_valid);
  EXPECT_EQ(page.calls[0].instance_id, "3377-20191122012300");
  EXPECT_EQ(server_->Stats().executed_by_flow.at(3377), 2U);
}

TEST_F(SandboxServerTest, AnswersHaveTheDateOfTheSandboxsClock) {
  Start();
  Advance(absl::UnixEpoch() + absl::Seconds(1'700'000'000) - now_);
  const std::string date = "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n";
  EXPECT_THAT(Exchange("POST /apim-token-service/v2.0/token/get", "{}"), HasSubstr(date));
  EXPECT_THAT(Exchange("POST /dataflow-batch-service/v2.0/flows", "{}"), HasSubstr(date));
}

TEST_F(SandboxServerTest, WrongSignatureIsRefusedAndRecorded) {
  Start();
  EXPECT_EQ(Call(Token(), 1, "/dataflow-batch-service/v2.0/flows", "guess"),
            R"({"code":497,"msg":"App Signature Checked Fail"})");
  const CallRecord call = server_->Calls().calls.at(0);
  EXPECT_TRUE(call.token_valid);
  EXPECT_FALSE(call.signature_valid);
  EXPECT_FALSE(call.executed);
}

TEST_F(SandboxServerTest, NextSecretKeyIsGoodAsWellAndTheLedgerTells) {
  SandboxOptions options;
  options.next_secret_key = "next";
  Start(std::move(options));
  const std::string token = Token();
  const std::string path = "/dataflow-batch-service/v2.0/flows";
  EXPECT_THAT(Call(token, 1, path), HasSubstr("Success"));
  EXPECT_THAT(Call(token, 1, path, "next"), HasSubstr("Success"));
  EXPECT_THAT(Call(token, 1, path, "guess"), HasSubstr("497"));
  const CallPage page = server_->Calls();
  ASSERT_EQ(page.calls.size(), 3U);
  EXPECT_FALSE(page.calls[0].signed_with_next_key);
  EXPECT_TRUE(page.calls[1].signed_with_next_key);
  EXPECT_FALSE(page.calls[2].signed_with_next_key);
}

TEST_F(SandboxServerTest, ExpiredAndRevokedTokensAreRefused) {
  SandboxOptions options;
  options.token_lifetime = absl::Minutes(1);
  Start(options);
  const std::string first = Token();
  EXPECT_EQ(Token(), first);
  Advance(absl::Minutes(1));
  EXPECT_EQ(Call(first, 1), R"({"code":401,"msg":"Unauthenticated"})");
  EXPECT_THAT(whole_, testing::StartsWith("HTTP/1.1 401 "));
  const std::string second = Token();
  EXPECT_NE(second, first);
  const std::string third = Token("refresh", second);
  EXPECT_THAT(Call(second, 1), HasSubstr("401"));
  EXPECT_THAT(Call(third, 1), HasSubstr("\"status\":0"));
  server_->RevokeTokens();
  EXPECT_THAT(Call(third, 1), HasSubstr("401"));
  EXPECT_EQ(server_->Tokens().gets, 3U);
  EXPECT_EQ(server_->Tokens().refreshes, 1U);
}

TEST_F(SandboxServerTest, RefusalsOfFlowsAreAnsweredByCode) {
  Start();
  const std::string token = Token();
  EXPECT_THAT(Call(token, 62104), HasSubstr("\"status\":62104"));
  EXPECT_THAT(Call(token, 62103), HasSubstr("\"status\":62103"));
  EXPECT_THAT(Call(token, 99404, "/batch-processing-service/v2.1/flows"),
              HasSubstr("\"code\":99404"));
  EXPECT_EQ(server_->Stats().executed, 0U);
  EXPECT_EQ(server_->Stats().received, 3U);
}

struct FaultCase {
  std::string fault;
  Outcome outcome;
  std::string answer;  // its beginning
  bool executed;
};
class SandboxFaultTest : public SandboxServerTest, public testing::WithParamInterface<FaultCase> {};

TEST_P(SandboxFaultTest, IsSeenByTheClientAndToldByTheLedger) {
  SandboxOptions options;
  options.faults.flow_faults = {*ParseFlowFault("500:" + GetParam().fault + "x1")};
  Start(options);
  const std::string token = Token();
  Call(token, 500);
  EXPECT_EQ(outcome_, GetParam().outcome);
  EXPECT_THAT(whole_, testing::StartsWith(GetParam().answer));
  EXPECT_THAT(Call(token, 500), HasSubstr("\"status\":0"));
  const CallPage page = server_->Calls();
  ASSERT_EQ(page.calls.size(), 2U);
  EXPECT_EQ(page.calls[0].executed, GetParam().executed);
  EXPECT_EQ(page.calls[0].instance_id.empty(), !GetParam().executed);
  EXPECT_EQ(page.calls[0].fault, GetParam().fault);
  EXPECT_EQ(page.calls[1].fault, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, SandboxFaultTest,
    testing::Values(FaultCase{"reset", Outcome::kReset, "", true},
                    FaultCase{"reset+before", Outcome::kReset, "", false},
                    FaultCase{"close", Outcome::kEnd, "", true},
                    FaultCase{"half-answer", Outcome::kEnd, "HTTP/1.1 200 OK\r\n", true},
                    FaultCase{"http-503+retry-after=2", Outcome::kEnd,
                              "HTTP/1.1 503 Service Unavailable\r\n", false},
                    FaultCase{"code-429", Outcome::kEnd, "HTTP/1.1 200 OK\r\n", false},
                    FaultCase{"html-502", Outcome::kEnd, "HTTP/1.1 502 Bad Gateway\r\n", true},
                    FaultCase{"redirect", Outcome::kEnd, "HTTP/1.1 307 ", true},
                    FaultCase{"trickle=1ms", Outcome::kEnd, "HTTP/1.1 200 OK\r\n", true},
                    FaultCase{"latency=1ms", Outcome::kEnd, "HTTP/1.1 200 OK\r\n", true}),
    [](const auto& test) {
      std::string name;
      for (const char c : test.param.fault) name += std::isalnum(c) != 0 ? c : '_';
      return name;
    });

TEST_F(SandboxServerTest, RefusalAtTheDoorComesBeforeTheFault) {
  SandboxOptions options;
  options.faults.flow_faults = {*ParseFlowFault("500:resetx1")};
  Start(options);
  EXPECT_THAT(Call("dead", 500), HasSubstr("401"));
  Call(Token(), 500);
  EXPECT_EQ(outcome_, Outcome::kReset);
}

TEST_F(SandboxServerTest, HangingCallIsRecordedWhileItHangs) {
  SandboxOptions options;
  options.faults.flow_faults = {*ParseFlowFault("504:hang")};
  Start(options);
  const std::string token = Token();
  RawClient client(server_->port());
  const std::string body = R"({"flowId":504,"triggerTime":0,"parameters":[]})";
  const std::string timestamp = absl::StrCat(absl::ToUnixMillis(now_));
  ASSERT_TRUE(client.Send(
      absl::StrCat("POST /dataflow-batch-service/v2.0/flows", kQuery,
                   " HTTP/1.1\r\nContent-Length: ", body.size(), "\r\napim-accesstoken: ", token,
                   "\r\napim-timestamp: ", timestamp, "\r\napim-signature: ",
                   Sha256Hex(absl::StrCat(token, kSignedQuery, body, timestamp, "sandbox-secret")),
                   "\r\n\r\n", body)));
  ASSERT_TRUE(server_->counters().WaitForRequests(2));
  server_->Stop();
  EXPECT_EQ(client.ReadToEnd(), Outcome::kEnd);
  EXPECT_TRUE(server_->Calls().calls.at(0).executed);
}

TEST_F(SandboxServerTest, TokenFaultsMeetTheTokenService) {
  SandboxOptions options;
  options.faults.token_faults = {*ParseTokenFault("code-1005x1"), *ParseTokenFault("http-503x1")};
  Start(options);
  EXPECT_EQ(Token(), "");
  EXPECT_EQ(Token(), "");
  EXPECT_NE(Token(), "");
  EXPECT_EQ(server_->Tokens().faults, 2U);
}

TEST_F(SandboxServerTest, ViewsTellAndForget) {
  Start();
  Call(Token(), 3377);
  extra_headers_.clear();
  EXPECT_THAT(Exchange("GET /_sandbox/calls?since=0&limit=5", ""),
              testing::AllOf(HasSubstr("\"callId\":\"c7\""), HasSubstr("\"executed\":true")));
  EXPECT_THAT(Exchange("GET /_sandbox/calls?since=1", ""), HasSubstr("\"calls\":[]"));
  Call(Token(), 3378);
  extra_headers_.clear();
  EXPECT_THAT(Exchange("GET /_sandbox/calls?limit=1", ""), HasSubstr("\"calls\":[{\"number\":2,"));
  EXPECT_THAT(Exchange("GET /_sandbox/calls?since=0&limit=1", ""),
              HasSubstr("\"calls\":[{\"number\":1,"));
  EXPECT_THAT(Exchange("GET /_sandbox/stats", ""),
              HasSubstr("\"executedByFlow\":{\"3377\":1,\"3378\":1}"));
  EXPECT_THAT(Exchange("DELETE /_sandbox/runs", ""), HasSubstr("200 OK"));
  EXPECT_THAT(Exchange("DELETE /_sandbox/calls", ""), HasSubstr("200 OK"));
  EXPECT_TRUE(server_->Calls().calls.empty());
  EXPECT_THAT(Exchange("DELETE /_sandbox/tokens", ""), HasSubstr("200 OK"));
}

TEST_F(SandboxServerTest, UnknownPathsAndMethodsAreRefused) {
  Start();
  EXPECT_THAT(Exchange("GET /", ""), HasSubstr(R"({"code":404,"msg":"Not Found"})"));
  EXPECT_THAT(Exchange("POST /dataflow-batch-service/v2.0/nodes", ""), HasSubstr("HTTP/1.1 404 "));
  EXPECT_THAT(Exchange("PUT /_sandbox/calls", ""), HasSubstr("HTTP/1.1 405 "));
  EXPECT_THAT(Exchange("GET /apim-token-service/v2.0/token/get", ""), HasSubstr("HTTP/1.1 405 "));
}

TEST_F(SandboxServerTest, LogHasOneLinePerRequest) {
  Start();
  Call(Token(), 3377);
  server_->Stop();
  EXPECT_THAT(log_, ElementsAre(HasSubstr("POST /apim-token-service/v2.0/token/get status=0"),
                                testing::AllOf(HasSubstr("call=1 flow=3377"),
                                               HasSubstr("executed 3377-20191122012300"))));
}

class SandboxServerInterruptTest : public SandboxServerTest,
                                   public testing::WithParamInterface<Ending> {};

TEST_P(SandboxServerInterruptTest, EndsConnectionsAndComesBackWithItsStateOnTheSamePort) {
  Start();
  const std::string token = Token();
  Call(token, 1);
  const std::uint16_t port = server_->port();
  RawClient open(port);
  ASSERT_TRUE(server_->counters().WaitForConnections(3));  // the token's, the call's, this one
  server_->Interrupt(GetParam());
  EXPECT_EQ(open.ReadToEnd(), GetParam() == Ending::kReset ? Outcome::kReset : Outcome::kEnd);
  EXPECT_FALSE(RawClient(port).connected());
  ASSERT_TRUE(server_->Resume().ok());
  EXPECT_EQ(server_->port(), port);
  Call(token, 2);
  const CallPage page = server_->Calls();
  ASSERT_EQ(page.calls.size(), 2U);
  EXPECT_TRUE(page.calls[0].executed && page.calls[1].executed);
}

INSTANTIATE_TEST_SUITE_P(Endings, SandboxServerInterruptTest,
                         testing::Values(Ending::kClose, Ending::kReset));

}  // namespace
}  // namespace enos::sandbox
