#include "server/config/trace_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config/parse_settings.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using Environment = std::map<std::string, std::string, std::less<>>;

absl::StatusOr<Secret> ReadTestFile(const std::string& path, size_t /*max_bytes*/) {
  if (path == "/good.pem") return Secret("-----BEGIN CERTIFICATE-----\n");
  if (path == "/bad.pem") return Secret("\x30\x82");
  return absl::NotFoundError("No such file or directory");
}

absl::StatusOr<TraceSettings> Read(const Environment& environment, bool can_export = true) {
  const EnvLookup look_up = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::make_optional(found->second);
  };
  return ReadTraceSettings(look_up, &ReadTestFile, can_export);
}

// With an endpoint.
absl::StatusOr<TraceSettings> ReadWith(Environment environment) {
  environment.emplace("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
  return Read(environment);
}

TEST(TraceSettings, WithoutAnEndpoint_AreOffWhateverElseIsSet) {
  const auto settings =
      Read({{"OTEL_TRACES_SAMPLER", "xray"}, {"OTEL_EXPORTER_OTLP_ENDPOINT", ""}});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->endpoint, "");
}

TEST(TraceSettings, Disabled_AreOffWhateverElseIsSet) {
  for (const auto& [name, value] :
       {std::pair("OTEL_SDK_DISABLED", "True"), std::pair("OTEL_TRACES_EXPORTER", "none")}) {
    const auto settings = ReadWith({{name, value}, {"OTEL_TRACES_SAMPLER", "xray"}});
    ASSERT_TRUE(settings.ok());
    EXPECT_EQ(settings->endpoint, "") << name;
  }
  EXPECT_NE(ReadWith({{"OTEL_SDK_DISABLED", "false"}})->endpoint, "");
}

TEST(TraceSettings, WhereNothingCanBeExported_OnlyTheEndpointCounts) {
  const auto settings = Read(
      {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"}, {"OTEL_TRACES_SAMPLER", "xray"}},
      /*can_export=*/false);
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->endpoint, "http://collector:4318");
}

TEST(TraceSettings, Defaults_AreThoseOfTheSpecification) {
  const auto settings = ReadWith({});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->endpoint, "http://collector:4318/v1/traces");
  EXPECT_EQ(settings->protocol, TraceProtocol::kHttpProtobuf);
  EXPECT_EQ(settings->timeout, milliseconds(10000));
  EXPECT_EQ(settings->ratio, 1);
  EXPECT_TRUE(settings->parent_based);
  EXPECT_EQ(settings->delay, milliseconds(5000));
  EXPECT_EQ(settings->max_queue, 2048);
  EXPECT_EQ(settings->max_batch, 512);
  EXPECT_FALSE(settings->gzip);
  EXPECT_THAT(settings->resource, ElementsAre(Pair("service.name", "enos-flow-gateway")));
}

