// What the examples promise in client/examples/README.md, the same for every language: one example,
// named by the variable ENOS_EXAMPLE, as a process against the real gateway.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "sandbox/enos/json_value.h"
#include "tests/e2e/support/calls.h"
#include "tests/support/fake_enos.h"
#include "tests/support/files.h"
#include "tests/support/nginx.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr int kFlow = 3377;

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

ProcessOptions ExampleOptions(const std::string& address, std::vector<std::string> flags) {
  ProcessOptions options;
  options.program = Variable("ENOS_EXAMPLE");
  options.arguments = std::move(flags);
  // Above what the slowest machine takes; no test waits for it.
  options.arguments.insert(options.arguments.begin(),
                           {"--address=" + address, absl::StrCat("--timeout=", kGuard.count())});
  options.environment = {
      {"PATH", Variable("PATH")}, {"HOME", Variable("HOME")}, {"LC_ALL", "C.UTF-8"}};
  return options;
}

std::vector<std::string> Caller(int flow_id, std::vector<std::string> more = {}) {
  more.insert(more.begin(),
              {"--user_id=alice", "--org_id=o15", absl::StrCat("--flow_id=", flow_id)});
  return more;
}

CommandResult End(Process& example) {
  const ProcessEnd end = example.Wait();
  return {end.status.value_or(-1), example.out(), example.err()};
}

CommandResult RunExample(const std::string& address, std::vector<std::string> flags) {
  Process example(ExampleOptions(address, std::move(flags)));
  return End(example);
}

// An id of a run is another one each minute.
std::string WithOneMinute(const std::string& text) {
  return std::regex_replace(text, std::regex("([0-9]+)-[0-9]{14}"), "$1-20261124190400");
}

// The packages add a key to calls, of which the gateway says so.
std::string WithoutAKey(const std::string& text) {
  return absl::StrReplaceAll(text,
                             {{"This call did not start the flow.", "The flow was not started."}});
}

// The README shows real output: every line of it that is not different each time.
void ExpectDocumented(const std::string& output) {
  static const std::string readme = ReadFile(ENOS_SOURCE_DIR "/client/examples/README.md");
  const std::string shown = WithoutAKey(WithOneMinute(output));
  for (const auto line : absl::StrSplit(shown, '\n', absl::SkipEmpty())) {
    EXPECT_NE(readme.find(std::string(line.substr(0, line.find(" (request id ")))),
              std::string::npos)
        << "not in the README: " << line;
  }
}

std::vector<sandbox::JsonValue> Calls(const SandboxProcess& sandbox) {
  const auto view = sandbox::ParseJson(sandbox.View("/_sandbox/calls"));
  const sandbox::JsonValue* const calls = view ? view->Find("calls") : nullptr;
  EXPECT_NE(calls, nullptr) << "the view of calls is no JSON";
  return calls == nullptr ? std::vector<sandbox::JsonValue>() : calls->items;
}

TEST(Example, Success_PrintsTheInstanceIdAndSendsWhatWasGiven) {
  const SandboxProcess sandbox;
  const GatewayProcess gateway(GatewayOptions(sandbox.url()));
  const CommandResult result =
      RunExample(gateway.address(), Caller(kFlow, {"--param=REPLACE=ddee", "--param=EMPTY="}));
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, MatchesRegex("3377-[0-9]{14}\n"));
  EXPECT_THAT(result.err, IsEmpty());
  ASSERT_EQ(Calls(sandbox).size(), 1U);
  EXPECT_THAT(sandbox.View("/_sandbox/calls"),
              AllOf(HasSubstr(R"("userId":"alice")"), HasSubstr(R"("orgId":"o15")"),
                    HasSubstr(R"({"key":"REPLACE","value":"ddee"})"),
                    HasSubstr(R"({"key":"EMPTY","value":""})")));
}

