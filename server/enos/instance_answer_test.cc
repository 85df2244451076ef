#include "server/enos/instance_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "server/base/utf8.h"
#include "server/enos/enos_time.h"

namespace enos::gateway {
namespace {

using namespace std::string_literals;
using dataflow::v1::FlowInstance;
using dataflow::v1::FlowInstanceState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kId[] = "3377-20191122012300";

std::variant<InstanceAnswer, Refusal> Read(int http_status, const std::string& body) {
  return ReadInstanceAnswer(http_status, body, kId, {"s3cret"});
}

// An answer about the run with this status, and with these members ("," first).
std::string Body(const std::string& status, const std::string& members = "") {
  return R"({"code":0,"msg":"OK","data":{"instanceId":")"s + kId + R"(","flowId":3377,"status":)" +
         status + members + "}}";
}

InstanceAnswer Answer(const std::string& body) {
  const auto answer = Read(200, body);
  const auto* read = std::get_if<InstanceAnswer>(&answer);
  if (read != nullptr) return *read;
  ADD_FAILURE() << std::get<Refusal>(answer).error.message;
  return {};
}

InstanceAnswer Answer(const std::string& status, const std::string& members) {
  return Answer(Body(status, members));
}

// `json` as JSON text in a string.
std::string InString(const std::string& json) {
  std::string text = "\"";
  for (const char c : json) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

int Unreadable(const InstanceAnswer& answer, UnreadablePart part) {
  return answer.unreadable.at(static_cast<size_t>(part));
}

constexpr auto kTime = UnreadablePart::kTime;
constexpr auto kParameters = UnreadablePart::kParameters;
constexpr auto kTasks = UnreadablePart::kTasks;

TEST(InstanceAnswers, DocumentedSample_IsReadWhole) {
  const InstanceAnswer answer =
      Answer(R"({"status":0,"msg":"Success","requestId":"req-7","data":{"instanceId":")"s + kId +
             R"(","flowId":3377,"flowName":"夜间","status":2,"statusDesc":"Running","owner":"alice",
      "triggerTime":"2019-11-22 09:23:44","startTime":"2019-11-22 09:23:50","endTime":"",
      "freq":"D","doAs":null,"virtual":false,
      "parameters":"[{\"key\":\"REPLACE\",\"value\":\"ddee\"}]",
      "graph":"{\"tasks\":[{\"taskId\":7,\"taskName\":\"t\",\"taskInstId\":\"7-1\",\"status\":1}]}"
      }})");
  const FlowInstance& run = answer.instance;
  EXPECT_EQ(run.flow_instance_id(), kId);
  EXPECT_EQ(run.flow_id(), 3377);
  EXPECT_EQ(run.flow_name(), "夜间");
  EXPECT_EQ(run.state(), dataflow::v1::FLOW_INSTANCE_STATE_RUNNING);
  EXPECT_EQ(run.enos_status(), 2);
  EXPECT_EQ(run.enos_status_text(), "Running");
  EXPECT_FALSE(run.ended());
  EXPECT_EQ(run.owner(), "alice");
  ASSERT_EQ(run.parameters_size(), 1);
  EXPECT_EQ(run.parameters(0).key(), "REPLACE");
  EXPECT_EQ(run.parameters(0).value(), "ddee");
  ASSERT_EQ(run.tasks_size(), 1);
  EXPECT_EQ(run.tasks(0).task_instance_id(), "7-1");
  EXPECT_EQ(run.tasks(0).task_id(), 7);
  EXPECT_EQ(run.tasks(0).task_name(), "t");
  EXPECT_EQ(run.tasks(0).state(), dataflow::v1::FLOW_INSTANCE_STATE_SUCCEEDED);
  EXPECT_EQ(run.tasks(0).enos_status(), 1);
  EXPECT_EQ(answer.trigger_time, "2019-11-22 09:23:44");
  EXPECT_EQ(answer.start_time, "2019-11-22 09:23:50");
  EXPECT_EQ(answer.end_time, "");
  EXPECT_FALSE(run.has_trigger_time()) << "before SetTimes";
  EXPECT_EQ(answer.enos_request_id, "req-7");
  EXPECT_THAT(answer.unreadable, ElementsAre(0, 0, 0));
}