TEST(TraceSettings, EndpointOfTraces_IsTakenAsItIsAndFirst) {
  EXPECT_EQ(ReadWith({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://other/in"}})->endpoint,
            "https://other/in");
  EXPECT_EQ(ReadWith({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/base/"}})->endpoint,
            "http://c:4318/base/v1/traces");
  const auto grpc = ReadWith({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}});
  EXPECT_EQ(grpc->endpoint, "http://collector:4318");
  EXPECT_EQ(grpc->protocol, TraceProtocol::kGrpc);
}

TEST(TraceSettings, Headers_AreDecoded) {
  EXPECT_THAT(
      ReadWith({{"OTEL_EXPORTER_OTLP_HEADERS", "a=1, authorization=Basic%20cGFzcw==,"}})->headers,
      ElementsAre(Pair("a", "1"), Pair("authorization", "Basic cGFzcw==")));
}

TEST(TraceSettings, Resource_NamesTheServiceByItsOwnVariableFirst) {
  EXPECT_THAT(
      ReadWith({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a,k8s.pod.name=p%2C1"}})->resource,
      ElementsAre(Pair("k8s.pod.name", "p,1"), Pair("service.name", "a")));
  EXPECT_THAT(ReadWith({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a"}, {"OTEL_SERVICE_NAME", "b"}})
                  ->resource,
              ElementsAre(Pair("service.name", "b")));
}

TEST(TraceSettings, Batches_FitTheQueueAndTheShorterTimeLimitCounts) {
  const auto settings = ReadWith({{"OTEL_BSP_MAX_QUEUE_SIZE", "100"},
                                  {"OTEL_BSP_SCHEDULE_DELAY", "50"},
                                  {"OTEL_BSP_EXPORT_TIMEOUT", "3000"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->max_queue, 100);
  EXPECT_EQ(settings->max_batch, 100);
  EXPECT_EQ(settings->delay, milliseconds(50));
  EXPECT_EQ(settings->timeout, milliseconds(3000));
}

struct SamplerCase {
  const char* name;
  const char* argument;
  double ratio;
  bool parent_based;
};
class Samplers : public testing::TestWithParam<SamplerCase> {};

TEST_P(Samplers, AreRead) {
  const auto settings = ReadWith(
      {{"OTEL_TRACES_SAMPLER", GetParam().name}, {"OTEL_TRACES_SAMPLER_ARG", GetParam().argument}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->ratio, GetParam().ratio);
  EXPECT_EQ(settings->parent_based, GetParam().parent_based);
}

INSTANTIATE_TEST_SUITE_P(All, Samplers,
                         testing::Values(SamplerCase{"always_on", "", 1, false},
                                         SamplerCase{"always_off", "0.5", 0, false},
                                         SamplerCase{"traceidratio", "0.25", 0.25, false},
                                         SamplerCase{"traceidratio", "", 1, false},
                                         SamplerCase{"parentbased_always_on", "", 1, true},
                                         SamplerCase{"parentbased_always_off", "", 0, true},
                                         SamplerCase{"parentbased_traceidratio", "1e-2", 0.01,
                                                     true}));

struct WrongCase {
  std::string name;
  std::string value;
  std::string expected;  // in the error
  Environment beside = {};
};
class WrongVariable : public testing::TestWithParam<WrongCase> {};

TEST_P(WrongVariable, IsNamedAndNoSecretIsShown) {
  Environment environment = GetParam().beside;
  environment[GetParam().name] = GetParam().value;
  const auto settings = ReadWith(environment);
  ASSERT_FALSE(settings.ok());
  EXPECT_THAT(std::string(settings.status().message()), HasSubstr("OTEL_"));
  EXPECT_THAT(std::string(settings.status().message()), HasSubstr(", expected "));
  EXPECT_THAT(std::string(settings.status().message()), HasSubstr(GetParam().expected));
  EXPECT_THAT(std::string(settings.status().message()), Not(HasSubstr("s3cr3t")));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongVariable,
    testing::Values(
        WrongCase{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "http:// or https://"},
        WrongCase{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://u:s3cr3t@c", "no user"},
        WrongCase{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/?t=s3cr3t", "no user or query"},
        WrongCase{"OTEL_EXPORTER_OTLP_ENDPOINT", "https:///v1", "with a host"},
        WrongCase{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "http/protobuf or grpc"},
        WrongCase{"OTEL_TRACES_EXPORTER", "zipkin", "otlp or none"},
        WrongCase{"OTEL_EXPORTER_OTLP_HEADERS", "s3cr3t", "name=value"},
        WrongCase{"OTEL_EXPORTER_OTLP_HEADERS", "a=s3cr3t%0D%0Ab", "name=value"},
        WrongCase{"OTEL_EXPORTER_OTLP_HEADERS", "a=s3cr3t%2", "name=value"},
        WrongCase{"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "gzip or none"},
        WrongCase{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "a number from 1 to 3600000"},
        WrongCase{"OTEL_EXPORTER_OTLP_CERTIFICATE", "/none", "No such file"},
        WrongCase{"OTEL_EXPORTER_OTLP_CERTIFICATE", "/bad.pem", "-----BEGIN"},
        WrongCase{"OTEL_EXPORTER_OTLP_CLIENT_KEY", "/good.pem", "CLIENT_CERTIFICATE: missing"},
        WrongCase{"OTEL_EXPORTER_OTLP_CLIENT_KEY",
                  "/good.pem",
                  "protocol grpc",
                  {{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/good.pem"},
                   {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}},
        WrongCase{"OTEL_TRACES_SAMPLER", "xray", "always_on"},
        WrongCase{"OTEL_TRACES_SAMPLER_ARG",
                  "1.5",
                  "between 0 and 1",
                  {{"OTEL_TRACES_SAMPLER", "traceidratio"}}},
        WrongCase{"OTEL_TRACES_SAMPLER_ARG",
                  "nan",
                  "between 0 and 1",
                  {{"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"}}},
        WrongCase{"OTEL_RESOURCE_ATTRIBUTES", "team", "name=value"},
        WrongCase{"OTEL_BSP_SCHEDULE_DELAY", "-1", "a number from 1"},
        WrongCase{"OTEL_BSP_MAX_QUEUE_SIZE", "0", "a number from 1 to 1000000"},
        WrongCase{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096", "a number from 1 to 2048"}));

}  // namespace
}  // namespace enos::gateway
