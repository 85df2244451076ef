// Traces, as a collector receives them that understands OTLP by another implementation.
#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/http/test_certificates.h"
#include "server/base/text.h"
#include "server/testing/ops_client.h"
#include "tests/e2e/support/calls.h"
#include "tests/support/fake_enos.h"
#include "tests/support/files.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using gateway::Concat;
using gateway::Split;
using gateway::StartsWith;
using sandbox::FindHeader;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;
using ::testing::SizeIs;

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kSpan[] = "00f067aa0ba902b7";

std::string Traceparent(const std::string& flags) {
  return Concat("00-", kTrace, "-", kSpan, "-", flags);
}

// "name=" and what follows, in a line of the collector.
std::string Field(const std::string& line, const std::string& name) {
  const size_t at = line.find(Concat(" ", name, "="));
  if (at == std::string::npos) return "";
  const size_t begin = at + name.size() + 2;
  return line.substr(begin, line.find(' ', begin) - begin);
}

class TracesTest : public testing::Test {
 protected:
  using Environment = std::map<std::string, std::string>;

  void StartCollector(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), ENOS_OTLP_RECEIVER);
    arguments.insert(arguments.begin() + 2, raw_file_);
    collector_ = std::make_unique<Process>(ProcessOptions{ENOS_PYTHON, arguments, {}});
    const auto line = collector_->WaitForLine("port=");
    ASSERT_TRUE(line) << collector_->all_output();
    const std::string port = line->substr(line->find('=') + 1);
    endpoint_ = "http://127.0.0.1:" + port.substr(0, port.find('\n'));
  }

  // With certificates of an authority of the test; HTTP demands the gateway's, too.
  void StartTlsCollector(const std::string& protocol) {
    const auto authority = sandbox::MakeTestAuthority("traces");
    const auto server = sandbox::MakeTestServerCertificate(authority);
    const auto client = sandbox::MakeTestClientCertificate(authority);
    folder_.Write("ca.pem", authority.certificate_pem);
    folder_.Write("server.pem", server.certificate_pem);
    folder_.Write("server.key", server.private_key_pem);
    folder_.Write("client.pem", client.certificate_pem);
    folder_.Write("client.key", client.private_key_pem);
    StartCollector({protocol, "--tls=" + folder_.path()});
    endpoint_.replace(0, 4, "https");
  }

  Environment TlsFiles() const {
    return {{"OTEL_EXPORTER_OTLP_CERTIFICATE", folder_.path("ca.pem")},
            {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", folder_.path("client.pem")},
            {"OTEL_EXPORTER_OTLP_CLIENT_KEY", folder_.path("client.key")}};
  }

  void StartGateway(Environment environment = {}, const std::vector<std::string>& flags = {}) {
    ProcessOptions options = GatewayOptions(enos_.url(), flags);
    environment.emplace("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint_);
    options.environment.merge(environment);
    gateway_ = std::make_unique<GatewayProcess>(options);
  }

  // With that traceparent; empty: none.
  std::string Trigger(const std::string& traceparent, int flow_id = 3377) {
    FlowStub stub(OwnChannel(gateway_->address()));
    grpc::ClientContext context;
    if (!traceparent.empty()) context.AddMetadata("traceparent", traceparent);
    FlowRequest request = RequestFor(flow_id);
    request.set_user_id("u-of-the-test");
    request.set_org_id("o-of-the-test");
    auto* parameter = request.add_parameters();
    parameter->set_key("param-of-the-test");
    parameter->set_value("value-of-the-test");
    dataflow::v1::UpdateAndTriggerFlowResponse response;
    const grpc::Status status = stub.UpdateAndTriggerFlow(&context, request, &response);
    return status.ok() ? "OK" : status.error_message();
  }

  // Ends the gateway; all spans that the collector has by then, but those of token requests.
  std::vector<std::string> SpansAtTheEnd() {
    gateway_->Signal(SIGTERM);
    EXPECT_THAT(gateway_->Wait().status, Optional(0));
    collector_->Signal(SIGTERM);
    collector_->Wait();
    const std::string output = collector_->out();
    std::vector<std::string> spans;
    for (const std::string_view line : Split(output, '\n')) {
      if (StartsWith(line, "span ") && Field(std::string(line), "enos.operation") != "token")
        spans.emplace_back(line);
    }
    return spans;
  }

  static std::string Only(const std::vector<std::string>& spans, const std::string& kind) {
    std::vector<std::string> found;
    for (const std::string& span : spans) {
      if (StartsWith(span, Concat("span ", kind, " "))) found.push_back(span);
    }
    EXPECT_THAT(found, SizeIs(1));
    return found.empty() ? "" : found.front();
  }

  TempFolder folder_;
  const std::string raw_file_ = folder_.path("raw");
  FakeEnos enos_;
  std::string endpoint_;
  std::unique_ptr<Process> collector_;
  std::unique_ptr<GatewayProcess> gateway_;
};

TEST_F(TracesTest, CallOfACallersTrace_HasASpanAndSoHasEachOfItsSends) {
  StartCollector({"http"});
  enos_.AnswerInTurn({sandbox::Answer::Text(429, ""), FlowStartedAnswer()});
  StartGateway({{"OTEL_EXPORTER_OTLP_HEADERS", "x-test=s3cr3t-header"},
                {"OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test"}},
               {"--log_level=debug"});
  EXPECT_EQ(Trigger(Traceparent("01")), "OK");
  const std::string told =
      std::string(FindHeader(enos_.last_headers(), "traceparent").value_or(""));
  const std::vector<std::string> spans = SpansAtTheEnd();
  ASSERT_THAT(spans, SizeIs(3)) << collector_->all_output();
  EXPECT_THAT(spans, Each(HasSubstr(Concat(" trace=", kTrace, " "))));
  const std::string server = Only(spans, "SERVER");
  EXPECT_THAT(server, HasSubstr("enos.dataflow.v1.FlowService/UpdateAndTriggerFlow "));
  EXPECT_EQ(Field(server, "parent"), kSpan);
  EXPECT_THAT(server, HasSubstr(" status=UNSET enos.flow_id=3377 rpc.grpc.status_code=0 "
                                "rpc.method=UpdateAndTriggerFlow "
                                "rpc.service=enos.dataflow.v1.FlowService rpc.system=grpc"));
  EXPECT_THAT(server, HasSubstr(" event[enos.retry enos.wait_ms="));
  EXPECT_THAT(server, HasSubstr(" error.type=ENOS_RATE_LIMITED]"));
  const std::string& refused = spans[0];
  const std::string& sent = spans[1];
  for (const std::string& send : {refused, sent}) {
    EXPECT_EQ(Field(send, "parent"), Field(server, "id"));
    EXPECT_THAT(send, HasSubstr("span CLIENT POST /dataflow-batch-service/v2.0/flows "));
    EXPECT_EQ(Field(send, "url.full"), enos_.url() + "/dataflow-batch-service/v2.0/flows");
  }
  EXPECT_THAT(refused, AllOf(HasSubstr(" status=ERROR "), HasSubstr(" error.type=429 "),
                             HasSubstr(" http.response.status_code=429 ")));
  EXPECT_THAT(sent, AllOf(HasSubstr(" status=UNSET "), HasSubstr(" enos.code=0 "),
                          HasSubstr(" http.request.resend_count=1 "),
                          HasSubstr(" http.response.status_code=200 ")));
  EXPECT_EQ(told, Concat("00-", kTrace, "-", Field(sent, "id"), "-01"));
  EXPECT_THAT(collector_->out(),
              AllOf(HasSubstr("export deployment.environment=test service.name=enos-flow-gateway "),
                    HasSubstr("request /v1/traces application/x-protobuf x-test=s3cr3t-header\n")));
  EXPECT_THAT(gateway_->all_output(), Not(HasSubstr("s3cr3t-header")));
}

TEST_F(TracesTest, NothingSecretAndNobodysName_IsInWhatIsSent) {
  StartCollector({"http"});
  enos_.AnswerInTurn({sandbox::Answer::Text(401, ""),
                      sandbox::Answer::Json(200, R"({"status":99403,"msg":"not u-of-the-test"})")});
  StartGateway();
  EXPECT_THAT(Trigger(""), HasSubstr("u-of-the-test"));
  const std::vector<std::string> spans = SpansAtTheEnd();
  EXPECT_THAT(Only(spans, "SERVER"), HasSubstr(" error.type=ENOS_PERMISSION_DENIED "));
  const std::string raw = ReadFile(raw_file_);
  EXPECT_THAT(raw, HasSubstr("UpdateAndTriggerFlow")) << "nothing was looked for";
  std::vector<std::string> secrets = enos_.tokens();
  EXPECT_THAT(secrets, SizeIs(2));
  secrets.insert(secrets.end(), {kAccessKey, kSecretKey, "-of-the-test", "userId", "action="});
  for (const std::string& secret : secrets) EXPECT_THAT(raw, Not(HasSubstr(secret)));
}

TEST_F(TracesTest, CallWithoutATrace_BeginsOneThatEnosIsNotTold) {
  StartCollector({"http"});
  StartGateway();
  EXPECT_EQ(Trigger(""), "OK");
  EXPECT_EQ(FindHeader(enos_.last_headers(), "traceparent"), std::nullopt);
  const std::vector<std::string> spans = SpansAtTheEnd();
  const std::string server = Only(spans, "SERVER");
  EXPECT_EQ(Field(server, "parent"), "none");
  EXPECT_EQ(Field(Only(spans, "CLIENT"), "parent"), Field(server, "id"));
  EXPECT_THAT(gateway_->all_output(), HasSubstr(" trace_id=" + Field(server, "trace")));
  EXPECT_THAT(collector_->out(), HasSubstr("span CLIENT POST /apim-token-service/v2.0/token/get "));
}

TEST_F(TracesTest, CallersDecision_Counts) {
  StartCollector({"http"});
  StartGateway({{"OTEL_TRACES_SAMPLER", "parentbased_always_off"}});
  EXPECT_EQ(Trigger(Traceparent("00")), "OK");
  EXPECT_THAT(std::string(FindHeader(enos_.last_headers(), "traceparent").value_or("")),
              EndsWith("-00"));
  EXPECT_EQ(Trigger(""), "OK");
  EXPECT_EQ(Trigger(Traceparent("01"), 3378), "OK");
  const std::vector<std::string> spans = SpansAtTheEnd();
  EXPECT_THAT(spans, SizeIs(2));
  EXPECT_THAT(Only(spans, "SERVER"), HasSubstr(" enos.flow_id=3378 "));
}

TEST_F(TracesTest, OwnDecision_IsWhatEnosIsTold) {
  StartCollector({"http"});
  StartGateway({{"OTEL_TRACES_SAMPLER", "always_off"}});
  EXPECT_EQ(Trigger(Traceparent("01")), "OK");
  EXPECT_THAT(std::string(FindHeader(enos_.last_headers(), "traceparent").value_or("")),
              EndsWith("-00"));
  EXPECT_THAT(SpansAtTheEnd(), IsEmpty());
  EXPECT_THAT(gateway_->all_output(), HasSubstr(std::string(" trace_id=") + kTrace));
}

TEST_F(TracesTest, ByGrpc_TheyArriveToo) {
  StartCollector({"grpc"});
  StartGateway(
      {{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}, {"OTEL_EXPORTER_OTLP_HEADERS", "x-test=a%20b"}});
  EXPECT_EQ(Trigger(Traceparent("01")), "OK");
  EXPECT_THAT(SpansAtTheEnd(), SizeIs(2));
  EXPECT_THAT(collector_->out(), HasSubstr("request grpc x-test=a b\n"));
}

TEST_F(TracesTest, OverTls_TheyArriveWithTheGatewaysCertificate) {
  StartTlsCollector("http");
  StartGateway(TlsFiles());
  EXPECT_EQ(Trigger(Traceparent("01")), "OK");
  EXPECT_THAT(SpansAtTheEnd(), SizeIs(2)) << collector_->all_output() << gateway_->all_output();
}

TEST_F(TracesTest, ByGrpcOverTls_TheyArriveToo) {
  StartTlsCollector("grpc");
  StartGateway({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
                {"OTEL_EXPORTER_OTLP_CERTIFICATE", folder_.path("ca.pem")}});
  EXPECT_EQ(Trigger(Traceparent("01")), "OK");
  EXPECT_THAT(SpansAtTheEnd(), SizeIs(2)) << collector_->all_output() << gateway_->all_output();
}

// The system's authorities do not know the collector's.
TEST_F(TracesTest, CollectorThatIsNotTrusted_GetsNothing) {
  for (const char* protocol : {"http/protobuf", "grpc"}) {
    StartTlsCollector(std::string(protocol).substr(0, 4));
    StartGateway({{"OTEL_EXPORTER_OTLP_PROTOCOL", protocol},
                  {"OTEL_EXPORTER_OTLP_TIMEOUT", "1000"},
                  {"OTEL_BSP_SCHEDULE_DELAY", "1"}});
    EXPECT_TRUE(gateway_->WaitForLine("traces cannot be exported spans_lost=")) << protocol;
    EXPECT_EQ(Trigger(Traceparent("01")), "OK");
    EXPECT_THAT(SpansAtTheEnd(), IsEmpty()) << protocol;
    EXPECT_EQ(ReadFile(raw_file_), "") << protocol;
  }
}

TEST_F(TracesTest, CollectorThatNeverAnswers_DelaysNoCallAndWhatIsLostIsCounted) {
  StartCollector({"http", "--silent"});
  StartGateway({{"OTEL_BSP_MAX_QUEUE_SIZE", "4"},
                {"OTEL_BSP_SCHEDULE_DELAY", "1"},
                {"OTEL_EXPORTER_OTLP_TIMEOUT", "60000"}},
               {"--metrics_listen=127.0.0.1:0"});
  ASSERT_TRUE(collector_->WaitForLine("silent")) << "the span of the first token request";
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Trigger(""), "OK");
  EXPECT_THAT(gateway::OpsGet(gateway_->metrics_address(), "/metrics").body,
              HasSubstr("\nenos_gateway_spans_dropped_total 16\n"));
}

