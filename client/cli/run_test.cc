#include "run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <sstream>
#include <utility>
#include <vector>

#include "fake_flow_service.h"
#include "fake_keys.h"
#include "output.h"
#include "rich_status.h"
#include "tests/support/files.h"

namespace enos::flow::cli {
namespace {

using testing::AnswerId;
using testing::AnswerInTurn;
using ::testing::EndsWith;
using testing::FakeFlowService;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NotExecuted;
using ::testing::StartsWith;

struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

class RunEnosFlowTest : public ::testing::Test {
 protected:
  Outcome Run(std::vector<std::string> args) {
    std::vector<const char*> argv = {"enos-flow"};
    for (const std::string& arg : args) argv.push_back(arg.c_str());
    const auto environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto it = variables_.find(name);
      if (it == variables_.end()) return std::nullopt;
      return it->second;
    };
    std::istringstream in(input_);
    std::ostringstream out;
    std::ostringstream err;
    Console console{in, out, err, terminal_, terminal_, terminal_};
    const int status =
        RunEnosFlow(static_cast<int>(argv.size()), argv.data(), environment, console);
    return {status, out.str(), err.str()};
  }

  // `enos-flow trigger` with the required flags, and more.
  Outcome Trigger(const FakeFlowService& gateway, std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"trigger", "--address=" + gateway.address(), "--user_id=u",
                                     "--org_id=o", "--flow_id=3377"};
    args.insert(args.end(), more.begin(), more.end());
    return Run(std::move(args));
  }

  std::map<std::string, std::string> variables_;
  std::string input_;
  bool terminal_ = false;
};

