#include "server/check/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing/scripted_enos.h"

namespace enos::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ProbeTest : public testing::Test {
 protected:
  ProbeTest() {
    options_.flow_id = 3377;
    options_.user_id = "u";
    options_.org_id = "o";
  }

  bool Run() { return RunProbe(options_, enos_, lines_.AsReport()); }

  ProbeOptions options_;
  ScriptedEnos enos_;
  Lines lines_;
};

TEST_F(ProbeTest, SaysFirstWhatItIsAboutToStart) {
  const Report report = [this, inner = lines_.AsReport()](const CheckLine& line) {
    if (lines_.all().empty()) {
      EXPECT_EQ(enos_.starts, 0);
    }
    inner(line);
  };
  RunProbe(options_, enos_, report);
  ASSERT_FALSE(lines_.all().empty());
  EXPECT_EQ(lines_.all().front().check, "probe");
  EXPECT_THAT(
      lines_.all().front().text,
      HasSubstr("up to 3 runs of flow 3377 are really started for user u of organization o"));
  EXPECT_EQ(enos_.starts, 3);
}

TEST_F(ProbeTest, EnosThatTakesEverything_NeedsNoOtherSettings) {
  EXPECT_TRUE(Run());
  EXPECT_THAT(lines_.Of("parameters"), AllOf(HasSubstr("As array: taken, and started 3377-"),
                                             HasSubstr("As string: taken")));
  EXPECT_THAT(lines_.Of("same_minute"), HasSubstr("another instance id, 3377-"));
  EXPECT_THAT(lines_.Of("instance"),
              HasSubstr("could be read 0.0 s after it was started, and shows"));
  EXPECT_EQ(lines_.Of("settings"), "ok: To use: --enos_api_version=v2.0 --parameters_as=array");
  EXPECT_EQ(lines_.all().back().check, "settings");
}

TEST_F(ProbeTest, OnlyTheStringIsTaken_SaysWhatToSet) {
  enos_.takes_array = false;
  EXPECT_FALSE(Run());
  EXPECT_EQ(enos_.starts, 2);
  EXPECT_THAT(lines_.Of("settings"),
              AllOf(StartsWith("FAILED: "), HasSubstr("--parameters_as=string"),
                    HasSubstr("ENOS_GATEWAY_PARAMETERS_AS")));
  options_.parameters_as = ParametersAs::kString;
  lines_ = {};
  EXPECT_TRUE(Run());
}

// Both forms start a run, but only one of them carries its parameters there.
TEST_F(ProbeTest, FormWhoseParametersAreShown_IsPreferred) {
  enos_.shows_array = false;
  EXPECT_FALSE(Run());
  EXPECT_THAT(lines_.Of("instance"), HasSubstr("does not show its parameters"));
  EXPECT_THAT(lines_.Of("settings"), HasSubstr("--parameters_as=string"));
}

TEST_F(ProbeTest, ParametersShownNowhere_TheSettingStays) {
  enos_.shows_array = enos_.shows_string = false;
  options_.parameters_as = ParametersAs::kString;
  EXPECT_TRUE(Run());
  EXPECT_THAT(lines_.Of("settings"), HasSubstr("--parameters_as=string"));
}

TEST_F(ProbeTest, SecondCallInAMinute_IsToldAsItIs) {
  enos_.same_minute = ScriptedEnos::SameMinute::kRefuse;
  EXPECT_TRUE(Run());
  EXPECT_THAT(lines_.Of("same_minute"), HasSubstr("refused by 62102"));
  EXPECT_EQ(enos_.starts, 2);
  lines_ = {};
  enos_.same_minute = ScriptedEnos::SameMinute::kSame;
  enos_.Wait(std::chrono::hours(1));
  EXPECT_TRUE(Run());
  EXPECT_THAT(lines_.Of("same_minute"), HasSubstr("the same instance id"));
}

TEST_F(ProbeTest, SecondCallInAMinute_MayHaveStartedARun_SaysWhereToLook) {
  enos_.same_minute = ScriptedEnos::SameMinute::kNoAnswer;
  EXPECT_FALSE(Run());
  EXPECT_THAT(lines_.Of("same_minute"),
              AllOf(StartsWith("FAILED: "), HasSubstr("gets: No answer in time."),
                    HasSubstr("Look at the flow's instances in EnOS.")));
}

// 62102 may be for the minute on EnOS's clock, or for the form: the next minute tells.
TEST_F(ProbeTest, SecondFormRefusedForTheMinute_IsTriedInTheNextOne) {
  enos_.refuses_wall_minute = true;
  EXPECT_TRUE(Run());
  EXPECT_THAT(lines_.Of("parameters"),
              AllOf(HasSubstr("Waiting for the next one"), HasSubstr("As string: taken")));
}

TEST_F(ProbeTest, NothingCanBeStarted_Fails) {
  enos_.takes_array = enos_.takes_string = false;
  EXPECT_FALSE(Run());
  EXPECT_EQ(enos_.starts, 0);
  EXPECT_THAT(lines_.Of("parameters"), HasSubstr("As array: Not this form."));
  EXPECT_THAT(lines_.Of("probe"), HasSubstr("FAILED: No run could be started."));
}

TEST_F(ProbeTest, InstanceReadableLater_SaysWhen) {
  enos_.readable_after = std::chrono::seconds(7);
  EXPECT_TRUE(Run());
  EXPECT_THAT(lines_.Of("instance"), HasSubstr("7.0 s after"));
}

TEST_F(ProbeTest, InstanceNeverReadable_FailsAfterThirtySeconds) {
  enos_.readable_after = std::chrono::hours(1);
  EXPECT_FALSE(Run());
  EXPECT_THAT(lines_.Of("instance"),
              AllOf(HasSubstr("could not be read within 30 s: No such instance."),
                    HasSubstr("can be started, but not watched")));
  EXPECT_THAT(lines_.Of("settings"), StartsWith("ok: "));
}

}  // namespace
}  // namespace enos::gateway