TEST(InstanceAnswers, WhatEnosLeavesOut_StaysUnset) {
  const InstanceAnswer answer =
      Answer(R"({"code":0,"data":{"instanceId":")"s + kId + R"(","status":"0"}})");
  FlowInstance expected;
  expected.set_flow_instance_id(kId);
  expected.set_flow_id(3377);
  expected.set_state(dataflow::v1::FLOW_INSTANCE_STATE_INITIALIZING);
  EXPECT_EQ(answer.instance.SerializeAsString(), expected.SerializeAsString());
  EXPECT_FALSE(answer.HasTimes());
  EXPECT_THAT(answer.unreadable, ElementsAre(0, 0, 0));
}

TEST(InstanceAnswers, NullsEverywhere_AreNothing) {
  const InstanceAnswer answer = Answer(
      "2", R"(,"flowName":null,"statusDesc":null,"owner":null,"triggerTime":null,"startTime":null,)"
           R"("endTime":null,"parameters":null,"graph":null)");
  EXPECT_EQ(answer.instance.SerializeAsString(), Answer("2", "").instance.SerializeAsString());
  EXPECT_THAT(answer.unreadable, ElementsAre(0, 0, 0));
}

struct StateCase {
  const char* status;
  FlowInstanceState state;
  int32_t enos_status;
  bool ended;
};

void PrintTo(const StateCase& c, std::ostream* out) { *out << c.status; }

class InstanceState : public testing::TestWithParam<StateCase> {};

TEST_P(InstanceState, IsEnossNumberNamed) {
  const FlowInstance run = Answer(GetParam().status, "").instance;
  EXPECT_EQ(run.state(), GetParam().state);
  EXPECT_EQ(run.enos_status(), GetParam().enos_status);
  EXPECT_EQ(run.ended(), GetParam().ended);
}

INSTANTIATE_TEST_SUITE_P(
    Numbers, InstanceState,
    testing::Values(StateCase{"-1", dataflow::v1::FLOW_INSTANCE_STATE_FAILED, -1, false},
                    StateCase{"0", dataflow::v1::FLOW_INSTANCE_STATE_INITIALIZING, 0, false},
                    StateCase{"1", dataflow::v1::FLOW_INSTANCE_STATE_SUCCEEDED, 1, true},
                    StateCase{"2", dataflow::v1::FLOW_INSTANCE_STATE_RUNNING, 2, false},
                    StateCase{"3", dataflow::v1::FLOW_INSTANCE_STATE_SUSPENDED, 3, false},
                    StateCase{"4", dataflow::v1::FLOW_INSTANCE_STATE_INTERNAL_ERROR, 4, true},
                    StateCase{"5", dataflow::v1::FLOW_INSTANCE_STATE_WAITING, 5, false},
                    StateCase{"6", dataflow::v1::FLOW_INSTANCE_STATE_READY, 6, false},
                    StateCase{"7", dataflow::v1::FLOW_INSTANCE_STATE_TIMED_OUT, 7, true},
                    StateCase{"8", dataflow::v1::FLOW_INSTANCE_STATE_CANCELLED, 8, true},
                    StateCase{"9", dataflow::v1::FLOW_INSTANCE_STATE_RERUNNING, 9, false},
                    StateCase{"10", dataflow::v1::FLOW_INSTANCE_STATE_SKIPPED, 10, true},
                    StateCase{"11", dataflow::v1::FLOW_INSTANCE_STATE_UNSPECIFIED, 11, false},
                    StateCase{"-2", dataflow::v1::FLOW_INSTANCE_STATE_UNSPECIFIED, -2, false},
                    StateCase{"2147483647", dataflow::v1::FLOW_INSTANCE_STATE_UNSPECIFIED,
                              INT32_MAX, false},
                    StateCase{R"("1")", dataflow::v1::FLOW_INSTANCE_STATE_SUCCEEDED, 1, true}));

// A run that EnOS calls failed, and whether it has ended.
struct FailedCase {
  const char* name;
  std::string members;
  bool ended;
};

void PrintTo(const FailedCase& c, std::ostream* out) { *out << c.name; }

std::string Tasks(const std::vector<std::string>& statuses) {
  std::string tasks;
  for (const std::string& status : statuses)
    tasks += (tasks.empty() ? "" : ",") + R"({"status":)"s + status + "}";
  return R"(,"graph":{"tasks":[)" + tasks + "]}";
}

class FailedRun : public testing::TestWithParam<FailedCase> {};

