// /metrics as its readers see it: promtool's linter and a Prometheus.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <set>
#include <string>

#include "sandbox/http/test_certificates.h"
#include "server/testing/ops_client.h"
#include "tests/e2e/support/calls.h"
#include "tests/support/fake_enos.h"
#include "tests/support/files.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::EndsWith;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

// A program of the Debian package prometheus; empty if it is not installed.
std::string FindProgram(const std::string& name) {
  Process which({"/bin/sh", {"-c", "command -v " + name}, {}});
  which.Wait();
  const std::string found = which.out();
  return found.substr(0, found.find('\n'));
}

#define ENOS_NEED_PROGRAM(path, name)                                             \
  const std::string path = FindProgram(name);                                     \
  if (path.empty()) {                                                             \
    std::cerr << "SKIPPED: " name " is not installed: deploy/packages.sh test\n"; \
    GTEST_SKIP();                                                                 \
  }

std::optional<FakeEnos::Answer> AnswerByFlowId(int flow_id, const std::string& /*token*/) {
  if (flow_id == 500) return FakeEnos::Answer::Text(500, "broken");
  if (flow_id == 62104) {
    return FakeEnos::Answer::Json(200, R"({"status":62104,"msg":"This workflow has no task"})");
  }
  return std::nullopt;
}

// A gateway that has served a call of each kind.
class MetricsTest : public testing::Test {
 protected:
  MetricsTest() {
    const auto channel = OwnChannel(gateway_.address());
    EXPECT_TRUE(WaitForHealth(channel, Health::kServing));
    for (const int flow_id : {1, 1, 62104, 500, -1}) Call(channel, RequestFor(flow_id));
  }

  FakeEnos enos_{&AnswerByFlowId};
  GatewayProcess gateway_{GatewayOptions(enos_.url(), {"--metrics_listen=127.0.0.1:0"})};
};

TEST_F(MetricsTest, AfterCalls_TellWhatTheyCameTo) {
  const auto reply = gateway::OpsGet(gateway_.metrics_address(), "/metrics");
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.head, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  for (
      const char* line : {
          R"(enos_gateway_call_results_total{execution="EXECUTED",reason="OK"} 2)",
          R"(enos_gateway_call_results_total{execution="NOT_EXECUTED",reason="FLOW_HAS_NO_TASK"} 1)",
          R"(enos_gateway_call_results_total{execution="UNKNOWN",reason="ENOS_INTERNAL"} 1)",
          R"(enos_gateway_refused_total{reason="INVALID_REQUEST"} 1)",
          R"(enos_gateway_upstream_requests_total{enos_code="0",http_status="200",operation="trigger"} 2)",
          R"(enos_gateway_upstream_requests_total{enos_code="62104",http_status="200",operation="trigger"} 1)",
          R"(enos_gateway_upstream_requests_total{enos_code="none",http_status="500",operation="trigger"} 1)",
          R"(enos_gateway_upstream_requests_total{enos_code="0",http_status="200",operation="token"} 1)",
          R"(enos_gateway_upstream_connections_total{use="opened"} 2)",
          R"(enos_gateway_upstream_connections_total{use="reused"} 3)",
          R"(enos_gateway_token_fetches_total{result="obtained"} 1)",
          "enos_gateway_calls_in_flight 0",
          "enos_gateway_log_lines_dropped_total 0",
      })
    EXPECT_THAT(reply.body, HasSubstr(line + std::string("\n")));
}

bool IsOfAName(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The names of metrics in a text; those of a histogram's series without their suffix.
std::set<std::string> MetricNames(const std::string& text) {
  std::set<std::string> names;
  auto word = text.begin();
  while (word != text.end()) {
    word = std::find_if(word, text.end(), IsOfAName);
    const auto end = std::find_if_not(word, text.end(), IsOfAName);
    std::string name(word, end);
    word = end;
    if (!testing::Matches(testing::AnyOf(StartsWith("grpc_server_"), StartsWith("enos_gateway_"),
                                         StartsWith("process_")))(name))
      continue;
    for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
      if (testing::Matches(EndsWith(suffix))(name)) name.resize(name.size() - suffix.size());
    }
    names.insert(std::move(name));
  }
  return names;
}

