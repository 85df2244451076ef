#include "sandbox/flow_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sandbox/enos/signature.h"

namespace enos::sandbox {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kV20[] = "/dataflow-batch-service/v2.0/";
constexpr char kV21[] = "/batch-processing-service/v2.1/";
constexpr char kId[] = "7-20191122012300";
constexpr char kGone[] = R"({"status":0,"msg":" Success","data":""})";

class FlowApiTest : public testing::Test {
 protected:
  // Options are to be set before the first call.
  std::string Send(const std::string& method, const std::string& path, Query query,
                   const std::string& body = "") {
    if (api_ == nullptr) {
      options_.clock = [this] { return now_; };
      faults_ = std::make_unique<FaultPlan>(options_.faults);
      api_ = std::make_unique<FlowApi>(
          options_, [](std::string_view token) { return token == "t"; }, faults_.get(), &ledger_);
    }
    HttpRequest request;
    request.method = method;
    request.body = body;
    const std::string timestamp = absl::StrCat(absl::ToUnixMillis(now_));
    request.headers = {
        {"apim-accesstoken", "t"},
        {"apim-timestamp", timestamp},
        {"apim-signature", ExpectedSignature({"t", query, body, timestamp}, secret_)}};
    std::optional<LoggedAnswer> logged = api_->OnRequest(request, {path, std::move(query)});
    if (!logged) return "not of this service";
    outcome_ = logged->outcome;
    answer_ = std::move(logged->answer);
    return answer_.body;
  }

  std::string Trigger(int flow_id = 7, const std::string& path = kV20) {
    return Send(
        "POST", path + "flows", With("updateAndTrigger"),
        absl::StrCat(R"({"flowId":)", flow_id, R"(,"triggerTime":1574385824000,"parameters":[]})"));
  }
  std::string Get(const std::string& id = kId, const std::string& path = kV20) {
    Query query = With("get");
    query.emplace_back("flowInstId", id);
    return Send("GET", path + "flowInstances", query);
  }
  std::string Cancel(const std::string& id = kId, const std::string& path = kV20) {
    return Send("POST", path + "flowInstances", With("cancel"),
                absl::StrCat(R"({"flowInstId":")", id, "\"}"));
  }
  std::string Time(const std::string& action, const std::string& path = kV20) {
    return Send("GET", path + "time", {{"action", action}});
  }

  Query With(const std::string& action) const {
    return {{"action", action}, {"userId", user_}, {"orgId", "o"}};
  }

  void Fault(const std::string& fault) {
    options_.faults.flow_faults.push_back(*ParseFlowFault(fault));
  }

  SandboxOptions options_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::string user_ = "u";
  std::string secret_ = options_.secret_key;
  CallLedger ledger_{100};
  std::unique_ptr<FaultPlan> faults_;
  std::unique_ptr<FlowApi> api_;
  std::string outcome_;
  Answer answer_;
};

TEST_F(FlowApiTest, RunLivesAndCanBeLookedAtInEitherGeneration) {
  EXPECT_THAT(Trigger(), HasSubstr(kId));
  EXPECT_THAT(Get(), AllOf(HasSubstr(R"({"status":0,"msg":" Success","data":{"instanceId":")"),
                           HasSubstr(R"("status":0,"statusDesc":"INIT")")));
  now_ += absl::Seconds(5);
  EXPECT_THAT(
      Get(kId, kV21),
      AllOf(HasSubstr(R"({"code":0,"msg":"OK","requestId":")"),
            HasSubstr(R"("status":2,"statusDesc":"RUNNING","triggerTime":"2019-11-22 09:23:44")"),
            HasSubstr(R"("owner":"u")")));
  now_ += absl::Seconds(5);
  EXPECT_THAT(Get(), AllOf(HasSubstr(R"("status":1,"statusDesc":"SUCCESS")"),
                           HasSubstr(R"("endTime":"2023-11-15 06:13:30")")));
  EXPECT_EQ(outcome_, "run=7-20191122012300 user=u http=200 code=0");
}