TEST_F(RunEnosFlowTest, FlowStarted_IdAloneOnStdout) {
  FakeFlowService gateway(AnswerId("3377-20191122012344"));
  const Outcome outcome = Trigger(
      gateway, {"--trigger_time=1574385824000", "--param", "REPLACE=ddee", "--param", "A=[1,2]"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "3377-20191122012344\n");
  EXPECT_THAT(outcome.err, IsEmpty());
  ASSERT_EQ(gateway.requests().size(), 1U);
  EXPECT_EQ(gateway.requests()[0].ShortDebugString(),
            "user_id: \"u\" org_id: \"o\" flow_id: 3377 trigger_time { seconds: 1574385824 } "
            "parameters { key: \"REPLACE\" value: \"ddee\" } "
            "parameters { key: \"A\" value: \"[1,2]\" }");
}

TEST_F(RunEnosFlowTest, FlowStartedWithJson_OneObject) {
  FakeFlowService gateway([](auto& context, const auto&, auto& response) {
    context.AddTrailingMetadata("enos-request-id", "r-1");
    response.set_flow_instance_id("1-2");
    return grpc::Status::OK;
  });
  const Outcome outcome = Trigger(gateway, {"--output=json"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out,
            "{\"ok\":true,\"flow_instance_id\":\"1-2\",\"enos_request_id\":\"r-1\"}\n");
}

TEST_F(RunEnosFlowTest, SettingsFromTheEnvironment_Used) {
  FakeFlowService gateway(AnswerId("1-2"));
  variables_ = {{"ENOS_FLOW_ADDRESS", gateway.address()},
                {"ENOS_FLOW_USER_ID", "u2"},
                {"ENOS_FLOW_ORG_ID", "o2"},
                {"ENOS_FLOW_OUTPUT", "json"}};
  const Outcome outcome = Run({"trigger", "--flow_id=1"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, StartsWith("{"));
  ASSERT_EQ(gateway.requests().size(), 1U);
  EXPECT_EQ(gateway.requests()[0].user_id(), "u2");
}

grpc::Status NoTask() {
  testing::RichStatus status;
  status.code = grpc::StatusCode::FAILED_PRECONDITION;
  status.message = "flow 3377 has no task";
  status.reason = "FLOW_HAS_NO_TASK";
  status.metadata = {{"execution", "NOT_EXECUTED"}, {"enos_code", "62104"}};
  return status.ToGrpc();
}

TEST_F(RunEnosFlowTest, CallRefused_MessageOnStderrAndStatus1) {
  FakeFlowService gateway(AnswerInTurn({NoTask()}));
  const Outcome outcome = Trigger(gateway, {"--retries=3"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_EQ(outcome.err, "enos-flow: the call to " + gateway.address() +
                             " failed: FAILED_PRECONDITION (FLOW_HAS_NO_TASK): flow 3377 has no "
                             "task\nEnOS answered with code 62104\n"
                             "The flow was certainly not started.\n");
  EXPECT_EQ(gateway.requests().size(), 1U) << "it would be refused again";
}

TEST_F(RunEnosFlowTest, CallRefusedWithJson_ObjectOnStdoutAndStatus1) {
  FakeFlowService gateway(AnswerInTurn({NoTask()}));
  const Outcome outcome = Trigger(gateway, {"--output=json"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, IsEmpty());
  EXPECT_THAT(outcome.out, StartsWith("{\"ok\":false,\"code\":\"FAILED_PRECONDITION\""));
}

TEST_F(RunEnosFlowTest, BusyWithRetries_CalledAgain) {
  FakeFlowService gateway(AnswerInTurn({NotExecuted(
      grpc::StatusCode::UNAVAILABLE, "GATEWAY_OVERLOADED", std::chrono::milliseconds(1))}));
  const Outcome outcome = Trigger(gateway, {"--retries=1"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "done\n");
  EXPECT_EQ(gateway.requests().size(), 2U);
}

TEST_F(RunEnosFlowTest, BusyWithoutRetries_CalledOnceAndToldToWait) {
  FakeFlowService gateway(AnswerInTurn({NotExecuted(
      grpc::StatusCode::UNAVAILABLE, "GATEWAY_OVERLOADED", std::chrono::milliseconds(2500))}));
  const Outcome outcome = Trigger(gateway);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, EndsWith("it is safe to call again. Wait 2.5s first.\n"));
  EXPECT_EQ(gateway.requests().size(), 1U);
}

TEST_F(RunEnosFlowTest, TimeoutInMidCall_WarnsThatItMayHaveStarted) {
  std::promise<void> release;
  auto wait = release.get_future().share();
  FakeFlowService gateway([wait](auto&, const auto&, auto&) {
    wait.wait();
    return grpc::Status::OK;
  });
  // Long enough to connect on a busy machine.
  const Outcome outcome = Trigger(gateway, {"--timeout=2s", "--retries=3"});
  release.set_value();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("DEADLINE_EXCEEDED"));
  EXPECT_THAT(outcome.err, HasSubstr("The flow MAY have been started: check in EnOS before calling "
                                     "again.\n"));
  EXPECT_EQ(gateway.requests().size(), 1U);
}

TEST_F(RunEnosFlowTest, MayHaveStarted_CommandThatLooks) {
  testing::RichStatus status;
  status.code = grpc::StatusCode::UNKNOWN;
  status.reason = "ENOS_CONNECTION_LOST";
  status.metadata = {{"execution", "UNKNOWN"}, {"likely_flow_instance_id", "3377-20260701080000"}};
  FakeFlowService gateway(
      AnswerInTurn({status.ToGrpc(), status.ToGrpc(),
                    grpc::Status(grpc::StatusCode::UNAVAILABLE, "Socket closed")}));
  const std::string looks =
      "If it was, its run most likely has this id, which is a guess. To look:\n"
      "  enos-flow get 3377-20260701080000 --user_id=u --org_id=o --address=" +
      gateway.address() + "\n";
  EXPECT_THAT(Trigger(gateway).err, EndsWith(looks));
  const Outcome typed = Trigger(gateway, {"--plaintext", "--config="});
  EXPECT_THAT(typed.err, EndsWith(gateway.address() + " --plaintext --config=''\n"));
  // The guess is ours where no gateway said it.
  EXPECT_THAT(Trigger(gateway, {"--trigger_time=2026-07-01T10:00:59+02:00"}).err, EndsWith(looks));
}

// `enos-flow trigger` with a key, against a gateway that keeps keys.
class RunWithKeyTest : public RunEnosFlowTest {
 protected:
  Outcome TriggerWith(const std::string& key, std::vector<std::string> more = {}) {
    more.push_back("--idempotency_key=" + key);
    if (key != "auto") more.emplace_back("--trigger_time=2026-07-01T10:00:00.5+02:00");
    return Trigger(gateway_, std::move(more));
  }

  testing::FakeKeys keys_;
  FakeFlowService gateway_{keys_.Around(AnswerId("1-2"))};
};

TEST_F(RunWithKeyTest, SameKeyAgain_SaysThatNothingWasStartedNow) {
  const Outcome first = TriggerWith("k-1");
  EXPECT_EQ(first.out, "1-2\n");
  EXPECT_THAT(first.err, IsEmpty());
  const Outcome again = TriggerWith("k-1");
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(again.out, "1-2\n");
  EXPECT_EQ(
      again.err,
      "enos-flow: an earlier call with this key started the flow; nothing was started now.\n");
  EXPECT_EQ(TriggerWith("k-1", {"--output=json"}).out,
            "{\"ok\":true,\"flow_instance_id\":\"1-2\",\"replayed\":true,"
            "\"idempotency_key\":\"k-1\",\"trigger_time\":\"2026-07-01T08:00:00.5Z\"}\n");
}

TEST_F(RunWithKeyTest, AnswerLost_SaysHowToCallAgain) {
  keys_.LoseAnswers(3377, 1);
  const Outcome lost = TriggerWith("k'1");
  EXPECT_EQ(lost.status, 1);
  EXPECT_THAT(lost.err,
              EndsWith("The flow MAY have been started: call again with the same key to learn it. "
                       "That cannot start it twice.\nTo call again, add or keep:\n"
                       "  --idempotency_key='k'\\''1' --trigger_time=2026-07-01T08:00:00.5Z\n"));
  keys_.LoseAnswers(3377, 1);
  EXPECT_EQ(TriggerWith("k'1", {"--retries=1"}).status, 0);
  EXPECT_EQ(keys_.ExecutionsOf(3377), 1);
}

TEST_F(RunWithKeyTest, AnswerLostAndKeysNotKept_SaysToLook) {
  keys_.Keep(false);
  keys_.LoseAnswers(3377, 1);
  const Outcome lost = TriggerWith("k-1", {"--retries=3"});
  EXPECT_THAT(lost.err, HasSubstr("check in EnOS before calling again.\n"));
  EXPECT_THAT(lost.err, HasSubstr("  enos-flow get 3377-20260701080000 "));
  EXPECT_EQ(keys_.ExecutionsOf(3377), 1);
}

TEST_F(RunWithKeyTest, Auto_ToldBeforeTheCallAndUsedInIt) {
  const Outcome outcome = TriggerWith("auto");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "1-2\n");
  ASSERT_EQ(gateway_.requests().size(), 1U);
  const FlowRequest sent = gateway_.requests()[0];
  EXPECT_EQ(outcome.err, "enos-flow: to repeat this call, use " + KeyFlags(sent) + "\n");
  // It is another call unless all of the time is there.
  const std::string time = KeyFlags(sent).substr(KeyFlags(sent).find(" --trigger_time=") + 1);
  EXPECT_EQ(Trigger(gateway_, {"--idempotency_key=" + sent.idempotency_key(), time}).status, 0);
  EXPECT_EQ(keys_.ExecutionsOf(3377), 1);
}

TEST_F(RunWithKeyTest, AutoAndNothingSent_ToldAllTheSame) {
  const std::vector<std::string> call = {
      "trigger",     "--address=127.0.0.1:1", "--user_id=u",           "--org_id=o",
      "--flow_id=1", "--timeout=9s",          "--idempotency_key=auto"};
  EXPECT_THAT(Run(call).err, StartsWith("enos-flow: to repeat this call, use --idempotency_key="));
  variables_ = {{"ENOS_FLOW_OUTPUT", "json"}};
  const Outcome json = Run(call);
  EXPECT_THAT(json.err, StartsWith("{\"idempotency_key\":\""));
  EXPECT_THAT(json.out, EndsWith(json.err.substr(1))) << "in the result as well";
}

grpc::Status Refused(const char* key_state) {
  testing::RichStatus status;
  status.code = grpc::StatusCode::PERMISSION_DENIED;
  status.reason = "CALLER_NOT_ALLOWED";
  status.metadata = {{"execution", "NOT_EXECUTED"}, {"key_state", key_state}};
  return status.ToGrpc();
}

TEST_F(RunWithKeyTest, RefusedWithAKeyThatWasGiven_EarlierCallsStayOpenUnlessTheKeyIsFree) {
  FakeFlowService gateway(AnswerInTurn({Refused(""), Refused("NONE"), Refused("")}));
  const std::vector<std::string> given = {"--idempotency_key=k", "--trigger_time=1574385824000"};
  EXPECT_THAT(Trigger(gateway, given).err,
              EndsWith("This call certainly did not start the flow; an earlier one with this key "
                       "MAY have.\n"));
  EXPECT_THAT(Trigger(gateway, given).err, EndsWith("certainly not started.\n"));
  EXPECT_THAT(Trigger(gateway, {"--idempotency_key=auto"}).err,
              EndsWith("certainly not started.\n"));
}

struct UsageCase {
  const char* name;
  std::vector<std::string> args;
  const char* line;
};

class RunEnosFlowUsageTest : public RunEnosFlowTest,
                             public ::testing::WithParamInterface<UsageCase> {};

TEST_P(RunEnosFlowUsageTest, WrongUsage_OneLineAndStatus2) {
  const Outcome outcome = Run(GetParam().args);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_EQ(outcome.err, GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RunEnosFlowUsageTest,
    ::testing::Values(
        UsageCase{
            "nothing",
            {},
            "enos-flow: no command: expected trigger, get, watch, cancel, health, completion, man; "
            "see enos-flow --help\n"},
        UsageCase{"required_missing",
                  {"trigger", "--user_id=u", "--flow_id=1"},
                  "enos-flow: --org_id is required: --org_id=ID or ENOS_FLOW_ORG_ID\n"},
        UsageCase{"all_missing",
                  {"trigger"},
                  "enos-flow: --user_id, --org_id and --flow_id are required: --user_id=ID or "
                  "ENOS_FLOW_USER_ID, --org_id=ID or ENOS_FLOW_ORG_ID, --flow_id=NUMBER\n"},
        UsageCase{"wrong_number",
                  {"trigger", "--user_id=u", "--org_id=o", "--flow_id=abc", "--output=json"},
                  "enos-flow: --flow_id=abc: expected a whole number from 1 to 2147483647\n"},
        UsageCase{"unreadable_file",
                  {"trigger", "--user_id=u", "--org_id=o", "--flow_id=1", "--ca_file=/nonexistent"},
                  "enos-flow: --ca_file=/nonexistent: cannot be read (No such file or "
                  "directory)\n"},
        UsageCase{"no_token_file",
                  {"trigger", "--user_id=u", "--org_id=o", "--flow_id=1", "--token_file=/none"},
                  "enos-flow: --token_file=/none: cannot be read (No such file or directory)\n"},
        UsageCase{"token_itself",
                  {"trigger", "--user_id=u", "--org_id=o", "--flow_id=1", "--token_file=eyJh.e30."},
                  "enos-flow: --token_file: expected the path of a file, not a token\n"},
        UsageCase{"token_in_plaintext",
                  {"trigger", "--user_id=u", "--org_id=o", "--flow_id=1", "--token_file=/none",
                   "--address=10.0.0.1:50051", "--plaintext"},
                  "enos-flow: --token_file=/none: a token is not sent in plaintext to another "
                  "machine (10.0.0.1:50051), expected TLS\n"},
        UsageCase{"request_id",
                  {"trigger", "--user_id=u", "--org_id=o", "--flow_id=1", "--request_id= x"},
                  "enos-flow: --request_id= x: expected 1 to 128 printable ASCII characters, no "
                  "spaces at its ends\n"},
        UsageCase{"address_with_http",
                  {"trigger", "--user_id=u", "--org_id=o", "--flow_id=1", "--address=http://g:80/"},
                  "enos-flow: --address=http://g:80/: expected host:port without http://, here "
                  "g:80, with plaintext where that is not the default\n"},
        UsageCase{
            "address_with_https",
            {"trigger", "--user_id=u", "--org_id=o", "--flow_id=1", "--address=https://g"},
            "enos-flow: --address=https://g: expected host:port without https://, here g:443, "
            "with tls where that is not the default\n"},
        UsageCase{"address_without_port",
                  {"trigger", "--user_id=u", "--org_id=o", "--flow_id=1", "--address=gateway"},
                  "enos-flow: --address=gateway: expected host:port, for example "
                  "gateway.example.com:443\n"}),
    [](const auto& row) { return row.param.name; });

TEST_F(RunEnosFlowTest, WrongValueThatNobodyTyped_ItsPlaceNamed) {
  variables_["ENOS_FLOW_RETRIES"] = "many";
  EXPECT_EQ(Run({"trigger", "--user_id=u", "--org_id=o", "--flow_id=1"}).err,
            "enos-flow: ENOS_FLOW_RETRIES=many: expected a whole number from 0 to 100\n");
  variables_ = {{"ENOS_FLOW_CA_FILE", "/nonexistent"}};
  EXPECT_EQ(Run({"health"}).err,
            "enos-flow: ENOS_FLOW_CA_FILE=/nonexistent: cannot be read (No such file or "
            "directory)\n");
  const TempFolder folder;
  const std::string path = folder.Write("config.yaml", "# ours\ntimeout: soon\n");
  EXPECT_EQ(Run({"health", "--config=" + path}).err,
            "enos-flow: --config=" + path +
                ":2: timeout=soon: expected a duration from 1ms to 24h with its unit, for example "
                "30s or 1m30s\n");
}

TEST_F(RunEnosFlowTest, RequestId_SentAndShown) {
  std::string seen;
  FakeFlowService gateway([&seen](auto& context, const auto&, auto& response) {
    const auto& metadata = context.client_metadata();
    const auto found = metadata.find("x-request-id");
    seen = found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
    if (seen == "refused") return NoTask();
    response.set_flow_instance_id("1-2");
    return grpc::Status::OK;
  });
  EXPECT_EQ(Trigger(gateway, {"--request_id=job 7", "--output=json"}).out,
            "{\"ok\":true,\"flow_instance_id\":\"1-2\",\"request_id\":\"job 7\"}\n");
  EXPECT_EQ(seen, "job 7");
  EXPECT_THAT(Trigger(gateway, {"--request_id=refused"}).err,
              HasSubstr("\nRequest id, for the gateway's log: refused\n"));
  EXPECT_THAT(Trigger(gateway, {"--request_id=refused", "--output=json"}).out,
              HasSubstr("\"request_id\":\"refused\""));
}

TEST_F(RunEnosFlowTest, Help_OnStdoutWithStatus0) {
  const Outcome outcome = Run({"--help"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("trigger"));
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST_F(RunEnosFlowTest, StdoutBroken_FlowIdOnStderrAndStatusOfTheCall) {
  FakeFlowService gateway(AnswerId("1-2"));
  const std::vector<std::string> args = {
      "enos-flow",   "trigger",    "--address=" + gateway.address(),
      "--user_id=u", "--org_id=o", "--flow_id=1"};
  std::vector<const char*> argv;
  for (const std::string& arg : args) argv.push_back(arg.c_str());
  std::istringstream in;
  std::ostringstream err;
  std::ostream broken(nullptr);
  Console console{in, broken, err};
  const int status = RunEnosFlow(
      static_cast<int>(argv.size()), argv.data(),
      [](const std::string&) -> std::optional<std::string> { return std::nullopt; }, console);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(err.str(), HasSubstr("1-2"));
}

}  // namespace
}  // namespace enos::flow::cli
