#include "sandbox/enos/flow_service.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "sandbox/enos/signature.h"

namespace enos::sandbox {
namespace {

constexpr std::int64_t kNowMs = 1'700'000'000'000;

// A call in which everything is right until a test changes something.
struct Sent {
  std::string method = "POST";
  Query query = {{"action", "updateAndTrigger"}, {"userId", "u"}, {"orgId", "o"}};
  std::string token = "alive";
  std::int64_t timestamp_ms = kNowMs;
  std::string secret = "secret";
  std::string body = Body(3377);

  static std::string Body(int flow_id) {
    return absl::StrCat(R"({"flowId":)", flow_id,
                        R"(,"triggerTime":1574385824000,"parameters":[]})");
  }
};

template <typename Decision>
Decision Ask(Decision (FlowService::*decide)(const ServiceCall&) const, const Sent& sent,
             FlowServiceOptions options) {
  options.secret_key = "secret";
  const FlowService service(
      options, [] { return absl::FromUnixMillis(kNowMs); },
      [](std::string_view token) { return token == "alive"; });
  const std::string timestamp = absl::StrCat(sent.timestamp_ms);
  const std::string signature =
      ExpectedSignature({sent.token, sent.query, sent.body, timestamp}, sent.secret);
  return (service.*decide)({sent.method, sent.query, sent.token, timestamp, signature, sent.body});
}

FlowDecision Decide(const Sent& sent, const FlowServiceOptions& options = {}) {
  return Ask(&FlowService::DecideTrigger, sent, options);
}

TEST(FlowService, GoodCallMayRun) {
  const FlowDecision decision = Decide({});
  EXPECT_EQ(decision.code, 0);
  EXPECT_EQ(decision.http_status, 200);
  EXPECT_TRUE(decision.token_valid);
  EXPECT_TRUE(decision.signature_valid);
  EXPECT_FALSE(decision.refused_at_the_door);
  EXPECT_EQ(decision.user_id, "u");
  EXPECT_EQ(decision.org_id, "o");
  EXPECT_EQ(decision.request->flow_id, 3377);
}

struct TokenCase {
  std::string name;
  TokenRefusal wording;
  int http_status;
  int code;
};
class TokenWordingTest : public testing::TestWithParam<TokenCase> {};

TEST_P(TokenWordingTest, DeadTokenIsRefused) {
  FlowServiceOptions options;
  options.token_refusal = GetParam().wording;
  Sent sent;
  sent.token = "dead";
  const FlowDecision decision = Decide(sent, options);
  EXPECT_EQ(decision.http_status, GetParam().http_status);
  EXPECT_EQ(decision.code, GetParam().code);
  EXPECT_FALSE(decision.token_valid);
  EXPECT_TRUE(decision.refused_at_the_door);
  EXPECT_EQ(decision.request->flow_id, 3377);
}

INSTANTIATE_TEST_SUITE_P(All, TokenWordingTest,
                         testing::Values(TokenCase{"Http401", TokenRefusal::kHttp401, 401, 401},
                                         TokenCase{"Code401", TokenRefusal::kCode401, 200, 401},
                                         TokenCase{"Code497", TokenRefusal::kCode497, 200, 497},
                                         TokenCase{"Code1203", TokenRefusal::kCode1203, 200, 1203}),
                         [](const auto& test) { return test.param.name; });

TEST(FlowService, MissingHeadersAreRefused) {
  const FlowService service(
      {}, [] { return absl::FromUnixMillis(kNowMs); }, [](std::string_view) { return true; });
  const Query query;
  EXPECT_EQ(service.DecideTrigger({"POST", query, {}, {}, {}, ""}).code, 401);
  EXPECT_EQ(service.DecideTrigger({"POST", query, "t", {}, {}, ""}).message,
            "App Timestamp Checked Fail");
  EXPECT_EQ(service.DecideTrigger({"POST", query, "t", "1700000000000", {}, ""}).message,
            "App Signature Checked Fail");
}

struct SkewCase {
  std::string name;
  std::int64_t offset_ms;
  int code;
};
class SkewTest : public testing::TestWithParam<SkewCase> {};

TEST_P(SkewTest, OfTheTimestampIsBounded) {
  Sent sent;
  sent.timestamp_ms += GetParam().offset_ms;
  EXPECT_EQ(Decide(sent).code, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(All, SkewTest,
                         testing::Values(SkewCase{"PastWithin", -300'000, 0},
                                         SkewCase{"PastBeyond", -300'001, 497},
                                         SkewCase{"FutureWithin", 300'000, 0},
                                         SkewCase{"FutureBeyond", 300'001, 497}),
                         [](const auto& test) { return test.param.name; });

TEST(FlowService, SignatureWithAnotherSecretIsRefused) {
  Sent sent;
  sent.secret = "guessed";
  const FlowDecision decision = Decide(sent);
  EXPECT_EQ(decision.code, 497);
  EXPECT_TRUE(decision.token_valid);
  EXPECT_FALSE(decision.signature_valid);
  EXPECT_TRUE(decision.refused_at_the_door);
}

struct CheckCase {
  std::string name;
  Sent sent;
  FlowServiceOptions options;
  int code;
};
class FlowCheckTest : public testing::TestWithParam<CheckCase> {};

TEST_P(FlowCheckTest, AnswersItsCode) {
  const FlowDecision decision = Decide(GetParam().sent, GetParam().options);
  EXPECT_EQ(decision.code, GetParam().code) << decision.message;
}

Sent WithFlow(int flow_id) {
  Sent sent;
  sent.body = Sent::Body(flow_id);
  return sent;
}
Sent WithBody(std::string body) {
  Sent sent;
  sent.body = std::move(body);
  return sent;
}
Sent WithQuery(Query query) {
  Sent sent;
  sent.query = std::move(query);
  return sent;
}
Sent WithMethod(std::string method) {
  Sent sent;
  sent.method = std::move(method);
  return sent;
}
FlowServiceOptions Lists() {
  FlowServiceOptions options;
  options.flows = {1, 2};
  options.users = {"u", "v"};
  options.orgs = {"o"};
  return options;
}

INSTANTIATE_TEST_SUITE_P(
    All, FlowCheckTest,
    testing::Values(
        CheckCase{"NoTask", WithFlow(62104), {}, 62104},
        CheckCase{"OfAnother", WithFlow(62103), {}, 62103},
        CheckCase{"Unknown", WithFlow(99404), {}, 99404},
        CheckCase{"Negative", WithFlow(-1), {}, 99404},
        CheckCase{"Listed", WithFlow(2), Lists(), 0},
        CheckCase{"NotListed", WithFlow(3), Lists(), 99404},
        CheckCase{"BodyWrong", WithBody("{}"), {}, 99400},
        CheckCase{"MethodWrong", WithMethod("GET"), {}, 405},
        CheckCase{"ActionWrong",
                  WithQuery({{"action", "trigger"}, {"userId", "u"}, {"orgId", "o"}}),
                  {},
                  99400},
        CheckCase{
            "UserMissing", WithQuery({{"action", "updateAndTrigger"}, {"orgId", "o"}}), {}, 62101},
        CheckCase{
            "OrgMissing", WithQuery({{"action", "updateAndTrigger"}, {"userId", "u"}}), {}, 62101},
        CheckCase{"UserNotListed",
                  WithQuery({{"action", "updateAndTrigger"}, {"userId", "w"}, {"orgId", "o"}}),
                  Lists(), 62101},
        CheckCase{"OrgNotListed",
                  WithQuery({{"action", "updateAndTrigger"}, {"userId", "u"}, {"orgId", "p"}}),
                  Lists(), 62101}),
    [](const auto& test) { return test.param.name; });

TEST(FlowService, FormOfParametersCanBeDemanded) {
  FlowServiceOptions options;
  options.parameters_as = ParametersAs::kString;
  const FlowDecision decision = Decide({}, options);
  EXPECT_EQ(decision.code, 99400);
  EXPECT_EQ(decision.message, "Invalid Argument: parameters must be JSON text in a string");
}

// Calls in which everything is right until a test changes something.
Sent GetCall() {
  Sent sent = WithMethod("GET");
  sent.query = {{"action", "get"}, {"userId", "u"}, {"orgId", "o"}, {"flowInstId", "5-x"}};
  sent.body = "";
  return sent;
}
Sent CancelCall() {
  Sent sent = WithBody(R"({"flowInstId":"5-x"})");
  sent.query = {{"action", "cancel"}, {"userId", "u"}, {"orgId", "o"}};
  return sent;
}
Sent TimeCall(const std::string& action) {
  Sent sent = WithQuery({{"action", action}});
  sent.method = "GET";
  sent.body = "";
  return sent;
}

RunDecision DecideGet(const Sent& sent) { return Ask(&FlowService::DecideGet, sent, Lists()); }
RunDecision DecideCancel(const Sent& sent) {
  return Ask(&FlowService::DecideCancel, sent, Lists());
}
Verdict DecideTime(const Sent& sent) { return Ask(&FlowService::DecideTime, sent, {}); }

TEST(FlowService, GoodGetAndCancelNameTheirRunAndUser) {
  for (const RunDecision& decision : {DecideGet(GetCall()), DecideCancel(CancelCall())}) {
    EXPECT_EQ(decision.code, 0) << decision.message;
    EXPECT_EQ(decision.instance_id, "5-x");
    EXPECT_EQ(decision.user_id, "u");
  }
}

TEST(FlowService, GetAndCancelHaveTheirMethods) {
  Sent get = GetCall();
  get.method = "POST";
  Sent cancel = CancelCall();
  cancel.method = "GET";
  EXPECT_EQ(DecideGet(get).code, 405);
  EXPECT_EQ(DecideCancel(cancel).code, 405);
}

TEST(FlowService, GetAndCancelNeedAnInstanceId) {
  Sent get = GetCall();
  get.query.pop_back();
  Sent cancel = CancelCall();
  EXPECT_EQ(DecideGet(get).code, 99400);
  for (const char* body : {"", "[]", "{}", R"({"flowInstId":5})", R"({"flowInstId":""})"}) {
    cancel.body = body;
    EXPECT_EQ(DecideCancel(cancel).code, 99400) << body;
  }
}

TEST(FlowService, GetAndCancelNeedAUserAndAnOrganizationThatExist) {
  for (const std::size_t parameter : {1U, 2U}) {
    Sent get = GetCall();
    Sent cancel = CancelCall();
    get.query[parameter].second = cancel.query[parameter].second = "nobody";
    EXPECT_EQ(DecideGet(get).code, 62101);
    EXPECT_EQ(DecideCancel(cancel).code, 62101);
  }
}

TEST(FlowService, UnknownActionIsRefused) {
  Sent get = GetCall();
  get.query[0].second = "look";
  EXPECT_EQ(DecideGet(get).code, 99400);
  EXPECT_EQ(DecideTime(TimeCall("getWeather")).code, 99400);
}

TEST(FlowService, TimeIsToldToWhoeverIsLetIn) {
  EXPECT_EQ(DecideTime(TimeCall("getCurrentTime")).code, 0);
  EXPECT_EQ(DecideTime(TimeCall("getTimeZone")).code, 0);
  Sent post = TimeCall("getTimeZone");
  post.method = "POST";
  EXPECT_EQ(DecideTime(post).code, 405);
}

TEST(FlowService, ReadsPassTheDoorFirst) {
  Sent get = GetCall();
  Sent cancel = CancelCall();
  Sent time = TimeCall("getTimeZone");
  for (Sent* sent : {&get, &cancel, &time}) sent->secret = "guessed";
  EXPECT_EQ(DecideGet(get).code, 497);
  EXPECT_TRUE(DecideGet(get).refused_at_the_door);
  EXPECT_EQ(DecideCancel(cancel).code, 497);
  EXPECT_EQ(DecideTime(time).code, 497);
}

}  // namespace
}  // namespace enos::sandbox