TEST_F(FlowApiTest, CancelledRunIsCancelled) {
  Trigger();
  EXPECT_EQ(Cancel(kId, kV20), kGone);
  EXPECT_THAT(Cancel(kId, kV21), HasSubstr(R"("code":0,)"));
  EXPECT_THAT(Get(), HasSubstr(R"("status":8,"statusDesc":"CANCEL")"));
}

TEST_F(FlowApiTest, OnlyTheOwnerCancelsAndEverybodyLooks) {
  Trigger();
  user_ = "v";
  EXPECT_THAT(Cancel(), HasSubstr(R"("status":62103)"));
  EXPECT_THAT(Get(), HasSubstr("INIT"));
}

TEST_F(FlowApiTest, UnknownRunIsNotFound) {
  EXPECT_THAT(Get(), HasSubstr(R"({"status":99404,)"));
  EXPECT_THAT(Cancel(), HasSubstr(R"({"status":99404,)"));
}

TEST_F(FlowApiTest, UnknownRunCanBe62102) {
  options_.unknown_run = UnknownRun::k62102;
  EXPECT_THAT(Get(), HasSubstr(R"({"status":62102,)"));
  EXPECT_THAT(Cancel(), HasSubstr(R"({"status":62102,)"));
}

TEST_F(FlowApiTest, UnknownRunCanBeSuccessWithoutData) {
  options_.unknown_run = UnknownRun::kEmpty;
  EXPECT_EQ(Get(), kGone);
  EXPECT_THAT(Cancel(), HasSubstr(R"({"status":99404,)"));
}

TEST_F(FlowApiTest, ForgottenRunsAreUnknown) {
  Trigger();
  api_->ForgetRuns();
  EXPECT_THAT(Get(), HasSubstr("99404"));
}

TEST_F(FlowApiTest, TimeIsToldWithItsZone) {
  EXPECT_EQ(Time("getCurrentTime"), R"({"status":0,"msg":" Success","data":1700000000000})");
  EXPECT_EQ(Time("getTimeZone"), R"({"status":0,"msg":" Success","data":"GMT+8"})");
  EXPECT_THAT(Time("getTimeZone", kV21), HasSubstr(R"("code":0,"msg":"OK",)"));
}

TEST_F(FlowApiTest, ReadsAreCountedAndLeaveNoCallInTheLedger) {
  Get();
  Cancel();
  Time("getTimeZone");
  const ReadStats reads = api_->read_stats();
  EXPECT_EQ(reads.gets, 1U);
  EXPECT_EQ(reads.cancels, 1U);
  EXPECT_EQ(reads.times, 1U);
  EXPECT_EQ(reads.faults, 0U);
  EXPECT_EQ(ledger_.Stats().received, 0U);
}

TEST_F(FlowApiTest, WrongSignatureIsRefusedEverywhere) {
  secret_ = "guessed";
  const std::string refusal = R"({"code":497,"msg":"App Signature Checked Fail"})";
  EXPECT_EQ(Get(), refusal);
  EXPECT_EQ(Cancel(), refusal);
  EXPECT_EQ(Time("getTimeZone"), refusal);
}

TEST_F(FlowApiTest, PathsOfOtherServicesAreNone) {
  EXPECT_EQ(Send("GET", "/", {}), "not of this service");
  EXPECT_EQ(Send("GET", "/dataflow-batch-service/v2.0/nodes", {}), "not of this service");
  EXPECT_EQ(Send("GET", "/batch-processing-service/v2.0/time", {}), "not of this service");
}

TEST_F(FlowApiTest, OneGenerationCanBeTheOnlyOne) {
  options_.generation = "v2.1";
  EXPECT_EQ(Trigger(7, kV20), "not of this service");
  EXPECT_THAT(Trigger(7, kV21), HasSubstr(kId));
}

TEST_F(FlowApiTest, AnotherTriggerOfTheMinuteIsAnotherRun) {
  Trigger();
  EXPECT_THAT(Trigger(), HasSubstr("7-20191122012301"));
  EXPECT_EQ(ledger_.Stats().executed, 2U);
}

