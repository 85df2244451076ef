// The main job: a command, a gRPC call, a signed HTTP call, a started flow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "sandbox/enos/json_value.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using sandbox::JsonValue;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Parameters = std::vector<std::pair<std::string, std::string>>;

const JsonValue& Member(const JsonValue& value, const std::string& name) {
  static const JsonValue none;
  const JsonValue* const found = value.Find(name);
  EXPECT_NE(found, nullptr) << "no member " << name;
  return found == nullptr ? none : *found;
}

std::vector<JsonValue> Calls(const SandboxProcess& sandbox) {
  const auto view = sandbox::ParseJson(sandbox.View("/_sandbox/calls"));
  EXPECT_TRUE(view) << "the view of calls is no JSON";
  return view ? Member(*view, "calls").items : std::vector<JsonValue>();
}

Parameters ParametersOf(const JsonValue& call) {
  Parameters parameters;
  for (const JsonValue& item : Member(call, "parameters").items) {
    parameters.emplace_back(Member(item, "key").text, Member(item, "value").text);
  }
  return parameters;
}

struct Job {
  std::string name;
  std::string user_id = "u-1";
  std::string org_id = "o-1";
  std::string trigger_time = "1893456000123";
  std::int64_t trigger_time_ms = 1893456000123;
  std::string instance_id = "3377-20300101000000";
  Parameters parameters = {{"REPLACE", "ddee"}};
  std::string api_version = "v2.0";
};

std::vector<std::string> FlagsOf(const Job& job) {
  std::vector<std::string> flags = {"--user_id=" + job.user_id, "--org_id=" + job.org_id,
                                    "--flow_id=3377", "--trigger_time=" + job.trigger_time};
  for (const auto& [key, value] : job.parameters) {
    flags.push_back(absl::StrCat("--param=", key, "=", value));
  }
  return flags;
}

Job WithText(const std::string& name, const std::string& text) {
  Job job{name, text, "o " + text};
  job.parameters = {{"key " + text, text}, {"key " + text, "again " + text}, {"empty", ""}};
  return job;
}

std::vector<Job> Jobs() {
  std::vector<Job> jobs = {{"Plain"}};
  for (const char* version : {"v2.0", "v2.1"}) {
    Job job = WithText(version[3] == '0' ? "V20" : "V21", "a b");
    job.api_version = version;
    jobs.push_back(job);
  }
  jobs.push_back(WithText("NonAscii", "Zürich 你好 ñ"));
  jobs.push_back(WithText("Emoji", "\U0001F680\U0001F469‍\U0001F4BB"));
  jobs.push_back(WithText("UrlCharacters", "a&b+c/d%41?e#f;g:h@i"));
  jobs.push_back(WithText("Quotes", R"("double" 'single' \back\ `tick` {"json":[1]})"));
  jobs.push_back(WithText("LineBreaks", "first\nsecond\r\n\tthird"));
  Job past{"TimeInThePast"};
  past.trigger_time = "2019-11-22T11:03:44+08:00";
  past.trigger_time_ms = 1574391824000;
  past.instance_id = "3377-20191122030300";
  jobs.push_back(past);
  Job epoch{"Epoch"};
  epoch.trigger_time = "0";
  epoch.trigger_time_ms = 0;
  epoch.instance_id = "3377-19700101000000";
  jobs.push_back(epoch);
  Job none{"NoParameters"};
  none.parameters.clear();
  jobs.push_back(none);
  Job many{"TenThousandParameters"};
  many.parameters.clear();
  for (int i = 0; i < 10000; ++i)
    many.parameters.emplace_back(absl::StrCat("k", i), "v&" + many.name);
  jobs.push_back(many);
  return jobs;
}

class MainJobTest : public testing::TestWithParam<Job> {};

TEST_P(MainJobTest, StartsTheFlowOnceWithExactlyTheseValues) {
  const Job& job = GetParam();
  SandboxProcess sandbox;
  GatewayProcess gateway(GatewayOptions(sandbox.url(), {"--enos_api_version=" + job.api_version}));
  ASSERT_FALSE(gateway.address().empty());

  const CommandResult result = Trigger(gateway.address(), FlagsOf(job));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, job.instance_id + "\n");
  EXPECT_THAT(result.err, IsEmpty());

  const std::vector<JsonValue> calls = Calls(sandbox);
  ASSERT_EQ(calls.size(), 1U);
  const JsonValue& call = calls.front();
  EXPECT_EQ(Member(call, "apiVersion").text, job.api_version);
  EXPECT_EQ(Member(call, "userId").text, job.user_id);
  EXPECT_EQ(Member(call, "orgId").text, job.org_id);
  EXPECT_EQ(Member(call, "flowId").integer, 3377);
  EXPECT_EQ(Member(call, "triggerTime").integer, job.trigger_time_ms);
  EXPECT_EQ(ParametersOf(call), job.parameters);
  EXPECT_TRUE(Member(call, "tokenValid").flag);
  EXPECT_TRUE(Member(call, "signatureValid").flag);
  EXPECT_TRUE(Member(call, "executed").flag);
  EXPECT_EQ(Member(call, "flowInstanceId").text, job.instance_id);
}