TEST(Example, WrongFields_NamesAllOfThem) {
  const SandboxProcess sandbox;
  const GatewayProcess gateway(GatewayOptions(sandbox.url()));
  const CommandResult result =
      RunExample(gateway.address(), {"--org_id=o15", "--flow_id=0", "--param==ddee"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err,
              AllOf(StartsWith("INVALID_ARGUMENT (INVALID_REQUEST), execution NOT_EXECUTED: "),
                    HasSubstr("\n  field user_id: "), HasSubstr("\n  field flow_id: "),
                    HasSubstr("\n  field parameters[0].key: "),
                    HasSubstr("\nThe flow was certainly not started.\n")));
  ExpectDocumented(result.err);
  EXPECT_THAT(Calls(sandbox), IsEmpty());
}

TEST(Example, RefusedByEnos_SaysWhatEnosSaidAndDoesNotRepeat) {
  const SandboxProcess sandbox;
  const GatewayProcess gateway(GatewayOptions(sandbox.url()));
  const CommandResult result = RunExample(gateway.address(), Caller(62104));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(
      result.err,
      AllOf(StartsWith("FAILED_PRECONDITION (FLOW_HAS_NO_TASK), execution NOT_EXECUTED: "),
            HasSubstr(
                "\n  EnOS code 62104: This workflow has no task, you cannot trigger it!\nThe flow "
                "was certainly not started.\n")));
  ExpectDocumented(result.err);
  EXPECT_EQ(Calls(sandbox).size(), 1U);
}

// The slot of a gateway that has only one is taken until the example has been refused.
TEST(Example, GatewayFull_WaitsAndCallsAgain) {
  FakeEnos enos;
  enos.Hold();
  const GatewayProcess gateway(GatewayOptions(enos.url(), {"--max_in_flight=1"}));
  CallsAtOnce other;
  other.Start(OwnChannel(gateway.address()), RequestFor(1));
  ASSERT_TRUE(enos.WaitForHeld(1));

  Process example(ExampleOptions(gateway.address(), Caller(kFlow, {"--attempts=100"})));
  EXPECT_TRUE(example.WaitForLine("UNAVAILABLE (GATEWAY_OVERLOADED), execution NOT_EXECUTED: "))
      << example.all_output();
  EXPECT_TRUE(example.WaitForLine("Calling again in 1.000 s (attempt 2 of 100)."))
      << example.all_output();
  enos.Release();
  EXPECT_TRUE(other.WaitForAll().front().status.ok());
  const CommandResult result = End(example);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("3377-"));
  ExpectDocumented(result.err.substr(0, result.err.find('\n')));
}

TEST(Example, EnosIsBusy_WaitsAsLongAsItWasToldAndCallsAgain) {
  const SandboxProcess sandbox({"--fault=3377:code-429x2"});
  const GatewayProcess gateway(GatewayOptions(sandbox.url(), {"--max_attempts=1"}));
  const CommandResult result = RunExample(gateway.address(), Caller(kFlow));
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, StartsWith("3377-"));
  EXPECT_THAT(result.err,
              AllOf(StartsWith("RESOURCE_EXHAUSTED (ENOS_RATE_LIMITED), execution NOT_EXECUTED: "),
                    HasSubstr("\nCalling again in 1.000 s (attempt 2 of 4).\n"),
                    HasSubstr("\nCalling again in 1.000 s (attempt 3 of 4).\n")));
  ExpectDocumented(result.err);
  EXPECT_EQ(Calls(sandbox).size(), 3U);
}

TEST(Example, EnosStaysBusy_GivesUpAfterItsAttempts) {
  const SandboxProcess sandbox({"--fault=3377:code-429"});
  const GatewayProcess gateway(GatewayOptions(sandbox.url(), {"--max_attempts=1"}));
  const CommandResult result = RunExample(gateway.address(), Caller(kFlow, {"--attempts=2"}));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("\nThe flow was certainly not started.\n"));
  EXPECT_EQ(Calls(sandbox).size(), 2U);
}

TEST(Example, NoTimeLeftForTheWait_DoesNotWait) {
  const SandboxProcess sandbox({"--fault=3377:code-429"});
  const GatewayProcess gateway(GatewayOptions(sandbox.url(), {"--max_attempts=1"}));
  ProcessOptions options = ExampleOptions(gateway.address(), Caller(kFlow));
  // RetryInfo says 1 s. Whether it is EnOS that refuses or the deadline that is first, the example
  // must not call twice.
  options.arguments[1] = "--timeout=0.95";
  Process example(std::move(options));
  const CommandResult result = End(example);
  EXPECT_NE(result.status, 0);
  EXPECT_THAT(result.err, testing::Not(HasSubstr("Calling again")));
  EXPECT_LE(Calls(sandbox).size(), 1U);
}

