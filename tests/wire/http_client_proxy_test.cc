// HTTPS through a proxy named by the usual variables: what the proxy sees, what EnOS sees, and how
// a failing proxy is reported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "tests/wire/support/certificates.h"
#include "tests/wire/support/client_on_loop.h"
#include "tests/wire/support/connect_proxy.h"
#include "tests/wire/support/proxy_variables.h"
#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// A name that only the proxy can resolve.
constexpr char kName[] = "enos.test";

class HttpsProxy : public ::testing::Test {
 protected:
  // A client of `host` at the upstream's port.
  static CurlHttpClientOptions Client(Upstream& upstream, const std::string& host = kName) {
    CurlHttpClientOptions options;
    options.base_url = "https://" + host + ":" + std::to_string(upstream.server().port());
    options.transfer.ca_file = TestAuthority::Instance().ca_file();
    return options;
  }

  static HttpRequest SecretPost() {
    HttpRequest request = Post("/?a=secret-query", "secret-body");
    request.headers.emplace_back("apim-accesstoken: secret-token");
    return request;
  }
};

class HttpsProxyVariable : public HttpsProxy, public ::testing::WithParamInterface<const char*> {};

TEST_P(HttpsProxyVariable, RequestGoesThroughTheProxyWhichCannotReadIt) {
  Upstream upstream(TestAuthority::Instance().ServerOptionsFor(kName));
  ConnectProxy proxy(upstream.server().port());
  const ProxyVariables variables({{GetParam(), "http://" + proxy.host_and_port()}});
  ClientOnLoop client(Client(upstream));
  for (int i = 0; i < 3; ++i) {
    const HttpResult result = client.Do(SecretPost());
    EXPECT_EQ(result.end, TransferEnd::kAnswered) << result.detail;
    EXPECT_EQ(result.status, 200);
  }
  // One tunnel for all three.
  ASSERT_THAT(proxy.heads(), SizeIs(1));
  const std::string target = std::string(kName) + ":" + std::to_string(upstream.server().port());
  EXPECT_THAT(proxy.heads()[0], StartsWith("CONNECT " + target + " HTTP/1.1\r\n"));
  EXPECT_THAT(proxy.heads()[0] + proxy.tunnelled(), Not(HasSubstr("secret-")));
  const auto requests = upstream.requests();
  ASSERT_THAT(requests, SizeIs(3));
  EXPECT_EQ(requests[0].target, "/?a=secret-query");
  EXPECT_EQ(sandbox::FindHeader(requests[0].headers, "Host"), target);
  EXPECT_EQ(sandbox::FindHeader(requests[0].headers, "Proxy-Connection"), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(All, HttpsProxyVariable,
                         ::testing::Values("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
                         [](const auto& test) {
                           const std::string name = test.param;
                           return (name[0] == 'h' || name[0] == 'a' ? "lower_" : "upper_") + name;
                         });

class NoProxyVariable : public HttpsProxy, public ::testing::WithParamInterface<const char*> {};

TEST_P(NoProxyVariable, HostThatItNamesIsReachedWithoutTheProxy) {
  Upstream upstream(TestAuthority::Instance().ServerOptions());
  ConnectProxy proxy(upstream.server().port());
  const ProxyVariables variables(
      {{"https_proxy", "http://" + proxy.host_and_port()}, {GetParam(), "other.test,127.0.0.1"}});
  ClientOnLoop client(Client(upstream, "127.0.0.1"));
  EXPECT_EQ(client.Do(Post("/")).status, 200);
  EXPECT_THAT(proxy.heads(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, NoProxyVariable, ::testing::Values("no_proxy", "NO_PROXY"),
                         [](const auto& test) {
                           return std::string(test.param[0] == 'n' ? "Lower" : "Upper");
                         });

// No tunnel: the proxy must be told which host the request is for.
TEST(HttpProxy, PlaintextRequestNamesTheWholeUrl) {
  Upstream proxy;
  const ProxyVariables variables({{"http_proxy", proxy.url()}});
  CurlHttpClientOptions options;
  options.base_url = std::string("http://") + kName;
  ClientOnLoop client(options);
  EXPECT_EQ(client.Do(Post("/path?a=b")).status, 200);
  ASSERT_THAT(proxy.requests(), SizeIs(1));
  EXPECT_EQ(proxy.requests()[0].target, std::string("http://") + kName + "/path?a=b");
  EXPECT_EQ(sandbox::FindHeader(proxy.requests()[0].headers, "Host"), kName);
}

TEST_F(HttpsProxy, CredentialsForTheProxyGoToTheProxyAlone) {
  Upstream upstream(TestAuthority::Instance().ServerOptionsFor(kName));
  ConnectProxy proxy(upstream.server().port());
  const ProxyVariables variables(
      {{"https_proxy", "http://user:passw0rd@" + proxy.host_and_port()}});
  ClientOnLoop client(Client(upstream));
  EXPECT_EQ(client.Do(Post("/")).status, 200);
  ASSERT_THAT(proxy.heads(), SizeIs(1));
  EXPECT_THAT(proxy.heads()[0], HasSubstr("Proxy-Authorization: Basic dXNlcjpwYXNzdzByZA==\r\n"));
  ASSERT_THAT(upstream.requests(), SizeIs(1));
  EXPECT_EQ(sandbox::FindHeader(upstream.requests()[0].headers, "Proxy-Authorization"),
            std::nullopt);
}

TEST_F(HttpsProxy, ProxyThatLeadsToSomebodyElseGetsNothing) {
  Upstream somebody(TestAuthority::Instance().ServerOptionsFor("somebody.test"));
  ConnectProxy proxy(somebody.server().port());
  const ProxyVariables variables({{"https_proxy", "http://" + proxy.host_and_port()}});
  ClientOnLoop client(Client(somebody));
  const HttpResult result = client.Do(SecretPost());
  EXPECT_EQ(result.end, TransferEnd::kTlsFailed) << result.detail;
  EXPECT_FALSE(result.maybe_sent);
  EXPECT_EQ(somebody.counters().Get().request_heads_seen, 0U);
}

TEST_F(HttpsProxy, TunnelThatBreaksAfterTheSendMayHaveSentItAndSendsItOnce) {
  Upstream upstream(TestAuthority::Instance().ServerOptionsFor(kName));
  ConnectProxy proxy(upstream.server().port());
  const ProxyVariables variables({{"https_proxy", "http://" + proxy.host_and_port()}});
  ClientOnLoop client(Client(upstream));
  EXPECT_EQ(client.Do(Post("/")).status, 200);
  upstream.Hold();
  Transfer transfer = client.Start(Post("/"));
  ASSERT_TRUE(upstream.WaitForHeld(1));
  EXPECT_TRUE(client.MaybeSent(transfer.id));
  ASSERT_TRUE(upstream.server().EndConnection(1, sandbox::Ending::kClose));
  const HttpResult result = Await(transfer.result);
  EXPECT_EQ(result.end, TransferEnd::kConnectionLost) << result.detail;
  EXPECT_TRUE(result.maybe_sent);
  EXPECT_THAT(proxy.heads(), SizeIs(1)) << "no other tunnel was made for it";
  EXPECT_THAT(upstream.requests(), SizeIs(2));
}

struct ProxyFault {
  std::string name;
  std::string answer;  // to CONNECT; empty: the connection is closed
};

class ProxyThatFails : public HttpsProxy, public ::testing::WithParamInterface<ProxyFault> {};

TEST_P(ProxyThatFails, NothingIsSent) {
  Upstream upstream(TestAuthority::Instance().ServerOptionsFor(kName));
  ConnectProxy proxy(upstream.server().port());
  proxy.RefuseFromNowOn(GetParam().answer);
  const ProxyVariables variables(
      {{"https_proxy", "http://user:passw0rd@" + proxy.host_and_port()}});
  ClientOnLoop client(Client(upstream));
  const HttpResult result = client.Do(SecretPost());
  EXPECT_THAT(result.end, ::testing::AnyOf(TransferEnd::kConnectFailed, TransferEnd::kTlsFailed))
      << result.detail;
  EXPECT_FALSE(result.maybe_sent);
  EXPECT_EQ(result.status, 0) << "what a proxy says is not EnOS's answer";
  EXPECT_THAT(result.body, IsEmpty());
  EXPECT_THAT(result.detail, AllOf(Not(IsEmpty()), Not(HasSubstr("passw0rd"))));
  EXPECT_EQ(upstream.counters().Get().connections_opened, 0U);
  EXPECT_THAT(proxy.heads(), Each(Not(HasSubstr("secret-"))));
}

INSTANTIATE_TEST_SUITE_P(
    All, ProxyThatFails,
    ::testing::Values(
        ProxyFault{"Forbids", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"},
        ProxyFault{"AsksForCredentials",
                   "HTTP/1.1 407 Proxy Authentication Required\r\n"
                   "Proxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\n\r\n"},
        ProxyFault{"CannotReachEnos", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"},
        ProxyFault{"IsBusy", "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"},
        ProxyFault{"Redirects", "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.test/\r\n\r\n"},
        ProxyFault{"Closes", ""}, ProxyFault{"AnswersHalf", "HTTP/1.1 20"},
        ProxyFault{"SpeaksNoHttp", "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
        ProxyFault{"EstablishesAndCloses", "HTTP/1.1 200 OK\r\n\r\n"},
        ProxyFault{"EstablishesAndTalksPlain",
                   "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"}),
    [](const auto& test) { return test.param.name; });

TEST_F(HttpsProxy, ThatIsNotThere_NothingIsSent) {
  Upstream upstream(TestAuthority::Instance().ServerOptionsFor(kName));
  const RefusingPort port;
  const ProxyVariables variables({{"https_proxy", "http://" + port.host_and_port()}});
  ClientOnLoop client(Client(upstream));
  const HttpResult result = client.Do(Post("/"));
  EXPECT_EQ(result.end, TransferEnd::kConnectFailed) << result.detail;
  EXPECT_FALSE(result.maybe_sent);
}

TEST_F(HttpsProxy, ThatNeverAnswers_TimesOutAsConnecting) {
  Upstream upstream(TestAuthority::Instance().ServerOptionsFor(kName));
  const RefusingPort port;
  ASSERT_EQ(listen(port.socket(), 1), 0);
  const ProxyVariables variables({{"https_proxy", "http://" + port.host_and_port()}});
  CurlHttpClientOptions options = Client(upstream);
  options.transfer.connect_timeout = std::chrono::milliseconds(50);
  ClientOnLoop client(std::move(options));
  const HttpResult result = client.Do(Post("/"));
  EXPECT_EQ(result.end, TransferEnd::kConnectTimeout) << result.detail;
  EXPECT_FALSE(result.maybe_sent);
}

}  // namespace
}  // namespace enos::gateway::testing
