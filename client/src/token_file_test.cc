#include "token_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "fake_flow_service.h"
#include "rich_status.h"
#include "sandbox/http/test_certificates.h"
#include "tests/support/files.h"

namespace enos::flow {
namespace {

using ::testing::ElementsAre;
using testing::FakeFlowService;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A folder with the file "token" in it.
class TokenFolder {
 public:
  const std::string& folder() const { return folder_.path(); }
  std::string path() const { return folder_.path("token"); }
  // As a whole, as Kubernetes does it: nobody reads half a file.
  void Write(const std::string& content) const {
    const std::string next = folder_.Write("token.next", content);
    EXPECT_EQ(rename(next.c_str(), path().c_str()), 0);
  }

 private:
  const TempFolder folder_;
};

struct ContentCase {
  const char* name;
  std::string content;
  std::string token;    // what is read, or...
  const char* problem;  // ...what the message says
};

class TokenFileContentTest : public ::testing::TestWithParam<ContentCase> {};

TEST_P(TokenFileContentTest, Content_TokenOrAMessageWithoutIt) {
  const TokenFolder folder;
  folder.Write(GetParam().content);
  const auto token = ReadTokenFile(folder.path());
  if (GetParam().problem == nullptr) {
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_EQ(*token, GetParam().token);
    return;
  }
  ASSERT_FALSE(token.ok());
  EXPECT_EQ(token.status().message(), "token_file=" + folder.path() + ": " + GetParam().problem);
}

constexpr char kEmpty[] = "is empty, expected a token";
constexpr char kTooLarge[] = "expected a token of at most 8192 bytes";
constexpr char kNotSingle[] = "expected a single token: printable ASCII characters, no blanks";

INSTANTIATE_TEST_SUITE_P(
    Rows, TokenFileContentTest,
    ::testing::Values(ContentCase{"plain", "a.b-c_d", "a.b-c_d", nullptr},
                      ContentCase{"line_end", "a.b.c\n", "a.b.c", nullptr},
                      ContentCase{"windows_line_end", "a.b.c\r\n", "a.b.c", nullptr},
                      ContentCase{"longest", std::string(8192, 'x') + "\r\n",
                                  std::string(8192, 'x'), nullptr},
                      ContentCase{"empty", "", "", kEmpty},
                      ContentCase{"blanks_only", " \n\n", "", kEmpty},
                      ContentCase{"one_byte_more", std::string(8193, 'x'), "", kTooLarge},
                      ContentCase{"much_more", std::string(1 << 20, 'x'), "", kTooLarge},
                      ContentCase{"a_token_and_much_more", "abc" + std::string(9000, '\n') + "def",
                                  "", kTooLarge},
                      ContentCase{"two_lines", "abc\ndef\n", "", kNotSingle},
                      ContentCase{"scheme_before_it", "Bearer abc", "", kNotSingle},
                      ContentCase{"control_character", "abc\x01", "", kNotSingle},
                      ContentCase{"zero_byte", std::string("a\0b", 3), "", kNotSingle},
                      ContentCase{"header_smuggled", "abc\r\nx-request-id: 1", "", kNotSingle},
                      ContentCase{"byte_order_mark",
                                  "\xef\xbb\xbf"
                                  "abc",
                                  "", kNotSingle}),
    [](const auto& row) { return row.param.name; });

TEST(ReadTokenFileTest, NoFile_SaysWhy) {
  EXPECT_EQ(ReadTokenFile("/nonexistent/token").status().message(),
            "token_file=/nonexistent/token: cannot be read (No such file or directory)");
  EXPECT_EQ(ReadTokenFile("/").status().message(), "token_file=/: cannot be read (Is a directory)");
}

TEST(ReadTokenFileTest, Pipe_RefusedWithoutWaitingForItsWriter) {
  const TokenFolder folder;
  ASSERT_EQ(mkfifo(folder.path().c_str(), 0600), 0);
  EXPECT_EQ(ReadTokenFile(folder.path()).status().message(),
            "token_file=" + folder.path() + ": cannot be read (not a regular file)");
}

TEST(ReadTokenFileTest, TokenInPlaceOfAPath_NotShown) {
  for (const std::string& token :
       {std::string("eyJhbGciOiJSUzI1NiJ9.e30.c2ln"), "eyJ" + std::string(9000, 'x')}) {
    EXPECT_EQ(ReadTokenFile(token).status().message(),
              "token_file: expected the path of a file, not a token");
  }
}

struct UseCase {
  const char* name;
  const char* address;
  Security security;
  bool allowed;
};

class TokenFileUseTest : public ::testing::TestWithParam<UseCase> {};

TEST_P(TokenFileUseTest, Channel_EncryptedOrThisMachineOnly) {
  const TokenFolder folder;
  folder.Write("s3cret");
  ClientOptions options;
  options.channel.address = GetParam().address;
  options.channel.security = GetParam().security;
  EXPECT_TRUE(MakeClient(options).ok()) << "without a token";
  options.token_file = folder.path();
  const auto client = MakeClient(options);
  EXPECT_EQ(client.ok(), GetParam().allowed) << client.status();
  if (GetParam().allowed) return;
  EXPECT_EQ(client.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(client.status().message(),
            "token_file=" + folder.path() +
                ": a token is not sent in plaintext to another machine (" + GetParam().address +
                "), expected TLS");
}

INSTANTIATE_TEST_SUITE_P(
    Rows, TokenFileUseTest,
    ::testing::Values(
        UseCase{"this_machine", "127.0.0.1:50051", Security::kAuto, true},
        UseCase{"this_machine_asked", "localhost:50051", Security::kPlaintext, true},
        UseCase{"socket", "unix:/run/gateway.sock", Security::kAuto, true},
        UseCase{"other_machine", "gateway.example.com:443", Security::kAuto, true},
        UseCase{"other_machine_tls", "10.0.0.1:443", Security::kTls, true},
        UseCase{"other_machine_plain", "10.0.0.1:50051", Security::kPlaintext, false},
        UseCase{"other_name_plain", "gateway.example.com:80", Security::kPlaintext, false},
        UseCase{"several_plain", "ipv4:127.0.0.1:1,10.0.0.1:1", Security::kPlaintext, false}),
    [](const auto& row) { return row.param.name; });

TEST(MakeClientTest, TokenFileOfNoUse_Refused) {
  ClientOptions options;
  options.token_file = "/nonexistent/token";
  EXPECT_THAT(std::string(MakeClient(options).status().message()), HasSubstr("cannot be read"));
}

// A gateway that records each call's `authorization`, and a client with a token file for it.
class ClientWithTokenTest : public ::testing::Test {
 protected:
  FlowClient Client(const FakeFlowService& gateway) const {
    ClientOptions options;
    options.channel.address = gateway.address();
    options.token_file = folder_.path();
    return MakeClient(options).value();
  }

  FakeFlowService::Handler Answers(std::vector<grpc::Status> statuses = {}) {
    return [this, then = testing::AnswerInTurn(std::move(statuses))](
               auto& context, const auto& request, auto& response) {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto range = context.client_metadata().equal_range("authorization");
      for (auto it = range.first; it != range.second; ++it) {
        seen_.emplace_back(it->second.data(), it->second.size());
      }
      return then(context, request, response);
    };
  }

  std::vector<std::string> seen() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return seen_;
  }

  static void ExpectUnusable(const FlowResult& result) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(result.error().reason, kTokenFileUnusable);
    EXPECT_EQ(result.error().reason, "TOKEN_FILE_UNUSABLE");
    EXPECT_TRUE(result.error().SafeToRepeat());
    EXPECT_FALSE(IsWorthRepeating(result.error()));
    EXPECT_THAT(result.error().message, HasSubstr(": expected a single token"));
    EXPECT_THAT(result.error().message, Not(HasSubstr("b4d")));
  }

