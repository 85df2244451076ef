// The secret key and access tokens appear nowhere: not in what the gateway prints at its most
// verbose, not in what callers are told, not where other users of the machine can look.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <atomic>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "enos/flow/error.h"
#include "sandbox/http/test_certificates.h"
#include "server/testing/mounted_files.h"
#include "server/testing/token_maker.h"
#include "tests/e2e/support/calls.h"
#include "tests/support/fake_enos.h"
#include "tests/support/files.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Answer = FakeEnos::Answer;
using sandbox::Ending;

// Different from every other word that might appear.
constexpr char kSecret[] = "s3cr3t-k3y-Of-The-Test";

ProcessOptions TalkativeGateway(const std::string& url) {
  ProcessOptions options = GatewayOptions(url, {"--log_level=trace"});
  options.environment["ENOS_SECRET_KEY"] = kSecret;
  return options;
}

// Everything that a caller can see of a result.
std::string Seen(const CallOutcome& outcome) {
  return outcome.status.error_message() + outcome.status.error_details() +
         outcome.flow_instance_id + "\n";
}

void ExpectNoSecrets(const std::string& text, const FakeEnos& enos) {
  EXPECT_THAT(text, Not(HasSubstr(kSecret)));
  const std::vector<std::string> tokens = enos.tokens();
  EXPECT_FALSE(tokens.empty()) << "nothing was looked for";
  for (const std::string& token : tokens) EXPECT_THAT(text, Not(HasSubstr(token)));
}

struct Failure {
  std::string name;
  std::function<Answer(const std::string& token)> answer;
};

std::string Both(const std::string& token) { return token + " and " + kSecret; }

Answer Error(int code, const std::string& message) {
  return Answer::Json(200, "{\"status\":" + std::to_string(code) + ",\"msg\":\"" + message +
                               "\",\"submsg\":\"" + message + "\",\"requestId\":\"" +
                               message.substr(0, message.find(' ')) + "\"}");
}

std::vector<Failure> Failures() {
  std::vector<Failure> failures;
  for (const int code :
       {62101, 62102, 62103, 62104, 62105, 62109, 99400, 99403, 99404, 99500, 400, 401,  403, 404,
        405,   409,   413,   415,   429,   497,   498,   500,   501,   503,   504, 1203, 7}) {
    failures.push_back({"Code" + std::to_string(code),
                        [code](const std::string& token) { return Error(code, Both(token)); }});
  }
  for (const int status : {301, 400, 401, 403, 429, 500, 502, 503, 504}) {
    failures.push_back({"Http" + std::to_string(status), [status](const std::string& token) {
                          Answer answer = Answer::Text(status, Both(token));
                          answer.headers.emplace_back("Location", "/" + token + "?" + kSecret);
                          answer.headers.emplace_back("Retry-After", token);
                          return answer;
                        }});
  }
  failures.push_back({"NotJson", [](const auto& token) { return Answer::Text(200, Both(token)); }});
  failures.push_back({"NoCode", [](const auto& token) {
                        return Answer::Json(200, "{\"msg\":\"" + Both(token) + "\"}");
                      }});
  failures.push_back({"CodeIsText", [](const auto& token) {
                        return Answer::Json(200, "{\"status\":\"" + Both(token) + "\"}");
                      }});
  failures.push_back({"MessageCutInside", [](const auto& token) {
                        // EnOS's texts are truncated after 256 bytes, here in the middle of the
                        // token.
                        return Error(99500, std::string(256 - token.size() / 2, 'x') + token);
                      }});
  failures.push_back({"BrokenStatusLine", [](const auto& token) {
                        return Answer::Raw("HTTP/1.1 " + Both(token) + "\r\n\r\n", Ending::kClose);
                      }});
  failures.push_back({"NotHttp", [](const auto& token) {
                        return Answer::Raw(Both(token) + "\r\n", Ending::kReset);
                      }});
  failures.push_back({"HalfAnswer", [](const auto& token) {
                        return Answer::Truncated(Error(0, Both(token)), 60, Ending::kReset);
                      }});
  failures.push_back({"Closed", [](const auto&) { return Answer::Nothing(Ending::kClose); }});
  return failures;
}

