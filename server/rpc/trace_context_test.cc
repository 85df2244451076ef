#include "server/rpc/trace_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace enos::gateway {
namespace {

using ::testing::MatchesRegex;
using ::testing::Not;

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kParent[] = "00f067aa0ba902b7";

std::string Parent(const std::string& version, const std::string& flags) {
  return version + "-" + kTrace + "-" + kParent + "-" + flags;
}

std::optional<TraceContext> Continue(const std::string& parent, const std::string& state = "") {
  IdSource ids([] { return 0.5; });
  return ContinueTrace(parent, state, ids);
}

struct ValidParent {
  const char* name;
  std::string parent;
  const char* flags;
};
class ValidParents : public testing::TestWithParam<ValidParent> {};

TEST_P(ValidParents, AreContinuedWithANewSpan) {
  const auto context = Continue(GetParam().parent);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, kTrace);
  EXPECT_THAT(context->traceparent(),
              MatchesRegex(std::string("00-") + kTrace + "-[0-9a-f]{16}-" + GetParam().flags));
  EXPECT_EQ(context->parent_id, kParent);
  EXPECT_THAT(context->traceparent(), Not(::testing::HasSubstr(kParent)));
  EXPECT_EQ(context->tracestate, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, ValidParents,
    testing::Values(ValidParent{"Sampled", Parent("00", "01"), "01"},
                    ValidParent{"NotSampled", Parent("00", "00"), "00"},
                    ValidParent{"OtherFlagsAreDropped", Parent("00", "fe"), "00"},
                    ValidParent{"SampledAmongOthers", Parent("00", "ff"), "01"},
                    ValidParent{"LaterVersion", Parent("01", "01"), "01"},
                    ValidParent{"LaterVersionWithMore", Parent("cc", "01") + "-what-else", "01"}),
    [](const auto& tested) { return tested.param.name; });

struct InvalidParent {
  const char* name;
  std::string parent;
};
class InvalidParents : public testing::TestWithParam<InvalidParent> {};

TEST_P(InvalidParents, AreIgnored) { EXPECT_FALSE(Continue(GetParam().parent, "a=1")); }

INSTANTIATE_TEST_SUITE_P(
    All, InvalidParents,
    testing::Values(
        InvalidParent{"None", ""}, InvalidParent{"Short", Parent("00", "0")},
        InvalidParent{"Version0WithMore", Parent("00", "01") + "-more"},
        InvalidParent{"LaterVersionWithMoreDigits", Parent("01", "01") + "0"},
        InvalidParent{"VersionFf", Parent("ff", "01")},
        InvalidParent{"VersionNotHex", Parent("0x", "01")},
        InvalidParent{"FlagsNotHex", Parent("00", "0g")},
        InvalidParent{"UpperCase", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"},
        InvalidParent{"ZeroTrace", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"},
        InvalidParent{"ZeroSpan", std::string("00-") + kTrace + "-0000000000000000-01"},
        InvalidParent{"NoDashes", std::string("00_") + kTrace + "_" + kParent + "_01"},
        InvalidParent{"LineBreak", std::string("00-") + kTrace + "-00f067aa0ba902b\n-01"}),
    [](const auto& tested) { return tested.param.name; });

std::string Members(int count) {
  std::string state;
  for (int i = 0; i < count; ++i) state += (i == 0 ? "k" : ",k") + std::to_string(i) + "=v";
  return state;
}

struct StateCase {
  const char* name;
  std::string state;
  bool is_kept;
};
class States : public testing::TestWithParam<StateCase> {};

TEST_P(States, AreKeptOrLeftOutAndTheTraceGoesOn) {
  const auto context = Continue(Parent("00", "01"), GetParam().state);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->tracestate, GetParam().is_kept ? GetParam().state : "");
}

INSTANTIATE_TEST_SUITE_P(All, States,
                         testing::Values(StateCase{"One", "rojo=00f067aa0ba902b7", true},
                                         StateCase{"Several", "rojo=1,congo=t61rcWkgMzE", true},
                                         StateCase{"Tenant", "fw529a3039@dt=FfAyR2", true},
                                         StateCase{"BlanksAround", "a=1 , b=2", true},
                                         StateCase{"EmptyMember", "a=1,,b=2", true},
                                         StateCase{"OnlyCommas", ",,", false},
                                         StateCase{"MostMembers", Members(32), true},
                                         StateCase{"TooManyMembers", Members(33), false},
                                         StateCase{"Longest", "a=" + std::string(510, 'x'), true},
                                         StateCase{"TooLong", "a=" + std::string(511, 'x'), false},
                                         StateCase{"NoValue", "a=", false},
                                         StateCase{"NoKey", "=1", false},
                                         StateCase{"NoEquals", "a", false},
                                         StateCase{"TwoEquals", "a=1=2", false},
                                         StateCase{"UpperCaseKey", "A=1", false},
                                         StateCase{"LineBreak", "a=1\r\nevil: 1", false},
                                         StateCase{"NotAscii", "a=\xc3\xbc", false}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace enos::gateway