TEST_F(TracesTest, CollectorThatNeverAnswers_HoldsUpTheEndOnlySoLong) {
  StartCollector({"http", "--silent"});
  StartGateway({{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"}, {"OTEL_EXPORTER_OTLP_TIMEOUT", "1000"}});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Trigger(""), "OK");
  gateway_->Signal(SIGTERM);
  EXPECT_THAT(gateway_->Wait(std::chrono::seconds(20)).status, Optional(0))
      << "one after the other they take 40 s";
}

TEST_F(TracesTest, CollectorThatRefuses_IsSaidOnceAndCounted) {
  StartCollector({"http", "--status=400"});
  StartGateway({{"OTEL_BSP_SCHEDULE_DELAY", "1"}}, {});
  ASSERT_TRUE(gateway_->WaitForLine("traces cannot be exported spans_lost="));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Trigger(""), "OK");
  EXPECT_THAT(SpansAtTheEnd(), IsEmpty());
  const std::string log = gateway_->all_output();
  EXPECT_EQ(log.find("traces cannot"), log.rfind("traces cannot"));
}

TEST_F(TracesTest, WrongVariable_StopsTheStart) {
  ProcessOptions options = GatewayOptions(enos_.url());
  options.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1";
  options.environment["OTEL_TRACES_SAMPLER"] = "xray";
  Process gateway(options);
  EXPECT_THAT(gateway.Wait().status, Optional(2));
  EXPECT_THAT(gateway.err(),
              HasSubstr("enos-flow-gateway: OTEL_TRACES_SAMPLER: \"xray\" is not valid"));
}

}  // namespace
}  // namespace enos::e2e