class SecretsTest : public testing::TestWithParam<Failure> {};

TEST_P(SecretsTest, FailedCall_ShowsNone) {
  FakeEnos enos([](int, const std::string& token) { return GetParam().answer(token); });
  GatewayProcess gateway(TalkativeGateway(enos.url()));
  const CallOutcome outcome = Call(OwnChannel(gateway.address()), RequestFor(1));
  EXPECT_FALSE(outcome.status.ok());
  EXPECT_NE(flow::FlowErrorFromStatus(outcome.status).reason, "") << "not the gateway's answer";
  const std::string command_line = gateway.command_line();
  EXPECT_THAT(command_line, HasSubstr("--log_level=trace"));
  gateway.Signal(SIGTERM);
  EXPECT_EQ(gateway.Wait().status, 0);
  ExpectNoSecrets(Seen(outcome) + command_line + gateway.all_output(), enos);
}

INSTANTIATE_TEST_SUITE_P(All, SecretsTest, testing::ValuesIn(Failures()),
                         [](const auto& tested) { return tested.param.name; });

TEST(Secrets, EchoedByEnos_AreMaskedInWhatTheCallerSees) {
  FakeEnos enos([](int, const std::string& token) { return Error(99500, Both(token)); });
  GatewayProcess gateway(TalkativeGateway(enos.url()));
  const CallOutcome outcome = Call(OwnChannel(gateway.address()), RequestFor(1));
  EXPECT_EQ(flow::FlowErrorFromStatus(outcome.status).enos_message, "*** and ***: *** and ***");
  ExpectNoSecrets(Seen(outcome) + gateway.all_output(), enos);
}

TEST(Secrets, SuccessfulCalls_ShowNone) {
  FakeEnos enos;
  GatewayProcess gateway(TalkativeGateway(enos.url()));
  const auto channel = OwnChannel(gateway.address());
  std::string seen;
  for (int flow_id = 1; flow_id <= 5; ++flow_id) seen += Seen(Call(channel, RequestFor(flow_id)));
  EXPECT_THAT(seen, HasSubstr("5-20300101000000"));
  gateway.Signal(SIGTERM);
  EXPECT_EQ(gateway.Wait().status, 0);
  ExpectNoSecrets(seen + gateway.all_output(), enos);
}

// Callers' tokens, valid and invalid, whatever gRPC is told to trace.
TEST(Secrets, BearerTokens_AreShownNowhere) {
  FakeEnos enos;
  const gateway::TokenMaker maker = gateway::TokenMaker::Ec();
  const gateway::MountedFiles files(
      {{"policy.json", R"({"rules":[{"callers":["sub:alice"],"org_ids":["*"],"user_ids":["*"],
                          "flow_ids":["*"]}]})"},
       {"keys.json", gateway::KeySet(maker.Jwk("k"))}});
  ProcessOptions options = TalkativeGateway(enos.url());
  options.environment["GRPC_TRACE"] = "all";
  options.environment["GRPC_VERBOSITY"] = "debug";
  for (const std::string& flag :
       {"--policy_file=" + files.path("policy.json"), "--jwt_keys_file=" + files.path("keys.json"),
        std::string("--jwt_issuer=i"), std::string("--jwt_audience=a")})
    options.arguments.push_back(flag);
  GatewayProcess gateway(std::move(options));
  const auto channel = OwnChannel(gateway.address());
  const std::string claims = R"("aud":"a","exp":4000000000})";
  const std::string good = maker.Sign(R"({"iss":"i","sub":"alice",)" + claims, "k");
  const std::vector<std::string> tokens = {
      good,
      maker.Sign(R"({"iss":"i","sub":"mallory",)" + claims, "k"),
      maker.Sign(R"({"iss":"other","sub":"alice",)" + claims, "k"),
      maker.Sign(R"({"iss":"i","sub":"alice",)" + claims, "unknown"),
      maker.Sign(R"({"iss":"i","sub":"alice","aud":"a","exp":1})", "k"),
      good.substr(0, good.size() - 8) + "AAAAAAAA",
      "opaque-t0ken-Of-Nobody",
  };
  std::string seen;
  for (const std::string& token : tokens) seen += Seen(Call(channel, RequestFor(5), token));
  EXPECT_THAT(seen, HasSubstr("5-20300101000000"));
  EXPECT_THAT(seen, HasSubstr("has expired"));
  gateway.Signal(SIGTERM);
  EXPECT_EQ(gateway.Wait().status, 0);
  const std::string all = seen + gateway.command_line() + gateway.all_output();
  EXPECT_THAT(all, HasSubstr("cause=\"token malformed\""));
  for (const std::string& token : tokens) {
    EXPECT_THAT(all, Not(HasSubstr(token)));
    // Nor a part of one: header, claims, signature.
    EXPECT_THAT(all, Not(HasSubstr(token.substr(token.size() - 20))));
    EXPECT_THAT(all, Not(HasSubstr(token.substr(0, 20))));
  }
  ExpectNoSecrets(all, enos);
}

