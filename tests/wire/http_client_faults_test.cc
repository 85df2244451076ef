// One table: a fault at the socket, and how the HTTP client reports it: how the transfer ended,
// whether anything may have been sent, and how many requests the server saw begin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "tests/support/gzip.h"
#include "tests/wire/support/certificates.h"
#include "tests/wire/support/client_on_loop.h"
#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {
namespace {

using sandbox::AcceptAction;
using sandbox::Answer;
using sandbox::Ending;
using sandbox::HeadDecision;
using ::testing::Combine;
using ::testing::ValuesIn;

Answer Large(std::size_t bytes) { return Answer::Json(200, std::string(bytes, 'x')); }

Answer Counted(std::uint64_t length, Ending ending) {
  Answer answer = Answer::Json(200, "0123456789");
  answer.content_length = length;
  answer.ending = ending;
  return answer;
}

Answer Cut(std::size_t before_end_of_head, Ending ending) {
  const Answer whole = Answer::Json(200, "{}");
  return Answer::Truncated(whole, sandbox::HeadSize(whole) - before_end_of_head, ending);
}

Answer Trickled() {
  Answer answer = Answer::Json(200, "0123456789");
  answer.trickle_bytes = 10;
  answer.trickle_interval = std::chrono::milliseconds(1);
  return answer;
}

// What the server does, and what the client must report.
struct FaultCase {
  std::string name;
  Answer answer;
  TransferEnd end;
  int status = 0;
  AcceptAction accept = AcceptAction::kServe;
  HeadDecision::Kind head = HeadDecision::Kind::kReadOn;
};

Answer Encoded(const std::string& encoding, const std::string& packed) {
  Answer answer = Answer::Json(200, packed);
  answer.headers.emplace_back("Content-Encoding", encoding);
  answer.ending = Ending::kClose;
  return answer;
}

constexpr char kChunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr char kOk[] = "HTTP/1.1 200 OK\r\n";

std::vector<FaultCase> AnswerFaults() {
  using End = TransferEnd;
  const auto raw = [](const std::string& bytes) { return Answer::Raw(bytes, Ending::kClose); };
  return {
      {"ClosedWithoutAnswer", Answer::Nothing(Ending::kClose), End::kConnectionLost},
      {"ResetWithoutAnswer", Answer::Nothing(Ending::kReset), End::kConnectionLost},
      {"CutInStatusLine", raw("HTTP/1.1 20"), End::kConnectionLost},
      {"CutAfterStatusLine", raw(kOk), End::kConnectionLost},
      {"CutInHeaders", Cut(10, Ending::kClose), End::kConnectionLost},
      {"CutBeforeEmptyLine", Cut(2, Ending::kClose), End::kConnectionLost},
      {"ResetInHeaders", Cut(10, Ending::kReset), End::kConnectionLost},
      {"BodyMissing", Cut(0, Ending::kClose), End::kConnectionLost, 200},
      {"LengthTooLong", Counted(11, Ending::kClose), End::kConnectionLost, 200},
      {"LengthTooShort", Counted(3, Ending::kClose), End::kAnswered, 200},
      {"ChunkCut", raw(std::string(kChunked) + "a\r\n01234"), End::kConnectionLost, 200},
      {"LastChunkMissing", raw(std::string(kChunked) + "2\r\n{}\r\n"), End::kConnectionLost, 200},
      {"LengthIsNoNumber", raw(std::string(kOk) + "Content-Length: x\r\n\r\n{}"), End::kMalformed},
      {"LengthIsNegative", raw(std::string(kOk) + "Content-Length: -5\r\n\r\n{}"), End::kMalformed},
      {"NotHttp", raw("SSH-2.0-OpenSSH_9.2\r\n"), End::kMalformed},
      {"Http09", raw("<html>hello</html>"), End::kMalformed},
      {"Binary", raw(std::string("\x15\x03\x01\0\x02\x02\x50", 7)), End::kMalformed},
      {"BodyTooLarge", Large((std::size_t{1} << 20) + 1), End::kTooLarge, 200},
      {"BodyAsLargeAsAllowed", Large(std::size_t{1} << 20), End::kAnswered, 200},
      {"HeadersTooLarge", raw([] {
         std::string text = kOk;
         for (int i = 0; i < 100; ++i) text += "X: " + std::string(1000, 'x') + "\r\n";
         return text + "\r\n";
       }()),
       End::kTooLarge},
      {"OneHeaderTooLarge", raw(std::string(kOk) + "X: " + std::string(200'000, 'x') + "\r\n\r\n"),
       End::kTooLarge},
      {"EndlessInterimAnswers", raw([] {
         std::string text;
         for (int i = 0; i < 5000; ++i) text += "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n";
         return text;
       }()),
       End::kTooLarge},
      {"SwitchingProtocols", raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
       End::kConnectionLost},
      {"Trickle", Trickled(), End::kAnswered, 200},
      // Compressed although not requested: read, and limited by the decompressed size.
      {"Gzip", Encoded("gzip", Packed("{}")), End::kAnswered, 200},
      {"GzipBomb", Encoded("gzip", Packed(std::string(64 << 20, 'x'))), End::kTooLarge, 200},
      // libcurl accepts it: the decompressed content is judged.
      {"GzipCutShort", Encoded("gzip", Packed("{}").substr(0, 12)), End::kAnswered, 200},
      {"GzipThatIsNone", Encoded("gzip", "{}{}{}{}{}{}"), End::kMalformed, 200},
      {"UnknownEncoding", Encoded("rot13", "{}"), End::kMalformed, 200},
  };
}

std::vector<FaultCase> ConnectionFaults() {
  using End = TransferEnd;
  using Head = HeadDecision::Kind;
  const Answer none;
  const auto at_head = [&](std::string name, Head head) {
    return FaultCase{std::move(name), none, End::kConnectionLost, 0, AcceptAction::kServe, head};
  };
  return {
      {"ResetAtAccept", none, End::kConnectionLost, 0, AcceptAction::kReset},
      {"ClosedAtAccept", none, End::kConnectionLost, 0, AcceptAction::kClose},
      at_head("ResetWhileSending", Head::kReset),
      at_head("ClosedWhileSending", Head::kClose),
      // It may be a proxy's answer to an earlier request: it is not taken for the answer to this
      // one.
      {"AnsweredWhileSending", Answer::Json(413, "{}"), End::kMalformed, 0, AcceptAction::kServe,
       Head::kAnswerNow},
  };
}

void Script(Upstream& upstream, const FaultCase& fault) {
  upstream.AnswerWith(fault.answer);
  upstream.handler().on_accept = [fault](std::uint64_t) { return fault.accept; };
  upstream.handler().on_head = [fault](const sandbox::RequestHead&) {
    return HeadDecision{fault.head, fault.answer};
  };
}

class FaultTest : public ::testing::TestWithParam<std::tuple<FaultCase, bool>> {};

TEST_P(FaultTest, IsToldAsWhatItIsAndSentAtMostOnce) {
  const auto& [fault, tls] = GetParam();
  auto server = tls ? TestAuthority::Instance().ServerOptions() : sandbox::HttpServerOptions();
  server.max_body_bytes = kMoreThanSystemsTake;
  Upstream upstream(server);
  Script(upstream, fault);
  CurlHttpClientOptions options;
  options.base_url = upstream.url();
  options.transfer.ca_file = TestAuthority::Instance().ca_file();
  ClientOnLoop client(options);
  // Large: some of it is still to be sent when the server closes, or it is more than the kernel
  // buffers.
  const bool answers_early = fault.head == HeadDecision::Kind::kAnswerNow;
  const size_t size = answers_early ? kMoreThanSystemsTake : 1'500'000;
  const HttpResult result = client.Do(Post("/", std::string(size, 'x')));

  const bool before_request = fault.accept != AcceptAction::kServe;
  if (before_request) {
    // Over TLS the handshake fails; in plaintext the request is written before the loss is noticed.
    EXPECT_EQ(result.end, result.maybe_sent ? TransferEnd::kConnectionLost
                          : tls             ? TransferEnd::kTlsFailed
                                            : TransferEnd::kConnectFailed)
        << result.detail;
    EXPECT_TRUE(!tls || !result.maybe_sent);
  } else {
    EXPECT_EQ(result.end, fault.end) << result.detail;
    EXPECT_TRUE(result.maybe_sent);
  }
  EXPECT_EQ(result.status, fault.status);
  EXPECT_EQ(result.end == TransferEnd::kAnswered, result.detail.empty()) << result.detail;
  EXPECT_EQ(upstream.counters().Get().request_heads_seen, before_request ? 0U : 1U);
}

TEST(HttpClientEncoding, CompressedAnswerIsReadAndNoneIsAskedFor) {
  const std::string json = R"({"status":0})";
  Upstream upstream;
  Answer answer = Answer::Json(200, Packed(json));
  answer.headers.emplace_back("Content-Encoding", "gzip");
  upstream.AnswerWith(answer);
  ClientOnLoop client(upstream.url());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(client.Do(Post("/")).body, json);
  EXPECT_EQ(upstream.counters().Get().connections_opened, 1U);
  const auto requests = upstream.requests();
  EXPECT_FALSE(sandbox::FindHeader(requests.at(0).headers, "Accept-Encoding").has_value());
}

const auto kFaultName = [](const auto& test) {
  return std::get<0>(test.param).name + (std::get<1>(test.param) ? "Tls" : "");
};
INSTANTIATE_TEST_SUITE_P(Answer, FaultTest, Combine(ValuesIn(AnswerFaults()), ::testing::Bool()),
                         kFaultName);
INSTANTIATE_TEST_SUITE_P(Connection, FaultTest,
                         Combine(ValuesIn(ConnectionFaults()), ::testing::Bool()), kFaultName);

// -- Faults before there is a connection: nothing is ever sent.

void ExpectNeverSent(const HttpResult& result, TransferEnd end) {
  EXPECT_EQ(result.end, end) << result.detail;
  EXPECT_FALSE(result.maybe_sent);
  EXPECT_EQ(result.status, 0);
  EXPECT_NE(result.detail, "");
}

TEST(HttpClientConnect, NameThatDoesNotExistIsNotResolved) {
  ClientOnLoop client("http://" + NameThatDoesNotExist());
  ExpectNeverSent(client.Do(Post("/")), TransferEnd::kNameNotResolved);
}

TEST(HttpClientConnect, RefusedPortIsAFailedConnection) {
  const RefusingPort port;
  ClientOnLoop client("http://" + port.host_and_port());
  ExpectNeverSent(client.Do(Post("/")), TransferEnd::kConnectFailed);
}

TEST(HttpClientConnect, TlsToAPlaintextServerFails) {
  Upstream upstream;
  ClientOnLoop client("https://127.0.0.1:" + std::to_string(upstream.server().port()));
  ExpectNeverSent(client.Do(Post("/")), TransferEnd::kTlsFailed);
  EXPECT_EQ(upstream.counters().Get().request_heads_seen, 0U);
}

// The request is sent: in plaintext there is nothing to notice before that.
TEST(HttpClientConnect, PlaintextToATlsServerIsLost) {
  Upstream upstream(TestAuthority::Instance().ServerOptions());
  ClientOnLoop client("http://127.0.0.1:" + std::to_string(upstream.server().port()));
  const HttpResult result = client.Do(Post("/"));
  EXPECT_THAT(result.end, ::testing::AnyOf(TransferEnd::kConnectionLost, TransferEnd::kMalformed));
  EXPECT_TRUE(result.maybe_sent);
  EXPECT_EQ(upstream.counters().Get().request_heads_seen, 0U);
}

TEST(HttpClientConnect, HandshakeThatHangsTimesOut) {
  Upstream upstream(TestAuthority::Instance().ServerOptions());
  upstream.handler().on_accept = [](std::uint64_t) { return AcceptAction::kNeverRead; };
  CurlHttpClientOptions options;
  options.base_url = upstream.url();
  options.transfer.connect_timeout = std::chrono::milliseconds(50);
  ClientOnLoop client(options);
  ExpectNeverSent(client.Do(Post("/")), TransferEnd::kConnectTimeout);
}

struct CertificateCase {
  std::string name;
  sandbox::TestServerName server;
  bool right_authority;
  bool accepted;
};

class CertificateTest : public ::testing::TestWithParam<CertificateCase> {};

TEST_P(CertificateTest, DecidesWhetherAnythingIsSent) {
  Upstream upstream(TestAuthority::Instance().ServerOptions(GetParam().server));
  CurlHttpClientOptions options;
  options.base_url = upstream.url();
  if (GetParam().right_authority) options.transfer.ca_file = TestAuthority::Instance().ca_file();
  ClientOnLoop client(options);
  const HttpResult result = client.Do(Post("/"));
  if (GetParam().accepted) {
    EXPECT_EQ(result.end, TransferEnd::kAnswered) << result.detail;
  } else {
    ExpectNeverSent(result, TransferEnd::kTlsFailed);
  }
  EXPECT_EQ(upstream.counters().Get().requests_received, GetParam().accepted ? 1U : 0U);
}

sandbox::TestServerName Named(std::vector<std::string> dns, std::vector<std::string> ip) {
  sandbox::TestServerName name;
  name.dns_names = std::move(dns);
  name.ip_addresses = std::move(ip);
  return name;
}

sandbox::TestServerName Expired() {
  sandbox::TestServerName name;
  name.valid_from = -absl::Hours(2);
  name.valid_until = -absl::Hours(1);
  return name;
}

sandbox::TestServerName NotYetValid() {
  sandbox::TestServerName name;
  name.valid_from = absl::Hours(1);
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    All, CertificateTest,
    ::testing::Values(CertificateCase{"Right", {}, true, true},
                      CertificateCase{"UnknownAuthority", {}, false, false},
                      CertificateCase{"OtherName", Named({"other.example"}, {}), true, false},
                      CertificateCase{"OtherAddress", Named({}, {"127.0.0.2"}), true, false},
                      CertificateCase{"Expired", Expired(), true, false},
                      CertificateCase{"NotYetValid", NotYetValid(), true, false}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace enos::gateway::testing