// A gateway with everything that has its own metrics.
class MonitoringFiles : public testing::TestWithParam<const char*> {
 protected:
  ProcessOptions Options() {
    const auto server = sandbox::MakeTestServerCertificate(sandbox::MakeTestAuthority("metrics"));
    ProcessOptions options = GatewayOptions(
        enos_.url(), {"--metrics_listen=127.0.0.1:0",
                      "--tls_cert_file=" + folder_.Write("cert", server.certificate_pem),
                      "--tls_key_file=" + folder_.Write("key", server.private_key_pem)});
    options.environment["ENOS_GATEWAY_IDEMPOTENCY_STORE"] = "sqlite:" + folder_.path() + "/keys";
    return options;
  }

  const TempFolder folder_;
  FakeEnos enos_{&AnswerByFlowId};
  GatewayProcess gateway_{Options()};
};

TEST_P(MonitoringFiles, NameOnlyWhatIsExported) {
  const std::string exported = gateway::OpsGet(gateway_.metrics_address(), "/metrics").body;
  const auto names = MetricNames(ReadFile(std::string(ENOS_SOURCE_DIR "/") + GetParam()));
  EXPECT_THAT(names, SizeIs(Ge(3U)));
  for (const std::string& name : names) {
    if (testing::Matches(StartsWith("enos_gateway_spans_"))(name)) continue;  // see TracesTest
    EXPECT_THAT(exported, HasSubstr("# TYPE " + name + " ")) << GetParam();
  }
}

INSTANTIATE_TEST_SUITE_P(All, MonitoringFiles,
                         testing::Values("deploy/monitoring/alerts.yml",
                                         "deploy/monitoring/alerts_test.yml",
                                         "deploy/monitoring/dashboard.json"));

TEST_F(MetricsTest, PromtoolFindsNothingToSay) {
  ENOS_NEED_PROGRAM(promtool, "promtool");
  const TempFolder folder;
  const std::string file =
      folder.Write("metrics", gateway::OpsGet(gateway_.metrics_address(), "/metrics").body);
  Process check({"/bin/sh", {"-c", promtool + " check metrics <" + file}, {}});
  EXPECT_EQ(check.Wait().status, 0) << check.all_output();
  EXPECT_EQ(check.all_output(), "");
}

TEST_F(MetricsTest, PrometheusScrapesThem) {
  ENOS_NEED_PROGRAM(prometheus, "prometheus");
  const TempFolder folder;
  const std::string config = folder.Write("prometheus.yml",
                                          "global: {scrape_interval: 1s}\n"
                                          "scrape_configs:\n"
                                          "  - job_name: gateway\n"
                                          "    static_configs: [{targets: ['" +
                                              gateway_.metrics_address() + "']}]\n");
  Process server({prometheus,
                  {"--config.file=" + config, "--storage.tsdb.path=" + folder.path() + "/data",
                   "--web.listen-address=127.0.0.1:0"},
                  {}});
  const std::string listening = server.WaitForLine("msg=\"Listening on\"").value_or("");
  ASSERT_THAT(listening, HasSubstr("address=")) << server.all_output();
  const std::string address = listening.substr(listening.find("address=") + 8);
  const std::string query =
      "/api/v1/query?query=grpc_server_handled_total%7Bgrpc_code%3D%22OK%22%7D";
  const std::string expected = R"(,"2"])";  // "value":[1767225600.123,"2"]
  std::string answer;
  EXPECT_TRUE(WaitUntil([&] {
    answer = gateway::OpsGet(address, query).body;
    return answer.find(expected) != std::string::npos;
  })) << answer
      << server.all_output();
  EXPECT_THAT(answer, HasSubstr(R"("job":"gateway")"));
}

}  // namespace
}  // namespace enos::e2e