TEST(Secrets, RefusedTokens_AreMaskedLikeTheOnesInTheirPlace) {
  std::atomic<int> refusals{0};
  FakeEnos enos([&](int, const std::string& token) {
    return refusals++ % 2 == 0 ? std::optional(Error(401, Both(token))) : std::nullopt;
  });
  GatewayProcess gateway(TalkativeGateway(enos.url()));
  const auto channel = OwnChannel(gateway.address());
  std::string seen;
  for (int flow_id = 1; flow_id <= 5; ++flow_id) seen += Seen(Call(channel, RequestFor(flow_id)));
  EXPECT_GE(enos.tokens().size(), 6U);
  gateway.Signal(SIGTERM);
  EXPECT_EQ(gateway.Wait().status, 0);
  ExpectNoSecrets(seen + gateway.all_output(), enos);
}

// -- Files: the listener's private key, and EnOS keys that are changed

constexpr char kRotated[] = "r0tated-s3cret-Of-The-Test";

// The gateway's command line and everything it ever printed.
std::string EverythingShown(GatewayProcess& gateway) {
  const std::string command_line = gateway.command_line();
  EXPECT_THAT(command_line, HasSubstr("--tls_key_file="));
  gateway.Signal(SIGTERM);
  EXPECT_EQ(gateway.Wait().status, 0);
  return command_line + gateway.all_output();
}

void ExpectNoLineOf(const std::string& pem, const std::string& text) {
  std::istringstream lines(pem);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("-----") != std::string::npos) continue;
    EXPECT_THAT(text, Not(HasSubstr(line)));
  }
}

TEST(Secrets, PrivateKeysAndRotatedKeys_AreNotShownWhateverBecomesOfThem) {
  const auto authority = sandbox::MakeTestAuthority("secrets");
  const auto first = sandbox::MakeTestServerCertificate(authority);
  const auto second = sandbox::MakeTestServerCertificate(authority);
  gateway::MountedFiles files(gateway::MountedFiles::Contents{{"tls.crt", first.certificate_pem},
                                                              {"tls.key", first.private_key_pem},
                                                              {"access", kAccessKey},
                                                              {"secret", kSecret}});
  FakeEnos enos([](int, const std::string& token) {
    return Error(99500, token + " and " + kSecret + " and " + kRotated);
  });
  ProcessOptions options =
      GatewayOptions(enos.url(), {"--log_level=trace", "--reload_interval=100ms",
                                  "--tls_cert_file=" + files.path("tls.crt"),
                                  "--tls_key_file=" + files.path("tls.key")});
  options.environment = {{"ENOS_ACCESS_KEY_FILE", files.path("access")},
                         {"ENOS_SECRET_KEY_FILE", files.path("secret")}};
  GatewayProcess gateway(std::move(options));
  files.Overwrite("tls.key", second.private_key_pem);  // does not match
  EXPECT_TRUE(gateway.WaitForLine("certificate not reloaded"));
  files.Overwrite("secret", std::string(kRotated) + " with a blank");
  EXPECT_TRUE(gateway.WaitForLine("keys not reloaded"));
  files.Overwrite("tls.crt", second.certificate_pem);
  EXPECT_TRUE(gateway.WaitForLine("certificate reloaded"));
  files.Overwrite("secret", kRotated);
  EXPECT_TRUE(gateway.WaitForLine("keys reloaded"));

  grpc::SslCredentialsOptions client;
  client.pem_root_certs = authority.certificate_pem;
  const CallOutcome outcome =
      Call(grpc::CreateChannel(gateway.address(), grpc::SslCredentials(client)), RequestFor(1));
  EXPECT_EQ(flow::FlowErrorFromStatus(outcome.status).enos_code, 99500);

  const std::string shown = Seen(outcome) + EverythingShown(gateway);
  ExpectNoSecrets(shown, enos);
  EXPECT_THAT(shown, Not(HasSubstr(kRotated)));
  ExpectNoLineOf(first.private_key_pem, shown);
  ExpectNoLineOf(second.private_key_pem, shown);
}