INSTANTIATE_TEST_SUITE_P(All, MainJobTest, testing::ValuesIn(Jobs()),
                         [](const auto& tested) { return tested.param.name; });

// One sandbox and one gateway for tests that need no others.
class MainJobOutputTest : public testing::Test {
 protected:
  std::vector<std::string> Flags(int flow_id) const {
    return {"--user_id=u-1", "--org_id=o-1", absl::StrCat("--flow_id=", flow_id),
            "--trigger_time=2030-01-01T00:00:00Z"};
  }

  SandboxProcess sandbox_;
  GatewayProcess gateway_{GatewayOptions(sandbox_.url(), {"--enos_api_version=v2.1"})};
};

TEST_F(MainJobOutputTest, Json_IsOneObjectWithTheInstanceId) {
  std::vector<std::string> flags = Flags(3377);
  flags.emplace_back("--output=json");
  const CommandResult result = Trigger(gateway_.address(), flags);
  EXPECT_EQ(result.status, 0) << result.err;
  const auto json = sandbox::ParseJson(result.out);
  ASSERT_TRUE(json) << result.out;
  EXPECT_TRUE(Member(*json, "ok").flag);
  EXPECT_EQ(Member(*json, "flow_instance_id").text, "3377-20300101000000");
  EXPECT_FALSE(Member(*json, "enos_request_id").text.empty()) << result.out;
}

TEST_F(MainJobOutputTest, TimeNow_IsNow) {
  std::vector<std::string> flags = Flags(3377);
  flags.back() = "--trigger_time=now+1h";
  const absl::Time before = absl::Now();
  const CommandResult result = Trigger(gateway_.address(), flags);
  const absl::Time after = absl::Now();
  EXPECT_EQ(result.status, 0) << result.err;
  const std::vector<JsonValue> calls = Calls(sandbox_);
  ASSERT_EQ(calls.size(), 1U);
  const absl::Time sent = absl::FromUnixMillis(Member(calls.front(), "triggerTime").integer);
  EXPECT_GE(sent, before + absl::Hours(1) - absl::Milliseconds(1));
  EXPECT_LE(sent, after + absl::Hours(1));
  EXPECT_EQ(
      result.out,
      absl::StrCat("3377-", absl::FormatTime("%Y%m%d%H%M00", sent, absl::UTCTimeZone()), "\n"));
}

struct Refusal {
  int flow_id;
  std::string code;
  std::string reason;
};

class RefusedJobTest : public MainJobOutputTest, public testing::WithParamInterface<Refusal> {};

TEST_P(RefusedJobTest, EndsWithStatusOneAndSaysWhyAndThatNothingRan) {
  const Refusal& refusal = GetParam();
  const CommandResult text = Trigger(gateway_.address(), Flags(refusal.flow_id));
  EXPECT_EQ(text.status, 1);
  EXPECT_THAT(text.out, IsEmpty());
  EXPECT_THAT(text.err, HasSubstr(refusal.code + " (" + refusal.reason + "): "));
  EXPECT_THAT(text.err, HasSubstr(absl::StrCat("code ", refusal.flow_id)));
  EXPECT_THAT(text.err, HasSubstr("certainly not started"));

  std::vector<std::string> flags = Flags(refusal.flow_id);
  flags.emplace_back("--output=json");
  const CommandResult json = Trigger(gateway_.address(), flags);
  EXPECT_EQ(json.status, 1);
  const auto object = sandbox::ParseJson(json.out);
  ASSERT_TRUE(object) << json.out;
  EXPECT_FALSE(Member(*object, "ok").flag);
  EXPECT_EQ(Member(*object, "code").text, refusal.code);
  EXPECT_EQ(Member(*object, "reason").text, refusal.reason);
  EXPECT_EQ(Member(*object, "execution").text, "NOT_EXECUTED");
  EXPECT_EQ(Member(*object, "enos_code").integer, refusal.flow_id);

  const std::vector<JsonValue> calls = Calls(sandbox_);
  EXPECT_EQ(calls.size(), 2U) << "each command sends its call once";
  for (const JsonValue& call : calls) EXPECT_FALSE(Member(call, "executed").flag);
}

INSTANTIATE_TEST_SUITE_P(All, RefusedJobTest,
                         testing::Values(Refusal{62104, "FAILED_PRECONDITION", "FLOW_HAS_NO_TASK"},
                                         Refusal{62103, "PERMISSION_DENIED",
                                                 "ENOS_PERMISSION_DENIED"},
                                         Refusal{99404, "NOT_FOUND", "ENOS_NOT_FOUND"}),
                         [](const auto& tested) { return tested.param.reason; });

TEST(MainJob, NoGateway_EndsWithStatusOneAndSaysThatNothingRan) {
  std::string address;
  {
    SandboxProcess sandbox;
    GatewayProcess gateway(GatewayOptions(sandbox.url()));
    address = gateway.address();
  }
  const CommandResult result = Trigger(address, {"--user_id=u-1", "--org_id=o-1", "--flow_id=1"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("UNAVAILABLE"));
  EXPECT_THAT(result.err, HasSubstr("certainly not started"));
}

}  // namespace
}  // namespace enos::e2e
