#include "server/check/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "server/testing/scripted_enos.h"

namespace enos::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ChecksTest : public testing::Test {
 protected:
  ChecksTest() { options_.enos_url = {true, "apim.example.com", 443}; }

  bool Run() { return RunChecks(options_, enos_, lines_.AsReport()); }

  // Fails with a line of that check which has those parts.
  void ExpectFailure(const std::string& check, const std::string& text, const std::string& advice) {
    EXPECT_FALSE(Run());
    EXPECT_THAT(lines_.Of(check), AllOf(StartsWith("FAILED: "), HasSubstr(text),
                                        HasSubstr("What to do: "), HasSubstr(advice)));
  }

  CheckOptions options_;
  ScriptedEnos enos_;
  Lines lines_;
};

TEST_F(ChecksTest, AllIsWell_ALineEach) {
  EXPECT_TRUE(Run());
  EXPECT_EQ(lines_.Of("name"), "ok: apim.example.com: 192.0.2.1, 2001:db8::1");
  EXPECT_EQ(lines_.Of("connection"),
            "ok: https://apim.example.com answers, and its certificate is valid");
  EXPECT_THAT(lines_.Of("token"), StartsWith("ok: "));
  EXPECT_EQ(lines_.Of("api_version"), "ok: v2.0 answers a signed call; v2.1 does not");
  EXPECT_EQ(lines_.Of("clock"), "ok: EnOS's clock is 0.0 s ahead of this machine's");
  EXPECT_EQ(lines_.Of("time_zone"), "ok: EnOS tells times in UTC+08:00");
  EXPECT_EQ(lines_.all().size(), 6U);
  EXPECT_EQ(enos_.starts, 0);
}

TEST_F(ChecksTest, ProbeAsked_ComesLast) {
  options_.probe_flow = 3377;
  options_.probe_user = "u";
  options_.probe_org = "o";
  EXPECT_TRUE(Run());
  EXPECT_EQ(enos_.starts, 3);
  EXPECT_EQ(lines_.all().back().check, "settings");
}

TEST_F(ChecksTest, NameNotKnown) {
  enos_.addresses = absl::NotFoundError("unknown node or service");
  ExpectFailure("name", "unknown node or service", "DNS");
  EXPECT_EQ(lines_.all().size(), 1U);
}

TEST_F(ChecksTest, ThroughAProxy_TheNameIsItsBusiness) {
  enos_.addresses = absl::NotFoundError("unknown node or service");
  options_.through_proxy = true;
  EXPECT_TRUE(Run());
}

TEST_F(ChecksTest, NoConnection_SaysWhichKind) {
  const struct {
    TransferEnd end;
    const char* text;
    const char* advice;
  } rows[] = {{TransferEnd::kConnectFailed, "No connection to https://apim", "firewalls"},
              {TransferEnd::kConnectTimeout, "No connection to https://apim", "firewalls"},
              {TransferEnd::kTlsFailed, "No TLS with https://apim", "--enos_ca_file"},
              {TransferEnd::kConnectionLost, "does not answer HTTP", "port"},
              {TransferEnd::kMalformed, "does not answer HTTP", "port"}};
  for (const auto& row : rows) {
    lines_ = {};
    enos_.reached = ScriptedEnos::Ended(row.end, "the detail");
    ExpectFailure("connection", row.text, row.advice);
    EXPECT_THAT(lines_.Of("connection"), HasSubstr("(the detail)"));
  }
}

TEST_F(ChecksTest, KeysRefused_NamesTheirVariables) {
  enos_.token_error = ScriptedEnos::Error(Reason::ENOS_CREDENTIALS_REFUSED, 1003, "Refused.");
  ExpectFailure("token", "Refused.", "ENOS_SECRET_KEY");
}

TEST_F(ChecksTest, NoToken_BecauseTheClockIsFarOff_SaysBoth) {
  enos_.token_error = ScriptedEnos::Error(Reason::ENOS_UNREACHABLE, 1004, "Refused.");
  enos_.reached.date = "Sat, 21 Dec 2019 00:00:00 GMT";  // ours: 20 Dec
  ExpectFailure("token", "Refused.", "API gateway");
  EXPECT_THAT(lines_.Of("clock"), AllOf(StartsWith("FAILED: EnOS's clock is"), HasSubstr("NTP")));
}

TEST_F(ChecksTest, OnlyTheOtherGenerationAnswers_SaysWhatToSet) {
  enos_.generations = {"v2.1"};
  ExpectFailure("api_version", "v2.1 answers a signed call, v2.0 does not: No such path.",
                "Set --enos_api_version=v2.1 (ENOS_API_VERSION)");
  EXPECT_THAT(lines_.Of("time_zone"), StartsWith("ok: "));
}

TEST_F(ChecksTest, BothGenerationsAnswer_IsWell) {
  enos_.generations = {"v2.0", "v2.1"};
  options_.api_version = ApiVersion::kV21;
  EXPECT_TRUE(Run());
  EXPECT_EQ(lines_.Of("api_version"), "ok: v2.1 answers a signed call, and so does v2.0");
}

TEST_F(ChecksTest, NoGenerationAnswers_SaysWhyForBoth) {
  enos_.generations = {};
  ExpectFailure("api_version", "v2.0: No such path. v2.1: No such path.", "batch processing");
  EXPECT_EQ(lines_.Of("time_zone"), "");
}

TEST_F(ChecksTest, ClockOff_IsToldFromFiveSecondsOn) {
  for (const auto& [ahead, text] :
       {std::pair(5000, "ok: EnOS's clock is 5.0 s ahead of this machine's"),
        std::pair(-5000, "ok: EnOS's clock is 5.0 s behind this machine's")}) {
    lines_ = {};
    enos_.clock_ahead_ms = ahead;
    EXPECT_TRUE(Run());
    EXPECT_EQ(lines_.Of("clock"), text);
  }
  lines_ = {};
  enos_.clock_ahead_ms = -5001;
  ExpectFailure("clock", "5.0 s behind", "NTP");
}

TEST_F(ChecksTest, NoZone_IsSaid) {
  enos_.time_zone_error = ScriptedEnos::Error(Reason::ENOS_NOT_FOUND, 99404, "No zone.");
  ExpectFailure("time_zone", "No zone.", "starting flows is not affected");
}

}  // namespace
}  // namespace enos::gateway