// What the tests of Process cannot show: that the program does it.
TEST(Secrets, RunningGateway_CanLeaveNoCore) {
  FakeEnos enos;
  GatewayProcess gateway(TalkativeGateway(enos.url()));
  const std::string text = ReadFile("/proc/" + std::to_string(gateway.pid()) + "/limits");
  const size_t line = text.find("Max core file size");
  ASSERT_NE(line, std::string::npos);
  std::istringstream words(text.substr(line + sizeof("Max core file size")));
  std::string soft;
  std::string hard;
  words >> soft >> hard;
  EXPECT_EQ(soft + "/" + hard, "0/0");
}

// Token services that answer everything except a proper token; they spoil the one that was made for
// them.
struct BadTokenService {
  std::string name;
  FakeEnos::OnToken answer;
};

std::vector<BadTokenService> BadTokenServices() {
  std::vector<BadTokenService> services;
  for (const int code : {1001, 1002, 1003, 1004, 1005, 1202, 1203, 1204}) {
    services.push_back({"Code" + std::to_string(code), [code](const auto&, const auto&) {
                          return Error(code, std::string("no: ") + kSecret);
                        }});
  }
  services.push_back({"NotJson", [](const auto&, const std::string& token) {
                        return Answer::Text(200, Both(token));
                      }});
  services.push_back({"CutOff", [](const auto&, const std::string& token) {
                        const Answer whole = TokenAnswer(token);
                        return Answer::Truncated(whole, sandbox::HeadSize(whole) + 70,
                                                 Ending::kClose);
                      }});
  services.push_back({"NoExpiry", [](const auto&, const std::string& token) {
                        return Answer::Json(200, "{\"status\":0,\"data\":{\"accessToken\":\"" +
                                                     token + "\",\"expire\":\"" + kSecret + "\"}}");
                      }});
  services.push_back({"TokenForAHeaderOfItsOwn", [](const auto&, const std::string& token) {
                        return TokenAnswer(token + "\\r\\nX: 1");
                      }});
  return services;
}

class BadTokenServiceTest : public testing::TestWithParam<BadTokenService> {};

TEST_P(BadTokenServiceTest, ShowsNoSecrets) {
  FakeEnos enos(nullptr, GetParam().answer);
  GatewayProcess gateway(TalkativeGateway(enos.url()));
  ASSERT_TRUE(gateway.WaitForLine("no access token")) << gateway.all_output();
  const CallOutcome outcome = Call(OwnChannel(gateway.address()), RequestFor(1));
  EXPECT_FALSE(outcome.status.ok());
  EXPECT_EQ(flow::FlowErrorFromStatus(outcome.status).execution, flow::Execution::kNotExecuted);
  gateway.Signal(SIGTERM);
  EXPECT_EQ(gateway.Wait().status, 0);
  ExpectNoSecrets(Seen(outcome) + gateway.all_output(), enos);
}

INSTANTIATE_TEST_SUITE_P(All, BadTokenServiceTest, testing::ValuesIn(BadTokenServices()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace enos::e2e
