#include "server/ops/readiness.h"

#include <gtest/gtest.h>

namespace enos::gateway {
namespace {

TEST(Readiness, AtTheStartThereIsNoToken) {
  const Readiness readiness;
  EXPECT_EQ(readiness.WhyNot(), "no access token: not fetched yet");
}

TEST(Readiness, WithATokenItIsReady) {
  Readiness readiness;
  readiness.SetToken(true);
  EXPECT_EQ(readiness.WhyNot(), "");
}

TEST(Readiness, AFailedFetchIsTheReason) {
  Readiness readiness;
  readiness.SetFailure("ENOS_UNREACHABLE: refused");
  EXPECT_EQ(readiness.WhyNot(), "no access token: ENOS_UNREACHABLE: refused");
}

TEST(Readiness, AFailedRenewalHarmsNothingUntilTheTokenDies) {
  Readiness readiness;
  readiness.SetToken(true);
  readiness.SetFailure("no answer");
  EXPECT_EQ(readiness.WhyNot(), "");
  readiness.SetToken(false);
  EXPECT_EQ(readiness.WhyNot(), "no access token: no answer");
}

TEST(Readiness, AnOldFailureIsForgottenWhenATokenComes) {
  Readiness readiness;
  readiness.SetFailure("no answer");
  readiness.SetToken(true);
  readiness.SetToken(false);
  EXPECT_EQ(readiness.WhyNot(), "no access token: expired");
}

TEST(Readiness, TheReasonStaysOnOneLine) {
  Readiness readiness;
  readiness.SetFailure("a\r\nb\tc\x7f");
  EXPECT_EQ(readiness.WhyNot(), "no access token: a  b c ");
}

TEST(Readiness, AfterStopNoTokenMakesItReady) {
  Readiness readiness;
  readiness.SetToken(true);
  readiness.Stop();
  readiness.SetToken(true);
  EXPECT_EQ(readiness.WhyNot(), "shutting down");
}

TEST(Readiness, AStoreThatIsAwayIsRemarkedAndNoReason) {
  Readiness readiness;
  readiness.SetToken(true);
  EXPECT_EQ(readiness.Remark(), "");
  readiness.SetStore("cannot connect\n(refused)");
  EXPECT_EQ(readiness.WhyNot(), "");
  EXPECT_EQ(readiness.Remark(), "idempotency store: cannot connect (refused)");
  readiness.SetStore("");
  EXPECT_EQ(readiness.Remark(), "");
}

}  // namespace
}  // namespace enos::gateway