TEST_P(FailedRun, HasEndedOnceNoTaskCanGoOn) {
  EXPECT_EQ(Answer("-1", GetParam().members).instance.ended(), GetParam().ended);
}

const std::string kEnd = R"(,"endTime":"2019-11-22 09:30:00")";

INSTANTIATE_TEST_SUITE_P(
    All, FailedRun,
    testing::Values(FailedCase{"AllTasksEnded", Tasks({"-1", "1", "3", "4", "7", "8", "10"}), true},
                    FailedCase{"Initializing", Tasks({"-1", "0"}), false},
                    FailedCase{"Running", Tasks({"-1", "2"}), false},
                    FailedCase{"Waiting", Tasks({"5", "-1"}), false},
                    FailedCase{"Ready", Tasks({"-1", "6"}), false},
                    FailedCase{"Rerunning", Tasks({"-1", "9"}), false},
                    FailedCase{"Unknown", Tasks({"-1", "11"}), false},
                    FailedCase{"RunningWithEndTime", Tasks({"-1", "2"}) + kEnd, false},
                    FailedCase{"OneUnreadable", Tasks({"-1", R"("?")"}), false},
                    FailedCase{"OneUnreadableWithEndTime", Tasks({"-1", "null"}) + kEnd, false},
                    FailedCase{"OneNoObject", R"(,"graph":{"tasks":[{"status":-1},7]})", false},
                    FailedCase{"NoneReadable", Tasks({"null"}), false},
                    FailedCase{"NoneReadableWithEndTime", Tasks({"null"}) + kEnd, true},
                    FailedCase{"GraphUnreadable", R"(,"graph":"{\"tasks\":[")", false},
                    FailedCase{"GraphUnreadableWithEndTime", R"(,"graph":"{\"tasks\":[")" + kEnd,
                               true},
                    FailedCase{"NoTasks", Tasks({}), false},
                    FailedCase{"NoTasksWithEndTime", Tasks({}) + kEnd, true},
                    FailedCase{"NoGraph", "", false}, FailedCase{"NoGraphWithEndTime", kEnd, true},
                    FailedCase{"EndTimeEmpty", R"(,"endTime":"")", false},
                    FailedCase{"EndTimeNull", R"(,"endTime":null)", false}),
    [](const auto& row) { return row.param.name; });

// What EnOS sends as `parameters`, and what becomes of it.
struct ParametersCase {
  const char* name;
  std::string json;
  std::vector<std::pair<std::string, std::string>> read;
  int unreadable = 0;
};

void PrintTo(const ParametersCase& c, std::ostream* out) { *out << c.name; }

class InstanceParameters : public testing::TestWithParam<ParametersCase> {};

void ExpectParameters(const InstanceAnswer& answer, const ParametersCase& expected) {
  std::vector<std::pair<std::string, std::string>> read;
  for (const auto& parameter : answer.instance.parameters())
    read.emplace_back(parameter.key(), parameter.value());
  EXPECT_EQ(read, expected.read);
  EXPECT_EQ(Unreadable(answer, kParameters), expected.unreadable);
  EXPECT_EQ(Unreadable(answer, kTasks) + Unreadable(answer, kTime), 0);
}

TEST_P(InstanceParameters, AreReadAsJson) {
  ExpectParameters(Answer("2", ",\"parameters\":" + GetParam().json), GetParam());
}

TEST_P(InstanceParameters, AreReadAsTextInAString) {
  ExpectParameters(Answer("2", ",\"parameters\":" + InString(GetParam().json)), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    All, InstanceParameters,
    testing::Values(
        ParametersCase{
            "Array",
            R"([{"key":"b","value":"1"},{"key":"a","value":"2"},{"key":"b","value":"3"}])",
            {{"b", "1"}, {"a", "2"}, {"b", "3"}}},
        ParametersCase{"Map", R"({"b":"1","a":"2"})", {{"b", "1"}, {"a", "2"}}},
        ParametersCase{"EmptyArray", "[]", {}}, ParametersCase{"EmptyMap", "{}", {}},
        ParametersCase{"Null", "null", {}},
        ParametersCase{"Numbers",
                       R"({"a":1,"b":-2.5,"c":9007199254740993})",
                       {{"a", "1"}, {"b", "-2.5"}, {"c", "9007199254740993"}}},
        ParametersCase{"Booleans",
                       R"([{"key":"a","value":true},{"key":"b","value":false}])",
                       {{"a", "true"}, {"b", "false"}}},
        ParametersCase{
            "NullValues", R"([{"key":"a","value":null},{"key":"b"}])", {{"a", ""}, {"b", ""}}},
        ParametersCase{"NullInAMap", R"({"a":null})", {{"a", ""}}},
        ParametersCase{"Objects",
                       R"({"a":{"x":[1, "y"]},"b":[null]})",
                       {{"a", R"({"x":[1,"y"]})"}, {"b", "[null]"}}},
        ParametersCase{"OtherScripts", R"({"密钥":"值😀"})", {{"密钥", "值😀"}}},
        ParametersCase{"EmptyKey", R"([{"key":"","value":"v"}])", {{"", "v"}}},
        ParametersCase{"OthersStay",
                       R"([{"key":"a","value":"1"},7,null,[],{"value":"2"},{"key":3},{"key":"b"}])",
                       {{"a", "1"}, {"b", ""}},
                       5},
        ParametersCase{"Number", "7", {}, 1}, ParametersCase{"True", "true", {}, 1}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(Deep, InstanceParameters,
                         testing::Values(ParametersCase{
                             "AsDeepAsMayBe",
                             R"({"a":)" + std::string(40, '[') + std::string(40, ']') + "}",
                             {{"a", std::string(40, '[') + std::string(40, ']')}}}));

struct TextCase {
  const char* name;
  std::string json;  // the string
  int unreadable;
};

void PrintTo(const TextCase& c, std::ostream* out) { *out << c.name; }

// Of both parts that may be JSON text in a string.
class EmbeddedText : public testing::TestWithParam<TextCase> {};

TEST_P(EmbeddedText, ThatIsNoneIsLeftOutAlone) {
  const InstanceAnswer answer =
      Answer("2", ",\"parameters\":" + GetParam().json + ",\"graph\":" + GetParam().json +
                      R"(,"owner":"alice")");
  EXPECT_EQ(answer.instance.parameters_size() + answer.instance.tasks_size(), 0);
  EXPECT_EQ(answer.instance.owner(), "alice");
  EXPECT_THAT(answer.unreadable, ElementsAre(0, GetParam().unreadable, GetParam().unreadable));
}

INSTANTIATE_TEST_SUITE_P(
    All, EmbeddedText,
    testing::Values(TextCase{"Empty", R"("")", 0}, TextCase{"Null", R"("null")", 0},
                    TextCase{"Words", R"("none")", 1}, TextCase{"Space", R"(" ")", 1},
                    TextCase{"Truncated", R"("{\"tasks\":[")", 1},
                    TextCase{"MoreBehind", R"("{} {}")", 1},
                    TextCase{"TextInText", R"("\"{}\"")", 1}, TextCase{"Nul", R"("{}\u0000")", 1},
                    TextCase{"RawNul", "\"{}\0\""s, 1}, TextCase{"NotUtf8", "\"\xFF\"", 1},
                    TextCase{"TooDeep", '"' + std::string(65, '[') + std::string(65, ']') + '"', 1},
                    TextCase{"DeepAndOpen", '"' + std::string(1 << 20, '[') + '"', 1},
                    TextCase{"DeepObjects", InString([] {
                               std::string text;
                               for (int i = 0; i < 100'000; ++i) text += R"({"tasks":)";
                               return text;
                             }()),
                             1}),
    [](const auto& row) { return row.param.name; });

struct TasksCase {
  const char* name;
  std::string json;
  std::string task_instance_id;
  int32_t task_id;
  std::string task_name;
};

void PrintTo(const TasksCase& c, std::ostream* out) { *out << c.name; }

class InstanceTasks : public testing::TestWithParam<TasksCase> {};

TEST_P(InstanceTasks, AreReadInEverySpelling) {
  const std::string graph = R"({"nodes":[],"tasks":[)" + GetParam().json + "]}";
  for (const std::string& sent : {graph, InString(graph)}) {
    const InstanceAnswer answer = Answer("2", ",\"graph\":" + sent);
    ASSERT_EQ(answer.instance.tasks_size(), 1);
    const auto& task = answer.instance.tasks(0);
    EXPECT_EQ(task.task_instance_id(), GetParam().task_instance_id);
    EXPECT_EQ(task.task_id(), GetParam().task_id);
    EXPECT_EQ(task.task_name(), GetParam().task_name);
    EXPECT_EQ(task.state(), dataflow::v1::FLOW_INSTANCE_STATE_RUNNING);
    EXPECT_EQ(Unreadable(answer, kTasks), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, InstanceTasks,
    testing::Values(
        TasksCase{"CamelCase", R"({"taskInstId":"7-1","taskId":7,"taskName":"t","status":2})",
                  "7-1", 7, "t"},
        TasksCase{"SnakeCase", R"({"task_inst_id":"7-1","task_id":7,"task_name":"t","status":2})",
                  "7-1", 7, "t"},
        TasksCase{"CamelCaseNull",
                  R"({"taskInstId":null,"task_inst_id":"7-1","taskName":"t","status":2})", "7-1", 0,
                  "t"},
        TasksCase{"NumbersAndTexts", R"({"taskInstId":71,"taskId":"7","taskName":5,"status":"2"})",
                  "71", 7, "5"},
        TasksCase{"IdTooLarge", R"({"taskId":2147483648,"status":2})", "", 0, ""},
        TasksCase{"StatusAlone", R"({"status":2})", "", 0, ""}),
    [](const auto& row) { return row.param.name; });

TEST(InstanceGraphs, WithoutReadableTasks_AreCounted) {
  for (const std::string graph : {"{}", R"({"tasks":null})", "null"})
    EXPECT_EQ(Unreadable(Answer("2", ",\"graph\":" + graph), kTasks), 0) << graph;
  for (const std::string graph : {"[]", "7", "true", R"({"tasks":{}})", R"({"tasks":"x"})"})
    EXPECT_EQ(Unreadable(Answer("2", ",\"graph\":" + graph), kTasks), 1) << graph;
}

TEST(InstanceGraphs, TasksBeyondTheLimit_AreNotShownButCount) {
  std::vector<std::string> statuses(kMaxTasks + 2, "1");
  const InstanceAnswer all_ended = Answer("-1", Tasks(statuses));
  EXPECT_EQ(all_ended.instance.tasks_size(), kMaxTasks);
  EXPECT_EQ(Unreadable(all_ended, kTasks), 2);
  EXPECT_TRUE(all_ended.instance.ended());
  statuses.back() = "2";
  EXPECT_FALSE(Answer("-1", Tasks(statuses)).instance.ended());
}

struct TimesCase {
  const char* name;
  std::string json;  // of each of the three
  std::string read;
  int unreadable;
};

void PrintTo(const TimesCase& c, std::ostream* out) { *out << c.name; }

class InstanceTimes : public testing::TestWithParam<TimesCase> {};

TEST_P(InstanceTimes, AreKeptAsEnosWroteThemOrLeftOut) {
  const InstanceAnswer answer =
      Answer("2", ",\"triggerTime\":" + GetParam().json + ",\"startTime\":" + GetParam().json +
                      ",\"endTime\":" + GetParam().json);
  EXPECT_EQ(answer.trigger_time, GetParam().read);
  EXPECT_EQ(answer.start_time, GetParam().read);
  EXPECT_EQ(answer.end_time, GetParam().read);
  EXPECT_EQ(answer.HasTimes(), !GetParam().read.empty());
  EXPECT_THAT(answer.unreadable, ElementsAre(GetParam().unreadable, 0, 0));
}

INSTANTIATE_TEST_SUITE_P(
    All, InstanceTimes,
    testing::Values(TimesCase{"Usual", R"("2019-11-22 09:23:44")", "2019-11-22 09:23:44", 0},
                    TimesCase{"Empty", R"("")", "", 0}, TimesCase{"Null", "null", "", 0},
                    TimesCase{"Number", "1574385824000", "", 3},
                    TimesCase{"OtherForm", R"("2019-11-22T09:23:44Z")", "", 3},
                    TimesCase{"NoDay", R"("2019-02-29 00:00:00")", "", 3},
                    TimesCase{"Infinite", R"("infinite-future")", "", 3},
                    TimesCase{"Object", "{}", "", 3}, TimesCase{"NotUtf8", "\"\xFF\"", "", 3}),
    [](const auto& row) { return row.param.name; });

TEST(SetTimes, ReadsThemInTheZone) {
  InstanceAnswer answer = Answer("1", R"(,"triggerTime":"2019-11-22 09:23:44",)"
                                      R"("startTime":"1970-01-01 08:00:00")");
  SetTimes(*ParseEnosZone("GMT+8"), answer);
  EXPECT_EQ(answer.instance.trigger_time().seconds(), 1'574'385'824);
  ASSERT_TRUE(answer.instance.has_start_time());
  EXPECT_EQ(answer.instance.start_time().seconds(), 0);
  EXPECT_FALSE(answer.instance.has_end_time());
  SetTimes(absl::UTCTimeZone(), answer);
  EXPECT_EQ(answer.instance.trigger_time().seconds(), 1'574'385'824 + 8 * 3600);
  EXPECT_EQ(answer.instance.start_time().seconds(), 8 * 3600);
}

// Some write "never" so; in a zone west of Greenwich it is no longer a time of the proto.
TEST(SetTimes, TimeThatIsNoneInTheZone_StaysUnset) {
  InstanceAnswer answer = Answer("1", R"(,"endTime":"9999-12-31 23:59:59")");
  SetTimes(*ParseEnosZone("GMT-8"), answer);
  EXPECT_FALSE(answer.instance.has_end_time());
  SetTimes(*ParseEnosZone("GMT+8"), answer);
  EXPECT_EQ(answer.instance.end_time().seconds(), 253'402'300'799 - 8 * 3600);
}

// An answer that tells of no run, and what it is instead.
struct RefusedCase {
  std::string name;
  int http_status;
  std::string body;
  absl::StatusCode code;
  Reason reason;
  Remedy remedy = Remedy::kNone;
};

void PrintTo(const RefusedCase& c, std::ostream* out) { *out << c.name; }

class InstanceRefusal : public testing::TestWithParam<RefusedCase> {};

TEST_P(InstanceRefusal, IsTheReadsRow) {
  const auto answer = Read(GetParam().http_status, GetParam().body);
  const auto* refused = std::get_if<Refusal>(&answer);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->error.code, GetParam().code);
  EXPECT_EQ(refused->error.reason, GetParam().reason);
  EXPECT_EQ(refused->remedy, GetParam().remedy);
  EXPECT_EQ(refused->error.http_status, GetParam().http_status);
  EXPECT_THAT(refused->error.message, Not(HasSubstr("s3cret")));
}

using Code = absl::StatusCode;

RefusedCase NotFound(const std::string& name, const std::string& body) {
  return {name, 200, body, Code::kNotFound, Reason::ENOS_NOT_FOUND};
}

INSTANTIATE_TEST_SUITE_P(
    NoRun, InstanceRefusal,
    testing::Values(NotFound("DataAbsent", R"({"code":0,"msg":"OK"})"),
                    NotFound("DataNull", R"({"code":0,"data":null})"),
                    NotFound("DataEmptyText", R"({"status":0,"data":""})"),
                    NotFound("DataEmptyObject", R"({"code":0,"data":{}})"),
                    NotFound("Code62102", R"({"code":62102,"msg":"s3cret"})"),
                    NotFound("Code99404", R"({"code":99404})"),
                    RefusedCase{"Http404", 404, "<html>", Code::kNotFound, Reason::ENOS_NOT_FOUND},
                    RefusedCase{"Code62104", 200, R"({"code":62104})", Code::kUnknown,
                                Reason::ENOS_ERROR},
                    RefusedCase{"Code503", 200, R"({"code":503})", Code::kUnavailable,
                                Reason::ENOS_UNAVAILABLE, Remedy::kWait},
                    RefusedCase{"Http503", 503, "", Code::kUnavailable, Reason::ENOS_UNAVAILABLE,
                                Remedy::kWait},
                    RefusedCase{"Code502", 200, R"({"code":502})", Code::kUnavailable,
                                Reason::ENOS_CONNECTION_LOST, Remedy::kWait},
                    RefusedCase{"Http502", 502, "<html>", Code::kUnavailable,
                                Reason::ENOS_CONNECTION_LOST, Remedy::kWait},
                    RefusedCase{"Code1203", 200, R"({"code":1203})", Code::kUnauthenticated,
                                Reason::ENOS_CREDENTIALS_REFUSED, Remedy::kFreshToken},
                    RefusedCase{"CodeBeatsAnInstance", 200,
                                R"({"code":62103,"data":{"instanceId":"3377-20191122012300",)"
                                R"("status":1}})",
                                Code::kPermissionDenied, Reason::ENOS_PERMISSION_DENIED}),
    [](const auto& row) { return row.param.name; });

RefusedCase Malformed(const std::string& name, const std::string& body, int http_status = 200) {
  return {name, http_status, body, Code::kInternal, Reason::ENOS_MALFORMED_RESPONSE};
}

std::string Data(const std::string& data) { return R"({"code":0,"data":)" + data + "}"; }

INSTANTIATE_TEST_SUITE_P(
    NoSense, InstanceRefusal,
    testing::Values(
        Malformed("Empty", ""), Malformed("Html", "<html>"), Malformed("Array", "[]"),
        Malformed("NoCode", R"({"data":{"instanceId":"3377-20191122012300","status":1}})"),
        Malformed("Truncated",
                  R"({"code":0,"data":{"instanceId":"3377-20191122012300","status":1)"),
        Malformed("SuccessUnder500", Body("1"), 500), Malformed("Redirect", Body("1"), 302),
        Malformed("DataText", Data(R"("x")")), Malformed("DataNumber", Data("0")),
        Malformed("DataFalse", Data("false")), Malformed("DataArray", Data("[]")),
        Malformed("NoId", Data(R"({"flowId":3377,"status":1})")),
        Malformed("IdNull", Data(R"({"instanceId":null,"status":1})")),
        Malformed("IdNumber", Data(R"({"instanceId":3377,"status":1})")),
        Malformed("IdEmpty", Data(R"({"instanceId":"","status":1})")),
        Malformed("OtherRun", Data(R"({"instanceId":"3377-20191122012400","status":1})")),
        Malformed("IdCut", Data(R"({"instanceId":"3377-2019112201230","status":1})")),
        Malformed("IdLonger", Data(R"({"instanceId":"3377-201911220123000","status":1})")),
        Malformed("IdWithNul", Data(R"({"instanceId":"3377-20191122012300\u0000","status":1})")),
        Malformed("OtherFlow",
                  Data(R"({"instanceId":"3377-20191122012300","flowId":3378,"status":1})")),
        Malformed("OtherFlowInText",
                  Data(R"({"instanceId":"3377-20191122012300","flowId":"3378","status":1})")),
        Malformed("NoStatus", Data(R"({"instanceId":"3377-20191122012300"})")),
        Malformed("StatusNull", Body("null")), Malformed("StatusWords", Body(R"("DONE")")),
        Malformed("StatusFraction", Body("1.0")), Malformed("StatusTrue", Body("true")),
        Malformed("StatusTooLarge", Body("4294967297")), Malformed("StatusHuge", Body("1e999")),
        Malformed("DeepBody", std::string(1 << 20, '[')),
        Malformed("DeepMember",
                  Body("1", ",\"x\":" + std::string(100, '[') + std::string(100, ']'))),
        Malformed("RawNulBetween", Body("1") + "\0"s), Malformed("OnlyNul", "\0"s),
        Malformed("NotUtf8", "\xFF\xFE")),
    [](const auto& row) { return row.param.name; });

// What is no reason to refuse an answer.
TEST(InstanceAnswers, FlowIdThatIsNone_IsThatOfTheId) {
  for (const std::string flow_id : {"null", R"("x")", "1e999", "4294967297", R"("3377")"}) {
    const InstanceAnswer answer = Answer(R"({"code":0,"data":{"instanceId":")"s + kId +
                                         R"(","status":1,"flowId":)" + flow_id + "}}");
    EXPECT_EQ(answer.instance.flow_id(), 3377) << flow_id;
  }
}

TEST(InstanceAnswers, ByteOrderMark_IsSkipped) {
  EXPECT_EQ(Answer("\xEF\xBB\xBF" + Body("1")).instance.enos_status(), 1);
}

// A JSON value that cannot be read, wherever it is not needed: the rest is told, in valid UTF-8.
class SpoiltInstanceAnswer : public testing::TestWithParam<std::string> {};

TEST_P(SpoiltInstanceAnswer, LosesThatPartAlone) {
  const std::string& spoilt = GetParam();
  for (const std::string& member :
       {"\"flowName\":"s + spoilt, "\"owner\":"s + spoilt, "\"statusDesc\":"s + spoilt,
        "\"x\":"s + spoilt, R"("parameters":{"a":)" + spoilt + "}",
        R"("parameters":[{"key":"a","value":)" + spoilt + "}]",
        R"("parameters":{"a":[)" + spoilt + "]}",
        R"("graph":{"tasks":[{"status":1,"taskName":)" + spoilt + R"(,"taskId":)" + spoilt +
            "}]}"}) {
    const InstanceAnswer answer = Answer("2", "," + member + R"(,"endTime":"2019-11-22 09:30:00")");
    EXPECT_EQ(answer.instance.flow_instance_id(), kId) << member;
    EXPECT_EQ(answer.end_time, "2019-11-22 09:30:00") << member;
    FlowInstance parsed;
    EXPECT_TRUE(parsed.ParseFromString(answer.instance.SerializeAsString()))
        << "the parser refuses what is not UTF-8: " << member;
  }
}

INSTANTIATE_TEST_SUITE_P(Values, SpoiltInstanceAnswer,
                         testing::Values(R"("\ud83d")", R"("\udc00")", "\"a\nb\"", "\"a\0b\""s,
                                         R"("\u0000")", R"("\x41")", "\"\xFF\"", "\"\xE5\xAE\"",
                                         "1e999", "-1e999", "{\"\\udc00\":\"\xFF\"}"));

TEST(InstanceAnswers, SpoiltObjectAsAValue_IsWholeJson) {
  const InstanceAnswer answer =
      Answer("2", ",\"parameters\":{\"a\":{\"x\":\"\xFF\",\"y\":\"\\udc00\",\"z\":1}}");
  ASSERT_EQ(answer.instance.parameters_size(), 1);
  EXPECT_THAT(answer.instance.parameters(0).value(), testing::EndsWith(R"(,"z":1})"));
  EXPECT_TRUE(IsValidUtf8(answer.instance.parameters(0).value()));
}

// A megabyte of each kind of part; that it ends at once is what is tested.
TEST(InstanceAnswers, LargeParts_AreReadInLinearTime) {
  const auto repeat = [](const std::string& one) {
    std::string text = one;
    while (text.size() < (1 << 20)) text += "," + one;
    return text;
  };
  const InstanceAnswer tasks = Answer("2", R"(,"graph":{"tasks":[)" + repeat("{}") + "]}");
  EXPECT_EQ(tasks.instance.tasks_size(), 0);
  EXPECT_GT(Unreadable(tasks, kTasks), 300'000);
  const InstanceAnswer parameters = Answer("2", R"(,"parameters":{)" + repeat(R"("":0)") + "}");
  EXPECT_GT(parameters.instance.parameters_size(), 200'000);
  const InstanceAnswer members = Answer("2", "," + repeat(R"("x":0)"));
  EXPECT_EQ(members.instance.enos_status(), 2);
}

struct CancelCase {
  const char* name;
  int http_status;
  std::string body;
  std::optional<Reason> refused;
};

void PrintTo(const CancelCase& c, std::ostream* out) { *out << c.name; }

class CancelAnswer : public testing::TestWithParam<CancelCase> {};

TEST_P(CancelAnswer, IsTakenOrRefused) {
  std::string request_id = "before";
  const auto refused = ReadCancelAnswer(GetParam().http_status, GetParam().body, {}, &request_id);
  ASSERT_EQ(refused.has_value(), GetParam().refused.has_value());
  if (refused) {
    EXPECT_EQ(refused->error.reason, *GetParam().refused);
  }
  EXPECT_EQ(request_id, GetParam().body.find("req-7") == std::string::npos ? "" : "req-7");
}

INSTANTIATE_TEST_SUITE_P(
    All, CancelAnswer,
    testing::Values(
        CancelCase{"V20", 200, R"({"status":0,"msg":"Success","data":""})", {}},
        CancelCase{"V21", 200, R"({"code":0,"requestId":"req-7","data":""})", {}},
        CancelCase{"NoData", 200, R"({"code":0})", {}},
        CancelCase{"AnyData", 200, R"({"code":0,"data":{"x":1}})", {}},
        CancelCase{"NotFound", 200, R"({"code":62102,"requestId":"req-7"})",
                   Reason::ENOS_NOT_FOUND},
        CancelCase{"NotAllowed", 200, R"({"code":62103})", Reason::ENOS_PERMISSION_DENIED},
        CancelCase{"Locked", 200, R"({"code":62105})", Reason::ENOS_LOCKED},
        CancelCase{"Unavailable", 503, "", Reason::ENOS_UNAVAILABLE},
        CancelCase{"Html", 200, "<html>", Reason::ENOS_MALFORMED_RESPONSE},
        CancelCase{"SuccessUnder500", 500, R"({"code":0})", Reason::ENOS_MALFORMED_RESPONSE}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace enos::gateway