TEST_F(FlowApiTest, AnotherTriggerOfTheMinuteCanBeRefused) {
  options_.runs.same_minute = SameMinute::kRefuse;
  Trigger();
  EXPECT_EQ(Trigger(),
            R"({"status":62102,"msg":"This flow was triggered within the same minute."})");
  const CallRecord second = ledger_.Newest(1).calls.at(0);
  EXPECT_FALSE(second.executed);
  EXPECT_EQ(second.code, 62102);
  EXPECT_EQ(second.instance_id, "");
}

TEST_F(FlowApiTest, AnotherTriggerOfTheMinuteCanGetTheSameIdAndTheLedgerTells) {
  options_.runs.same_minute = SameMinute::kSame;
  const std::string first = Trigger();
  EXPECT_EQ(Trigger(), first);
  const CallPage page = ledger_.Newest(2);
  EXPECT_TRUE(page.calls.at(0).executed);
  EXPECT_FALSE(page.calls.at(1).executed);
  EXPECT_EQ(page.calls.at(1).instance_id, kId);
  EXPECT_EQ(ledger_.Stats().executed, 1U);
}

TEST_F(FlowApiTest, TriggerThatAFaultStoppedTakesNoMinute) {
  options_.runs.same_minute = SameMinute::kRefuse;
  Fault("7:half-answer+beforex1");
  EXPECT_THAT(Trigger(), HasSubstr(kId));  // of which the client sees one half
  EXPECT_EQ(ledger_.Newest(1).calls.at(0).instance_id, "");
  EXPECT_THAT(Get(), HasSubstr("99404"));
  EXPECT_THAT(Trigger(), HasSubstr(R"("status":0)"));
}

TEST_F(FlowApiTest, FaultsOfTriggersLeaveReadsAlone) {
  Fault("7:http-500");
  Trigger();
  EXPECT_EQ(answer_.status, 500);
  EXPECT_THAT(Get(), HasSubstr("INIT"));
  EXPECT_EQ(Cancel(), kGone);
  EXPECT_EQ(api_->read_stats().faults, 0U);
}

TEST_F(FlowApiTest, FaultsOfReadsLeaveTriggersAlone) {
  Fault("7:get:http-503+retry-after=2x1");
  Trigger();
  EXPECT_EQ(answer_.status, 200);
  Get();
  EXPECT_EQ(answer_.status, 503);
  EXPECT_EQ(FindHeader(answer_.headers, "Retry-After"), "2");
  EXPECT_THAT(Get(), HasSubstr("INIT"));
  EXPECT_EQ(api_->read_stats().faults, 1U);
}

TEST_F(FlowApiTest, CancelHappensOrNotAsItsFaultSays) {
  Fault("7:cancel:http-503x1");
  Fault("7:cancel:resetx1");
  Trigger();
  Cancel();
  EXPECT_THAT(Get(), HasSubstr("INIT"));
  Cancel();
  EXPECT_EQ(answer_.ending, Ending::kReset);
  EXPECT_THAT(Get(), HasSubstr("CANCEL"));
}

TEST_F(FlowApiTest, ZoneCanBeNonsenseWhileTheTimeIsRight) {
  options_.faults.time_faults = {*ParseTimeFault("zone:data=Mars")};
  EXPECT_EQ(Time("getTimeZone"), R"({"status":0,"msg":"OK","data":"Mars"})");
  EXPECT_THAT(Time("getCurrentTime"), HasSubstr("1700000000000"));
}

TEST_F(FlowApiTest, LatencyIsThatOfReadsToo) {
  options_.latency = {absl::Milliseconds(5), absl::Milliseconds(5)};
  Fault("8:get:latency=9ms");
  Get();
  EXPECT_EQ(answer_.delay.count(), 5);
  Get("8-x");
  EXPECT_EQ(answer_.delay.count(), 9);
}

}  // namespace
}  // namespace enos::sandbox
