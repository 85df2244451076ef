#include "server/enos/flow_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "server/base/utf8.h"
#include "server/contract/rich_status.h"

namespace enos::gateway {
namespace {

using namespace std::string_literals;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

FlowAnswer Read(int http_status, const std::string& body, bool trust_503 = false) {
  FlowAnswerOptions options;
  options.trust_503 = trust_503;
  return ReadFlowAnswer(http_status, body, options, {});
}

struct StartedCase {
  std::string name;
  int http_status;
  std::string body;
  std::string id;
  std::string request_id;
};

void PrintTo(const StartedCase& c, std::ostream* out) { *out << c.name; }

class FlowStartedTest : public testing::TestWithParam<StartedCase> {};

TEST_P(FlowStartedTest, GivesTheInstanceId) {
  const FlowAnswer answer = Read(GetParam().http_status, GetParam().body);
  const auto* started = std::get_if<FlowStarted>(&answer);
  ASSERT_NE(started, nullptr);
  EXPECT_EQ(started->flow_instance_id, GetParam().id);
  EXPECT_EQ(started->enos_request_id, GetParam().request_id);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, FlowStartedTest,
    testing::Values(
        StartedCase{
            "V20", 200,
            R"({"status":0,"msg":" Success","data":{"flowInstanceId":"2791-19700101000000"}})",
            "2791-19700101000000", ""},
        StartedCase{"V21", 200,
                    R"({"code":0,"msg":"OK","data":{"flowInstanceId":"2791-19700101000000"}})",
                    "2791-19700101000000", ""},
        StartedCase{"WithRequestId", 200,
                    R"({"code":0,"requestId":"req-7","data":{"flowInstanceId":"i"}})", "i",
                    "req-7"},
        StartedCase{"RequestIdNotUsable", 200,
                    R"({"code":0,"requestId":"a\nb","data":{"flowInstanceId":"i"}})", "i", ""},
        StartedCase{"RequestIdNumber", 200,
                    R"({"code":0,"requestId":7,"data":{"flowInstanceId":"i"}})", "i", ""},
        StartedCase{"CodeInString", 200, R"({"code":"0","data":{"flowInstanceId":"i"}})", "i", ""},
        StartedCase{"CodeAndStatus", 200, R"({"code":0,"status":0,"data":{"flowInstanceId":"i"}})",
                    "i", ""},
        StartedCase{"StatusOkInWords", 200,
                    R"({"code":0,"status":"OK","data":{"flowInstanceId":"i"}})", "i", ""},
        StartedCase{"Http201", 201, R"({"code":0,"data":{"flowInstanceId":"i"}})", "i", ""},
        StartedCase{"Http299", 299, R"({"code":0,"data":{"flowInstanceId":"i"}})", "i", ""},
        StartedCase{
            "UnknownMembers", 200,
            R"({"a":[1,{"code":5}],"code":0,"data":{"b":null,"flowInstanceId":"i"},"c":1.5})", "i",
            ""},
        StartedCase{"IdOfAllPrintables", 200, R"({"code":0,"data":{"flowInstanceId":"!\"\\#~"}})",
                    "!\"\\#~", ""},
        StartedCase{"LongestId", 200,
                    R"({"code":0,"data":{"flowInstanceId":")" + std::string(256, 'i') + R"("}})",
                    std::string(256, 'i'), ""},
        StartedCase{"RequestIdSpoilt", 200,
                    "{\"code\":0,\"requestId\":\"a\nb\",\"data\":{\"flowInstanceId\":\"i\"}}", "i",
                    ""}),
    [](const auto& param_info) { return param_info.param.name; });

struct RefusedCase {
  std::string name;
  int http_status;
  std::string body;
  absl::StatusCode code;
  Reason reason;
  Execution execution;
  Remedy remedy = Remedy::kNone;
  std::optional<int64_t> enos_code = std::nullopt;
  bool trust_503 = false;
};

void PrintTo(const RefusedCase& c, std::ostream* out) { *out << c.name; }

class RefusalTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(RefusalTest, IsTheContractsRow) {
  const FlowAnswer answer = Read(GetParam().http_status, GetParam().body, GetParam().trust_503);
  const auto* refused = std::get_if<Refusal>(&answer);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->error.code, GetParam().code);
  EXPECT_EQ(refused->error.reason, GetParam().reason);
  EXPECT_EQ(refused->error.execution, GetParam().execution);
  EXPECT_EQ(refused->remedy, GetParam().remedy);
  EXPECT_EQ(refused->error.enos_code, GetParam().enos_code);
  EXPECT_EQ(refused->error.http_status, GetParam().http_status);
  EXPECT_EQ(refused->error.retry_after, std::nullopt);
  EXPECT_THAT(refused->error.message, AllOf(EndsWith("."), Not(HasSubstr("started"))))
      << "that is for ToGrpcStatus to say";
}

using Code = absl::StatusCode;
constexpr auto kNot = Execution::kNotExecuted;
constexpr auto kUnk = Execution::kUnknown;
constexpr auto kNone = Remedy::kNone;

INSTANTIATE_TEST_SUITE_P(
    ACodeInTheBodyDecides, RefusalTest,
    testing::Values(
        RefusedCase{"NoTask", 200, R"({"status":62104,"msg":"x"})", Code::kFailedPrecondition,
                    Reason::FLOW_HAS_NO_TASK, kNot, kNone, 62104},
        RefusedCase{"NoTaskByCode", 200, R"({"code":62104})", Code::kFailedPrecondition,
                    Reason::FLOW_HAS_NO_TASK, kNot, kNone, 62104},
        RefusedCase{"CodeInString", 200, R"({"code":"62103"})", Code::kPermissionDenied,
                    Reason::ENOS_PERMISSION_DENIED, kNot, kNone, 62103},
        RefusedCase{"BeatsHttp500", 500, R"({"code":62104})", Code::kFailedPrecondition,
                    Reason::FLOW_HAS_NO_TASK, kNot, kNone, 62104},
        RefusedCase{"BeatsHttp503", 503, R"({"code":62101})", Code::kInvalidArgument,
                    Reason::ENOS_INVALID_ARGUMENT, kNot, kNone, 62101},
        RefusedCase{"BeatsHttp400", 400, R"({"code":99500})", Code::kInternal,
                    Reason::ENOS_INTERNAL, kUnk, kNone, 99500},
        RefusedCase{"BeatsRedirect", 302, R"({"code":62104})", Code::kFailedPrecondition,
                    Reason::FLOW_HAS_NO_TASK, kNot, kNone, 62104},
        RefusedCase{"BeatsAnInstanceId", 200, R"({"code":62109,"data":{"flowInstanceId":"i"}})",
                    Code::kInternal, Reason::ENOS_INTERNAL, kUnk, kNone, 62109},
        RefusedCase{"StatusWhereCodeIsZero", 200,
                    R"({"code":0,"status":62104,"data":{"flowInstanceId":"i"}})",
                    Code::kFailedPrecondition, Reason::FLOW_HAS_NO_TASK, kNot, kNone, 62104},
        RefusedCase{"CodeWhereStatusIsZero", 200, R"({"code":62104,"status":0})",
                    Code::kFailedPrecondition, Reason::FLOW_HAS_NO_TASK, kNot, kNone, 62104},
        RefusedCase{"CodeWhereBothAreNotZero", 200, R"({"status":500,"code":62104})",
                    Code::kFailedPrecondition, Reason::FLOW_HAS_NO_TASK, kNot, kNone, 62104},
        RefusedCase{"StatusWhereCodeIsNoInteger", 200, R"({"code":"E","status":403})",
                    Code::kPermissionDenied, Reason::ENOS_PERMISSION_DENIED, kNot, kNone, 403},
        RefusedCase{"SpringErrorPage", 404,
                    R"({"timestamp":1,"status":404,"error":"Not Found","path":"/x"})",
                    Code::kNotFound, Reason::ENOS_NOT_FOUND, kNot, kNone, 404},
        RefusedCase{"TokenExpired", 200, R"({"code":1203})", Code::kUnauthenticated,
                    Reason::ENOS_CREDENTIALS_REFUSED, kNot, Remedy::kFreshToken, 1203},
        RefusedCase{"SignatureRefused", 200, R"({"status":497})", Code::kUnauthenticated,
                    Reason::ENOS_CREDENTIALS_REFUSED, kNot, Remedy::kFreshToken, 497},
        RefusedCase{"RateLimited", 200, R"({"code":429})", Code::kResourceExhausted,
                    Reason::ENOS_RATE_LIMITED, kNot, Remedy::kWait, 429},
        RefusedCase{"Unavailable", 200, R"({"code":503})", Code::kUnknown, Reason::ENOS_UNAVAILABLE,
                    kUnk, kNone, 503},
        RefusedCase{"UnavailableTrusted", 200, R"({"code":503})", Code::kUnavailable,
                    Reason::ENOS_UNAVAILABLE, kNot, Remedy::kWait, 503, true},
        RefusedCase{"UnknownCode", 200, R"({"code":70000})", Code::kUnknown, Reason::ENOS_ERROR,
                    kUnk, kNone, 70000}),
    [](const auto& param_info) { return param_info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    ElseTheHttpStatusDecides, RefusalTest,
    testing::Values(
        RefusedCase{"Html400", 400, "<html></html>", Code::kInvalidArgument,
                    Reason::ENOS_INVALID_ARGUMENT, kNot},
        RefusedCase{"Empty401", 401, "", Code::kUnauthenticated, Reason::ENOS_CREDENTIALS_REFUSED,
                    kNot, Remedy::kFreshToken},
        RefusedCase{"Json401WithoutCode", 401, R"({"msg":"no"})", Code::kUnauthenticated,
                    Reason::ENOS_CREDENTIALS_REFUSED, kNot, Remedy::kFreshToken},
        RefusedCase{"JsonArray403", 403, "[]", Code::kPermissionDenied,
                    Reason::ENOS_PERMISSION_DENIED, kNot},
        RefusedCase{"Html404", 404, "<html></html>", Code::kNotFound, Reason::ENOS_NOT_FOUND, kNot},
        RefusedCase{"Html429", 429, "slow down", Code::kResourceExhausted,
                    Reason::ENOS_RATE_LIMITED, kNot, Remedy::kWait},
        RefusedCase{"BoolIsNoCode", 500, R"({"code":true})", Code::kInternal, Reason::ENOS_INTERNAL,
                    kUnk},
        RefusedCase{"DoubleIsNoCode", 500, R"({"code":62104.0})", Code::kInternal,
                    Reason::ENOS_INTERNAL, kUnk},
        RefusedCase{"TooLargeIsNoCode", 500, R"({"code":92233720368547758080})", Code::kInternal,
                    Reason::ENOS_INTERNAL, kUnk},
        RefusedCase{"TooDeepIsNoAnswer", 500,
                    R"({"code":62104,"x":)"s + std::string(100, '[') + std::string(100, ']') + "}",
                    Code::kInternal, Reason::ENOS_INTERNAL, kUnk},
        RefusedCase{"Html502", 502, "<html></html>", Code::kUnknown, Reason::ENOS_CONNECTION_LOST,
                    kUnk},
        RefusedCase{"Html503", 503, "<html></html>", Code::kUnknown, Reason::ENOS_UNAVAILABLE,
                    kUnk},
        RefusedCase{"Html503Trusted", 503, "<html></html>", Code::kUnavailable,
                    Reason::ENOS_UNAVAILABLE, kNot, Remedy::kWait, std::nullopt, true},
        RefusedCase{"Html504", 504, "<html></html>", Code::kDeadlineExceeded, Reason::ENOS_TIMEOUT,
                    kUnk},
        RefusedCase{"Html418", 418, "<html></html>", Code::kUnknown, Reason::ENOS_ERROR, kUnk}),
    [](const auto& param_info) { return param_info.param.name; });

RefusedCase Malformed(const std::string& name, int http_status, const std::string& body,
                      std::optional<int64_t> enos_code = std::nullopt) {
  return {name, http_status, body,     Code::kInternal, Reason::ENOS_MALFORMED_RESPONSE,
          kUnk, kNone,       enos_code};
}

std::string SuccessWithId(const std::string& id) {
  return R"({"code":0,"data":{"flowInstanceId":")" + id + R"("}})";
}

INSTANTIATE_TEST_SUITE_P(
    ElseItMakesNoSense, RefusalTest,
    testing::Values(
        Malformed("Empty", 200, ""), Malformed("Html", 200, "<html></html>"),
        Malformed("Array", 200, R"([{"code":0}])"),
        Malformed("NoCode", 200, R"({"data":{"flowInstanceId":"i"}})"),
        Malformed("Truncated", 200, R"({"code":0,"data":{"flowInstanceId":"i")"),
        Malformed("Redirect", 302, ""), Malformed("NotModified", 304, ""),
        Malformed("Http100", 100, ""), Malformed("NoHttpStatus", 0, ""),
        Malformed("SuccessUnderHttp500", 500, R"({"code":0,"data":{"flowInstanceId":"i"}})", 0),
        Malformed("SuccessUnderHttp401", 401, R"({"code":0,"data":{"flowInstanceId":"i"}})", 0),
        Malformed("SuccessUnderRedirect", 307, R"({"code":0,"data":{"flowInstanceId":"i"}})", 0),
        Malformed("NoData", 200, R"({"code":0})", 0),
        Malformed("DataNull", 200, R"({"code":0,"data":null})", 0),
        Malformed("DataString", 200, R"({"code":0,"data":"i"})", 0),
        Malformed("IdEmpty", 200, R"({"code":0,"data":{"flowInstanceId":""}})", 0),
        Malformed("IdNumber", 200, R"({"code":0,"data":{"flowInstanceId":5}})", 0),
        Malformed("IdNull", 200, R"({"code":0,"data":{"flowInstanceId":null}})", 0),
        Malformed("IdNotUtf8", 200, SuccessWithId("\xFF"), 0),
        Malformed("IdOtherScript", 200, SuccessWithId("实例"), 0),
        Malformed("IdLowSurrogateAlone", 200, SuccessWithId(R"(\udc00)"), 0),
        Malformed("IdHighSurrogateAlone", 200, SuccessWithId(R"(1-2\ud83d)"), 0),
        Malformed("IdTooLong", 200, SuccessWithId(std::string(257, 'i')), 0),
        Malformed("IdFarTooLong", 200, SuccessWithId(std::string(900'000, 'i')), 0),
        Malformed("IdWithSpace", 200, SuccessWithId("1 2"), 0),
        Malformed("IdWithSpaceAround", 200, SuccessWithId(" 1-2"), 0),
        Malformed("IdWithEscapedLineBreak", 200, SuccessWithId(R"(1-2\n)"), 0),
        Malformed("IdWithRawLineBreak", 200, SuccessWithId("1-2\n"), 0),
        Malformed("IdWithEscape", 200, SuccessWithId(R"(\u001b[2J)"), 0),
        Malformed("IdWithNul", 200, SuccessWithId(R"(1-2\u0000)"), 0),
        Malformed("IdWithRawNul", 200, SuccessWithId("1-2\0"s), 0),
        Malformed("IdWithDel", 200, SuccessWithId("1-2\x7F"), 0),
        Malformed("IdWithNoEscape", 200, SuccessWithId(R"(1\-2)"), 0),
        Malformed("IdTooBigNumber", 200, R"({"code":0,"data":{"flowInstanceId":1e999}})", 0),
        Malformed("CodeTooBig", 200, R"({"code":1e999,"data":{"flowInstanceId":"i"}})"),
        Malformed("TruncatedAfterSpoiltText", 200,
                  R"({"code":0,"msg":"\ud83d","data":{"flowInstanceId":"i")"),
        Malformed("DeepNesting", 200, std::string(1 << 20, '[')),
        Malformed("MisspeltStatusIsOnlyTheTokenServices", 200,
                  R"({"stauts":0,"data":{"flowInstanceId":"i"}})")),
    [](const auto& param_info) { return param_info.param.name; });

// A JSON value that cannot be read, in a place where it is not needed.
class SpoiltFlowAnswerTest : public testing::TestWithParam<std::string> {};

TEST_P(SpoiltFlowAnswerTest, LeavesASuccessASuccess) {
  for (const std::string place : {"msg", "submsg", "requestId", "business"}) {
    const FlowAnswer answer =
        Read(200, "{\"" + place + "\":" + GetParam() + R"(,"status":0,"data":{"x":)" + GetParam() +
                      R"(,"flowInstanceId":"1-2"},"y":[)" + GetParam() + "]}");
    const auto* started = std::get_if<FlowStarted>(&answer);
    ASSERT_NE(started, nullptr) << place;
    EXPECT_EQ(started->flow_instance_id, "1-2");
    EXPECT_EQ(started->enos_request_id, "");
  }
}

TEST_P(SpoiltFlowAnswerTest, LeavesARefusalThatRefusal) {
  for (const std::string place : {"msg", "submsg", "requestId", "data", "code"}) {
    const FlowAnswer answer = Read(500, "{\"" + place + "\":" + GetParam() + R"(,"status":62104})");
    const auto* refused = std::get_if<Refusal>(&answer);
    ASSERT_NE(refused, nullptr) << place;
    EXPECT_EQ(refused->error.reason, Reason::FLOW_HAS_NO_TASK) << place;
    EXPECT_EQ(refused->error.execution, kNot) << place;
    EXPECT_TRUE(IsValidUtf8(refused->error.enos_message)) << place;
  }
}

INSTANTIATE_TEST_SUITE_P(Parts, SpoiltFlowAnswerTest,
                         testing::Values(R"("\ud83d")", "\"a\nb\"", "\"a\0b\""s, R"("\x41")",
                                         "\"\xFF\"", "\"\xE5\xAE\"", "1e999", "-1e999",
                                         "{\"\\ud83d\":\"\xFF\"}"));

struct MessageCase {
  std::string name;
  int http_status;
  std::string body;
  std::string message;
};

void PrintTo(const MessageCase& c, std::ostream* out) { *out << c.name; }

class RefusalMessageTest : public testing::TestWithParam<MessageCase> {};

TEST_P(RefusalMessageTest, SaysWhatHappenedAndWhatToDo) {
  const FlowAnswer answer = Read(GetParam().http_status, GetParam().body);
  EXPECT_EQ(std::get<Refusal>(answer).error.message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Messages, RefusalMessageTest,
    testing::Values(
        MessageCase{"NoTask", 200,
                    R"({"status":62104,"msg":"This workflow has no task, you cannot trigger it!"})",
                    "EnOS refused the call: the flow has no task (EnOS code 62104: This workflow "
                    "has no task, you "
                    "cannot trigger it!). Add a task to the flow, then call again."},
        MessageCase{"Locked", 200, R"({"code":62105})",
                    "EnOS refused the call: the account is locked (EnOS code 62105). Have it "
                    "unlocked in EnOS, then call again."},
        MessageCase{
            "CannotBeCreated", 200, R"({"code":62102})",
            "EnOS refused the call: an argument is not valid (EnOS code 62102). Check that "
            "user_id belongs to org_id, check flow_id and the parameters, then call again. "
            "EnOS documents this code also for a flow that was triggered in the same minute."},
        MessageCase{"WithSubmsg", 200, R"({"code":429,"msg":" Exhausted ","submsg":"10 a second"})",
                    "EnOS refused the call: there are too many calls (EnOS code 429: Exhausted: 10 "
                    "a second). Wait a "
                    "little, then call again."},
        MessageCase{"OnlySubmsg", 200, R"({"code":429,"msg":" ","submsg":"10 a second"})",
                    "EnOS refused the call: there are too many calls (EnOS code 429: 10 a second). "
                    "Wait a little, then "
                    "call again."},
        MessageCase{"HttpOnly", 403, "<html>secret</html>",
                    "EnOS refused the call: there is no permission for it (HTTP 403). Give the "
                    "user access to the flow, "
                    "or the gateway's application access to the API, then call again."},
        MessageCase{
            "Unknown", 200, R"({"code":70000})",
            "EnOS answered with an error that the gateway does not know (EnOS code 70000)."},
        MessageCase{"NotJson", 200, "<html>",
                    "EnOS's answer makes no sense: it is not a JSON object (HTTP 200)."},
        MessageCase{"NoCode", 200, R"({"message":"hi"})",
                    "EnOS's answer makes no sense: it holds no result code (HTTP 200)."},
        MessageCase{"Redirect", 302, "",
                    "EnOS's answer makes no sense: it is a redirect, which the gateway does not "
                    "follow (HTTP 302)."},
        MessageCase{"NoId", 200, R"({"code":0,"msg":"OK"})",
                    "EnOS's answer makes no sense: it reports success without the id of a flow "
                    "instance (EnOS code 0: OK)."},
        MessageCase{
            "BadId", 200, R"({"code":0,"data":{"flowInstanceId":"a b"}})",
            "EnOS's answer makes no sense: it reports success with an id of a flow instance that "
            "is not 1 to 256 printable ASCII characters without spaces (EnOS code 0)."},
        MessageCase{
            "SpoiltWords", 200, "{\"code\":429,\"msg\":\"a\\ud83d\nb\xFF\\x\",\"submsg\":1e999}",
            "EnOS refused the call: there are too many calls (EnOS code 429: a\xEF\xBF\xBD b"
            "\xEF\xBF\xBD\xEF\xBF\xBDx). Wait a little, then call again."},
        MessageCase{
            "SuccessUnder500", 500, R"({"code":0})",
            "EnOS's answer makes no sense: it reports success under HTTP 500 (EnOS code 0)."}),
    [](const auto& param_info) { return param_info.param.name; });

// Every row of the table has its own words, and advice where the call may be repeated.
class AdviceTest : public testing::TestWithParam<int> {};

TEST_P(AdviceTest, IsThereForEveryCode) {
  const FlowAnswer answer = Read(200, R"({"code":)" + std::to_string(GetParam()) + "}");
  const CallError& error = std::get<Refusal>(answer).error;
  const std::string evidence = " (EnOS code " + std::to_string(GetParam()) + ").";
  EXPECT_THAT(error.message, AllOf(HasSubstr(evidence), EndsWith("."), Not(StartsWith(evidence))));
  const bool has_advice = error.message.size() > error.message.find(evidence) + evidence.size();
  EXPECT_EQ(has_advice, error.execution == Execution::kNotExecuted);
  EXPECT_THAT(error.message, Not(StartsWith("EnOS refused the call (")));
}

INSTANTIATE_TEST_SUITE_P(Codes, AdviceTest,
                         testing::Values(62101, 62102, 62103, 62104, 62105, 62109, 99400, 99403,
                                         99404, 99500, 400, 401, 403, 404, 405, 409, 413, 415, 429,
                                         497, 498, 499, 500, 501, 503, 504, 1203));

TEST(RefusalTexts, SecretsAreMaskedEverywhere) {
  const SecretMask secrets = {"s3cret-key", "tok-123"};
  const FlowAnswer answer = ReadFlowAnswer(
      200, R"({"code":401,"msg":"bad tok-123","submsg":"s3cret-\u006bey","requestId":"r-tok-123"})",
      {}, secrets);
  const CallError& error = std::get<Refusal>(answer).error;
  EXPECT_EQ(error.enos_message, "bad ***: ***");
  EXPECT_EQ(error.enos_request_id, "");
  EXPECT_THAT(error.message, AllOf(HasSubstr("bad ***: ***"), Not(HasSubstr("tok-123")),
                                   Not(HasSubstr("s3cret"))));
}

TEST(RefusalTexts, LongAndDirtyWordsAreCutAndCleaned) {
  const FlowAnswer answer =
      Read(200, R"({"code":62101,"msg":"a\r\nb\udc00)" + std::string(5000, 'x') + R"("})");
  const CallError& error = std::get<Refusal>(answer).error;
  EXPECT_LE(error.enos_message.size(), 256u);
  EXPECT_THAT(error.enos_message, StartsWith("a  b\xEF\xBF\xBD"));
}

TEST(RefusalTexts, RequestIdIsKept) {
  const FlowAnswer answer = Read(200, R"({"code":62101,"requestId":"req-7"})");
  EXPECT_EQ(std::get<Refusal>(answer).error.enos_request_id, "req-7");
}

TEST(RefusalTexts, BodyIsNeverRepeated) {
  for (const int http_status : {200, 302, 400, 500}) {
    const FlowAnswer answer = Read(http_status, R"({"message":"page-content","x":"page-content"})");
    const grpc::Status status = ToGrpcStatus(std::get<Refusal>(answer).error);
    EXPECT_THAT(status.error_message(), Not(HasSubstr("page-content")));
    EXPECT_THAT(status.error_details(), Not(HasSubstr("page-content")));
  }
}

}  // namespace
}  // namespace enos::gateway