  TokenFolder folder_;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> seen_;
};

FlowResult TriggerAsync(const FlowClient& client, const CallOptions& options = {}) {
  std::promise<FlowResult> done;
  client.TriggerFlowAsync(FlowRequest(), options,
                          [&done](FlowResult result) { done.set_value(std::move(result)); });
  return done.get_future().get();
}

TEST_F(ClientWithTokenTest, TokenReplaced_NextCallHasTheNewOne) {
  folder_.Write("one\n");
  FakeFlowService gateway(Answers());
  const FlowClient client = Client(gateway);
  EXPECT_TRUE(client.TriggerFlow(FlowRequest()).ok());
  EXPECT_TRUE(TriggerAsync(client).ok());
  folder_.Write("two\n");
  EXPECT_TRUE(client.TriggerFlow(FlowRequest()).ok());
  EXPECT_TRUE(TriggerAsync(client).ok());
  EXPECT_THAT(seen(), ElementsAre("Bearer one", "Bearer one", "Bearer two", "Bearer two"));
}

TEST_F(ClientWithTokenTest, TokenReplacedBetweenAttempts_RepeatHasTheNewOne) {
  folder_.Write("one");
  FakeFlowService gateway(
      Answers({testing::NotExecuted(grpc::StatusCode::UNAVAILABLE, "GATEWAY_OVERLOADED")}));
  RepeatHooks hooks = RepeatHooks::Real();
  hooks.sleep = [this](auto) { folder_.Write("two"); };
  EXPECT_TRUE(Client(gateway).TriggerFlowWithRepeat(FlowRequest(), {}, {}, hooks).ok());
  EXPECT_THAT(seen(), ElementsAre("Bearer one", "Bearer two"));
}

TEST_F(ClientWithTokenTest, WithoutATokenFile_NoneIsSent) {
  FakeFlowService gateway(Answers());
  ClientOptions options;
  options.channel.address = gateway.address();
  EXPECT_TRUE(MakeClient(options)->TriggerFlow(FlowRequest()).ok());
  EXPECT_THAT(seen(), IsEmpty());
}

TEST_F(ClientWithTokenTest, FileSpoiledLater_NothingIsSent) {
  folder_.Write("one");
  FakeFlowService gateway(Answers());
  const FlowClient client = Client(gateway);
  folder_.Write("b4d b4d");
  ExpectUnusable(client.TriggerFlow(FlowRequest()));
  ExpectUnusable(TriggerAsync(client));
  ExpectUnusable(client.TriggerFlowWithRepeat(FlowRequest(), {}, {}));
  const auto problem = client.Connect(std::chrono::minutes(1));
  ASSERT_TRUE(problem);
  ExpectUnusable(*problem);
  EXPECT_THAT(gateway.requests(), IsEmpty());
  folder_.Write("two");
  EXPECT_TRUE(client.TriggerFlow(FlowRequest()).ok()) << "the client goes on";
}

TEST_F(ClientWithTokenTest, FileSpoiled_CallbackMayDropTheClient) {
  folder_.Write("one");
  FakeFlowService gateway(Answers());
  auto client = std::make_shared<FlowClient>(Client(gateway));
  folder_.Write("b4d b4d");
  std::promise<void> done;
  FlowClient* const borrowed = client.get();
  borrowed->TriggerFlowAsync(FlowRequest(), {},
                             [client = std::move(client), &done](const FlowResult& result) mutable {
                               ExpectUnusable(result);
                               client.reset();
                               done.set_value();
                             });
  done.get_future().wait();
}

TEST_F(ClientWithTokenTest, OverTls_Sent) {
  const auto authority = sandbox::MakeTestAuthority("token file");
  const auto certificate =
      sandbox::MakeTestServerCertificate(authority, {{"gateway.example.com"}, {}});
  const TempFolder folder;
  grpc::SslServerCredentialsOptions server;
  server.pem_key_cert_pairs.push_back({certificate.private_key_pem, certificate.certificate_pem});
  FakeFlowService gateway(Answers(), grpc::SslServerCredentials(server));
  folder_.Write("one");
  ClientOptions options;
  options.channel.address = gateway.address();
  options.channel.ca_file = folder.Write("ca.pem", authority.certificate_pem);
  options.channel.server_name = "gateway.example.com";
  options.token_file = folder_.path();
  EXPECT_TRUE(MakeClient(options)->TriggerFlow(FlowRequest()).ok());
  EXPECT_THAT(seen(), ElementsAre("Bearer one"));
}

}  // namespace
}  // namespace enos::flow
