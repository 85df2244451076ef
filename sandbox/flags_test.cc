#include "sandbox/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"

namespace enos::sandbox {
namespace {

using testing::HasSubstr;

Flags Parsed(const std::vector<std::string>& arguments) {
  auto parsed = ParseFlags(arguments);
  if (const auto* exit = std::get_if<FlagsExit>(&parsed)) ADD_FAILURE() << exit->text;
  return std::holds_alternative<Flags>(parsed) ? std::get<Flags>(std::move(parsed)) : Flags();
}

TEST(ParseFlags, DefaultsAreTheDocumentedOnes) {
  const Flags flags = Parsed({});
  EXPECT_EQ(flags.options.http.address, "127.0.0.1");
  EXPECT_EQ(flags.options.http.port, 0);
  EXPECT_EQ(flags.options.access_key, "sandbox-key");
  EXPECT_EQ(flags.options.secret_key, "sandbox-secret");
  EXPECT_EQ(flags.options.token_lifetime, absl::Hours(2));
  EXPECT_EQ(flags.options.flows.clock_skew, absl::Minutes(5));
  EXPECT_TRUE(flags.options.refresh_kills_old_token);
  EXPECT_TRUE(flags.options.flows.flows.empty());
  EXPECT_EQ(flags.options.flows.flows_without_task, std::set<std::int32_t>{62104});
  EXPECT_EQ(flags.options.keep_calls, 100'000U);
  EXPECT_EQ(flags.options.runs.same_minute, SameMinute::kAnother);
  EXPECT_EQ(flags.options.runs.run_time, absl::Seconds(10));
  EXPECT_EQ(flags.options.runs.keep, 100'000U);
  EXPECT_EQ(flags.options.time_zone.name, "GMT+8");
  EXPECT_EQ(flags.options.unknown_run, UnknownRun::k99404);
  EXPECT_EQ(flags.options.generation, "");
  EXPECT_EQ(flags.options.flows.parameters_as, ParametersAs::kEither);
  EXPECT_FALSE(flags.quiet);
}

TEST(ParseFlags, EverySettingArrives) {
  const Flags flags = Parsed({"--listen=[::1]:8080",
                              "--threads=2",
                              "--idle_timeout=3s",
                              "--keep_calls=7",
                              "--quiet",
                              "--access_key=a",
                              "--secret_key=s",
                              "--next_secret_key=n",
                              "--token_lifetime=5s",
                              "--refresh_kills_old_token=false",
                              "--token_refusal=1203",
                              "--clock_skew=1m",
                              "--clock_offset=-1h",
                              "--flows=1,2",
                              "--no_task_flows=3",
                              "--foreign_flows=4,5",
                              "--unknown_flows=6",
                              "--user=u",
                              "--user=v",
                              "--org=o",
                              "--latency=50ms-200ms",
                              "--fault=500:reset",
                              "--fault=501:code-429+retry-after=2x1",
                              "--fault=502:get:reset",
                              "--run_fault=600:fail+tasks-2",
                              "--run_fault=601:never-ends",
                              "--time_fault=zone:data=Mars",
                              "--random_read_faults=0.5",
                              "--parameters_as=string",
                              "--same_minute=refuse",
                              "--run_time=3s",
                              "--time_zone=GMT-3:30",
                              "--unknown_run=empty",
                              "--generation=v2.1",
                              "--keep_runs=8",
                              "--token_fault=get:code-1005x2",
                              "--random_faults=0.25",
                              "--random_kinds=reset,close",
                              "--seed=9"});
  const SandboxOptions& options = flags.options;
  EXPECT_EQ(options.http.address, "::1");
  EXPECT_EQ(options.http.port, 8080);
  EXPECT_EQ(options.http.threads, 2);
  EXPECT_EQ(options.http.idle_timeout, std::chrono::seconds(3));
  EXPECT_EQ(options.keep_calls, 7U);
  EXPECT_TRUE(flags.quiet);
  EXPECT_EQ(options.access_key + options.secret_key + options.next_secret_key, "asn");
  EXPECT_EQ(options.token_lifetime, absl::Seconds(5));
  EXPECT_FALSE(options.refresh_kills_old_token);
  EXPECT_EQ(options.flows.token_refusal, TokenRefusal::kCode1203);
  EXPECT_EQ(options.flows.clock_skew, absl::Minutes(1));
  EXPECT_LT(options.clock(), absl::Now() - absl::Minutes(59));
  EXPECT_GT(options.clock(), absl::Now() - absl::Minutes(61));
  EXPECT_EQ(options.flows.flows, (std::set<std::int32_t>{1, 2}));
  EXPECT_EQ(options.flows.flows_without_task, (std::set<std::int32_t>{3}));
  EXPECT_EQ(options.flows.flows_of_others, (std::set<std::int32_t>{4, 5}));
  EXPECT_EQ(options.flows.unknown_flows, (std::set<std::int32_t>{6}));
  EXPECT_EQ(options.flows.users, (std::set<std::string>{"u", "v"}));
  EXPECT_EQ(options.flows.orgs, (std::set<std::string>{"o"}));
  EXPECT_EQ(options.latency.high, absl::Milliseconds(200));
  EXPECT_EQ(options.flows.parameters_as, ParametersAs::kString);
  EXPECT_EQ(options.runs.same_minute, SameMinute::kRefuse);
  EXPECT_EQ(options.runs.run_time, absl::Seconds(3));
  EXPECT_EQ(options.runs.keep, 8U);
  EXPECT_EQ(options.runs.faults.at(600).tasks, 2);
  EXPECT_EQ(options.runs.faults.at(601).life, RunFault::Life::kNeverEnds);
  EXPECT_EQ(options.time_zone.name, "GMT-3:30");
  EXPECT_EQ(options.unknown_run, UnknownRun::kEmpty);
  EXPECT_EQ(options.generation, "v2.1");
  ASSERT_EQ(options.faults.time_faults.size(), 1U);
  EXPECT_EQ(options.faults.time_faults[0].action, TimeAction::kTimeZone);
  EXPECT_EQ(options.faults.random_read_share, 0.5);
  ASSERT_EQ(options.faults.flow_faults.size(), 3U);
  EXPECT_EQ(options.faults.flow_faults[2].action, RunAction::kGet);
  EXPECT_EQ(options.faults.flow_faults[1].flow_id, 501);
  EXPECT_EQ(options.faults.flow_faults[1].fault.times, 1U);
  ASSERT_EQ(options.faults.token_faults.size(), 1U);
  EXPECT_EQ(options.faults.token_faults[0].action, TokenAction::kGet);
  EXPECT_EQ(options.faults.random_share, 0.25);
  EXPECT_EQ(options.faults.random_kinds.size(), 2U);
  EXPECT_EQ(options.faults.seed, 9U);
}

TEST(ParseFlags, HelpAndVersionEndWell) {
  const auto help = std::get<FlagsExit>(ParseFlags({"--help"}));
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.text, HasSubstr("--random_faults"));
  EXPECT_THAT(help.text, HasSubstr("half-answer"));
  EXPECT_THAT(help.text, HasSubstr("never-ends"));
  const auto version = std::get<FlagsExit>(ParseFlags({"--version"}));
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.text, testing::StartsWith("enos-sandbox "));
}

class FlagErrorTest : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(FlagErrorTest, IsOneLineThatNamesTheFlag) {
  const auto parsed = ParseFlags(GetParam());
  ASSERT_TRUE(std::holds_alternative<FlagsExit>(parsed));
  const auto& exit = std::get<FlagsExit>(parsed);
  EXPECT_EQ(exit.status, 2);
  const std::string flag = GetParam().back().substr(0, GetParam().back().find('='));
  EXPECT_THAT(exit.text, HasSubstr(flag));
  EXPECT_EQ(std::count(exit.text.begin(), exit.text.end(), '\n'), 1) << exit.text;
}

INSTANTIATE_TEST_SUITE_P(All, FlagErrorTest,
                         testing::ValuesIn(std::vector<std::vector<std::string>>{
                             {"--nonsense=1"},
                             {"stray"},
                             {"--listen=here"},
                             {"--listen=127.0.0.1:65536"},
                             {"--threads=0"},
                             {"--idle_timeout=soon"},
                             {"--token_lifetime=-1s"},
                             {"--token_refusal=no"},
                             {"--clock_skew=5"},
                             {"--clock_offset=5"},
                             {"--clock_offset=10000h"},
                             {"--flows=a"},
                             {"--latency=2s-1s"},
                             {"--fault=reset"},
                             {"--fault=1:rest"},
                             {"--token_fault=get:rest"},
                             {"--random_faults=2"},
                             {"--random_kinds=rest"},
                             {"--keep_calls=-1"},
                             {"--keep_runs=0"},
                             {"--parameters_as=map"},
                             {"--same_minute=wait"},
                             {"--run_time=soon"},
                             {"--time_zone=Mars/Olympus"},
                             {"--unknown_run=404"},
                             {"--generation=v3"},
                             {"--run_fault=fail"},
                             {"--run_fault=1:rest"},
                             {"--run_fault=1:fail", "--run_fault=1:never-ends"},
                             {"--time_fault=get:reset"},
                             {"--random_read_faults=-1"},
                             {"--tls_key_file", "--tls_cert_file=/nowhere"},
                             {"--refresh_kills_old_token=perhaps"}}));

TEST(ParseFlags, TlsFilesGoTogetherAndMustBeReadable) {
  EXPECT_THAT(std::get<FlagsExit>(ParseFlags({"--tls_key_file=/nowhere/k"})).text,
              HasSubstr("--tls_cert_file"));
  EXPECT_THAT(
      std::get<FlagsExit>(ParseFlags({"--tls_key_file=/nowhere/k", "--tls_cert_file=/nowhere/c"}))
          .text,
      HasSubstr("cannot read \"/nowhere/c\""));
  EXPECT_THAT(
      std::get<FlagsExit>(ParseFlags({"--tls_key_file=/nowhere/k", "--tls_cert_file=/dev/null"}))
          .text,
      HasSubstr("cannot read \"/dev/null\""));
}

}  // namespace
}  // namespace enos::sandbox
