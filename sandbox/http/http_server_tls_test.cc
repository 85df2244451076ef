// An HttpServer over TLS, with libcurl as the client that checks certificates.
#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "sandbox/http/http_server.h"
#include "sandbox/http/raw_client.h"
#include "sandbox/http/test_certificates.h"

namespace enos::sandbox {
namespace {

std::size_t Collect(char* data, std::size_t size, std::size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

struct Fetched {
  CURLcode result;
  std::string body;
};

// Trusts only that authority.
Fetched Fetch(const std::string& url, const TestCertificate& authority) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  Fetched fetched{CURLE_OK, ""};
  std::string pem = authority.certificate_pem;
  curl_blob ca{pem.data(), pem.size(), CURL_BLOB_COPY};
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CAINFO_BLOB, &ca);
  curl_easy_setopt(curl.get(), CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 30L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &Collect);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &fetched.body);
  fetched.result = curl_easy_perform(curl.get());
  return fetched;
}

class HttpServerTlsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { curl_global_init(CURL_GLOBAL_DEFAULT); }

  void Start(const TestServerName& name = {}) {
    const TestCertificate certificate = MakeTestServerCertificate(authority_, name);
    HttpServerOptions options;
    options.tls = TlsOptions{certificate.certificate_pem, certificate.private_key_pem};
    server_ = std::make_unique<HttpServer>(std::move(options), &handler_);
    const absl::Status started = server_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  Fetched FetchFromServer() { return Fetch(server_->url() + "/x", authority_); }

  const TestCertificate authority_ = MakeTestAuthority("enos test authority");
  FunctionHandler handler_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTlsTest, TrustedCertificateIsServed) {
  handler_.on_request = [](const HttpRequest& request, const Responder& responder) {
    responder.Send(Answer::Text(200, request.target));
  };
  Start();
  EXPECT_THAT(server_->url(), testing::StartsWith("https://127.0.0.1:"));
  const Fetched fetched = FetchFromServer();
  EXPECT_EQ(fetched.result, CURLE_OK);
  EXPECT_EQ(fetched.body, "/x");
  EXPECT_TRUE(server_->counters().WaitForOpenConnections(0));
}

TEST_F(HttpServerTlsTest, AnnouncedCloseIsClean) {
  handler_.on_request = [](const HttpRequest&, const Responder& responder) {
    Answer answer;
    answer.keep_alive = false;
    // Without a length the end of the stream is the end of the body, and only close_notify makes it
    // a proper one.
    answer.raw = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nup to the end";
    responder.Send(answer);
  };
  Start();
  const Fetched fetched = FetchFromServer();
  EXPECT_EQ(fetched.result, CURLE_OK);
  EXPECT_EQ(fetched.body, "up to the end");
  EXPECT_TRUE(server_->counters().WaitForOpenConnections(0));
}

TEST_F(HttpServerTlsTest, ForeignAuthorityIsRefusedByTheClient) {
  Start();
  const Fetched fetched = Fetch(server_->url(), MakeTestAuthority("another authority"));
  EXPECT_EQ(fetched.result, CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_TRUE(server_->counters().WaitForOpenConnections(0));
  EXPECT_EQ(server_->counters().Get().request_heads_seen, 0U);
}

TEST_F(HttpServerTlsTest, WrongNameIsRefusedByTheClient) {
  TestServerName name;
  name.dns_names = {"elsewhere.example"};
  name.ip_addresses = {};
  Start(name);
  EXPECT_EQ(FetchFromServer().result, CURLE_PEER_FAILED_VERIFICATION);
}

TEST_F(HttpServerTlsTest, ExpiredCertificateIsRefusedByTheClient) {
  TestServerName name;
  name.valid_from = -absl::Hours(2);
  name.valid_until = -absl::Hours(1);
  Start(name);
  EXPECT_EQ(FetchFromServer().result, CURLE_PEER_FAILED_VERIFICATION);
}

struct HandshakeCase {
  std::string name;
  AcceptAction action;
};
class HandshakeFaultTest : public HttpServerTlsTest,
                           public testing::WithParamInterface<HandshakeCase> {};

TEST_P(HandshakeFaultTest, FailsTheClientsConnect) {
  handler_.on_accept = [](std::uint64_t) { return GetParam().action; };
  Start();
  const CURLcode result = FetchFromServer().result;
  // Which of them depends on how far libcurl was when the end reached it.
  EXPECT_THAT(result, testing::AnyOf(CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR,
                                     CURLE_RECV_ERROR, CURLE_SEND_ERROR));
  EXPECT_TRUE(server_->counters().WaitForOpenConnections(0));
  EXPECT_EQ(server_->counters().Get().request_heads_seen, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, HandshakeFaultTest,
                         testing::Values(HandshakeCase{"CloseInHandshake", AcceptAction::kClose},
                                         HandshakeCase{"ResetInHandshake", AcceptAction::kReset},
                                         HandshakeCase{"ResetAtConnect",
                                                       AcceptAction::kResetAtConnect}),
                         [](const auto& test) { return test.param.name; });

TEST_F(HttpServerTlsTest, HandshakeBrokenOffByTheClientIsCounted) {
  Start();
  RawClient client(server_->port());
  ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\n\r\n"));
  client.ReadToEnd();
  EXPECT_TRUE(server_->counters().WaitForOpenConnections(0));
  EXPECT_EQ(server_->counters().Get().handshakes_failed, 1U);
}

TEST_F(HttpServerTlsTest, AnswerCutOffIsNoticed) {
  handler_.on_request = [](const HttpRequest&, const Responder& responder) {
    const Answer whole = Answer::Text(200, "0123456789");
    responder.Send(Answer::Truncated(whole, HeadSize(whole) + 4, Ending::kClose));
  };
  Start();
  const Fetched fetched = FetchFromServer();
  EXPECT_THAT(fetched.result, testing::AnyOf(CURLE_PARTIAL_FILE, CURLE_RECV_ERROR));
  EXPECT_EQ(fetched.body, "0123");
}

TEST_F(HttpServerTlsTest, BadCertificateStopsTheStart) {
  HttpServerOptions options;
  options.tls = TlsOptions{"rubbish", "rubbish"};
  HttpServer server(options, &handler_);
  EXPECT_THAT(std::string(server.Start().message()), testing::StartsWith("the TLS certificate: "));
}

TEST_F(HttpServerTlsTest, KeyOfAnotherCertificateStopsTheStart) {
  HttpServerOptions options;
  options.tls = TlsOptions{MakeTestServerCertificate(authority_).certificate_pem, "rubbish"};
  HttpServer server(options, &handler_);
  EXPECT_THAT(std::string(server.Start().message()), testing::StartsWith("the TLS private key: "));
}

}  // namespace
}  // namespace enos::sandbox