TEST(Example, EnosFailsInside_SaysThatTheFlowMayRunAndDoesNotRepeat) {
  const SandboxProcess sandbox({"--fault=500:code-62109"});
  const GatewayProcess gateway(GatewayOptions(sandbox.url()));
  const CommandResult result = RunExample(gateway.address(), Caller(500));
  EXPECT_EQ(result.status, 3);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err,
              AllOf(StartsWith("INTERNAL (ENOS_INTERNAL), execution UNKNOWN: "),
                    HasSubstr("\nThe flow may have been started: look in EnOS before calling "
                              "again.\n")));
  ExpectDocumented(result.err);
  EXPECT_EQ(Calls(sandbox).size(), 1U);
}

// UNAVAILABLE, but made by the example's own gRPC library: it must not be taken for the gateway's.
TEST(Example, GatewayDies_TakesItAsUnknownAndDoesNotRepeat) {
  FakeEnos enos;
  enos.Hold();
  GatewayProcess first(GatewayOptions(enos.url()));
  Process example(ExampleOptions(first.address(), Caller(kFlow)));
  ASSERT_TRUE(enos.WaitForHeld(1)) << example.all_output();
  first.Signal(SIGKILL);
  first.Wait();
  const GatewayProcess second(GatewayOptions(enos.url(), {"--listen=" + first.address()}));
  const CommandResult result = End(example);
  EXPECT_EQ(result.status, 3);
  EXPECT_THAT(result.err, StartsWith("UNAVAILABLE (no reason), execution UNKNOWN: "));
  EXPECT_THAT(result.err, HasSubstr("\nThe flow may have been started: "));
  // The next call is the second that ever came.
  CallsAtOnce other;
  other.Start(OwnChannel(second.address()), RequestFor(1));
  ASSERT_TRUE(enos.WaitForHeld(2));
  enos.Release();
  EXPECT_TRUE(other.WaitForAll().front().status.ok());
}

// TLS, as a proxy ends it, and details that come through it.
TEST(Example, TlsThroughNginx_IsTheSame) {
  if (!NginxIsInstalled()) GTEST_SKIP() << "nginx is not installed (deploy/packages.sh test)";
  const SandboxProcess sandbox;
  const GatewayProcess gateway(GatewayOptions(sandbox.url()));
  const NginxProcess::Changes ours = {{"127.0.0.1:50051", gateway.address()},
                                      {"127.0.0.1:50052", gateway.address()}};
  const NginxProcess nginx("deploy/nginx/nginx.conf", ours);
  const std::string ca_file = "--ca_file=" + nginx.ca_file();
  const CommandResult started = RunExample(nginx.address(), Caller(kFlow, {ca_file}));
  EXPECT_EQ(started.status, 0) << started.err << nginx.output();
  EXPECT_THAT(started.out, StartsWith("3377-"));
  const CommandResult refused = RunExample(nginx.address(), Caller(62104, {ca_file}));
  EXPECT_EQ(refused.status, 1) << refused.err << nginx.output();
  EXPECT_THAT(refused.err, HasSubstr("\n  EnOS code 62104: "));
  EXPECT_EQ(Calls(sandbox).size(), 2U);
  // Plaintext to a TLS port, and a server whose authority is not trusted: no flow starts. Packages
  // connect first and know it (status 1), gRPC alone does not (3).
  const auto fails = ::testing::AnyOf(1, 3);
  EXPECT_THAT(RunExample(nginx.address(), Caller(kFlow, {"--timeout=5"})).status, fails);
  const NginxProcess other("deploy/nginx/nginx.conf", ours);
  EXPECT_THAT(
      RunExample(nginx.address(), Caller(kFlow, {"--ca_file=" + other.ca_file(), "--timeout=5"}))
          .status,
      fails);
  EXPECT_EQ(Calls(sandbox).size(), 2U);
}

TEST(Example, WrongUsage_EndsWithStatusTwo) {
  for (const char* flag : {"--param=novalue", "--flow_id=x", "--timeout=soon", "--no_such_flag=1",
                           "--ca_file=/no/such/file"}) {
    const CommandResult result = RunExample("127.0.0.1:1", {flag});
    EXPECT_EQ(result.status, 2) << flag << ": " << result.err;
    EXPECT_THAT(result.out, IsEmpty()) << flag;
  }
}

}  // namespace
}  // namespace enos::e2e
