// A token's life: the first one, renewal, expiry, trouble. What calls that wait for one see is in
// token_provider_wait_test.cc.
#include "server/token/token_provider.h"

#include <gmock/gmock.h>

#include "server/testing/token_provider_fixture.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using TokenProviderTest = TokenProviderFixture;

TEST_F(TokenProviderTest, Start_FetchesTheFirstToken) {
  EXPECT_EQ(Gets(), 0U);
  provider_->Start();
  EXPECT_EQ(Gets(), 1U);
  EXPECT_EQ(Current(), "");
  EXPECT_THAT(changes_, IsEmpty());
  Give("T1", 100);
  EXPECT_EQ(Current(), "T1");
  EXPECT_THAT(tokens_, ElementsAre("T1"));
  EXPECT_THAT(changes_, ElementsAre(true));
  EXPECT_THAT(failures_, IsEmpty());
}

class TokenRenewal : public TokenProviderFixture, public ::testing::WithParamInterface<double> {};

TEST_P(TokenRenewal, LivingToken_IsRenewedAfterThreeQuartersOfItsLifeAndJitter) {
  random_ = GetParam();
  StartWith("T1", 1000);
  const Duration due = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(1000 * (0.75 + 0.10 * GetParam())));
  scheduler_.Advance(due - milliseconds(1));
  EXPECT_EQ(Gets(), 1U);
  scheduler_.Advance(milliseconds(2));
  EXPECT_EQ(Gets(), 2U);
  EXPECT_EQ(Refreshes(), 0U);
  EXPECT_EQ(Current(), "T1") << "while it is renewed";
}

INSTANTIATE_TEST_SUITE_P(Jitter, TokenRenewal, ::testing::Values(0, 0.25, 0.5, 0.999999));

TEST_F(TokenProviderTest, Renewal_GetAnswersAnotherToken_IsTakenWithoutRefresh) {
  StartWith("T1", 100);
  scheduler_.Advance(seconds(80));
  Give("T2", 100);
  EXPECT_EQ(Current(), "T2");
  EXPECT_EQ(Refreshes(), 0U);
  EXPECT_THAT(tokens_, ElementsAre("T1", "T2"));
  EXPECT_THAT(changes_, ElementsAre(true));
  scheduler_.Advance(seconds(79));
  EXPECT_EQ(Gets(), 2U);
  scheduler_.Advance(seconds(1));
  EXPECT_EQ(Gets(), 3U) << "the new one is renewed in its turn";
}

TEST_F(TokenProviderTest, Renewal_GetAnswersTheSame_Refreshes) {
  StartWith("T1", 100);
  scheduler_.Advance(seconds(80));
  Give("T1", 20);
  EXPECT_EQ(Refreshes(), 1U);
  EXPECT_EQ(Current(), "T1");
  Give("T2", 100);
  EXPECT_EQ(Current(), "T2");
  EXPECT_THAT(changes_, ElementsAre(true));
}

TEST_F(TokenProviderTest, Renewal_EnosInsistsOnTheExpiringToken_AsksAgainAfterABackOff) {
  StartWith("T1", 100);
  scheduler_.Advance(seconds(80));
  Give("T1", 20);
  Refuse(1204);
  EXPECT_EQ(Current(), "T1");
  EXPECT_EQ(RunningFetches(), 0U);
  EXPECT_EQ(ToNextTimer(), milliseconds(500));
  scheduler_.Advance(milliseconds(500));
  EXPECT_EQ(Gets(), 3U);
  Give("T1", 20);
  Give("T2", 100);
  EXPECT_EQ(Current(), "T2");
  EXPECT_THAT(tokens_, ElementsAre("T1", "T2"));
}

TEST_F(TokenProviderTest, FailingRenewal_HarmsNobodyWhileTheTokenLives) {
  StartWith("T1", 100);
  scheduler_.Advance(seconds(80));
  Break();
  EXPECT_THAT(failures_, SizeIs(1));
  EXPECT_EQ(Current(), "T1");
  EXPECT_THAT(changes_, ElementsAre(true));
  EXPECT_EQ(ToNextTimer(), milliseconds(500)) << "half of the first back-off";
  scheduler_.Advance(milliseconds(500));
  Break();
  EXPECT_EQ(ToNextTimer(), milliseconds(1000));
  scheduler_.Advance(milliseconds(1000));
  Give("T2", 100);
  EXPECT_EQ(Current(), "T2");
  EXPECT_THAT(changes_, ElementsAre(true));
}

TEST_F(TokenProviderTest, FailingRenewal_IsReportedWhenTheTokenDies) {
  StartWith("T1", 100);
  scheduler_.Advance(seconds(80));
  while (scheduler_.Now() < FakeScheduler::kStart + milliseconds(99'999)) {
    if (RunningFetches() > 0) Break();
    scheduler_.Advance(
        std::min<Duration>(scheduler_.next_due() - scheduler_.Now(),
                           FakeScheduler::kStart + milliseconds(99'999) - scheduler_.Now()));
  }
  EXPECT_EQ(Current(), "T1");
  EXPECT_THAT(changes_, ElementsAre(true));
  scheduler_.Advance(milliseconds(1));
  EXPECT_EQ(Current(), "");
  EXPECT_THAT(changes_, ElementsAre(true, false));
  if (RunningFetches() == 0) scheduler_.Advance(ToNextTimer());
  Give("T2", 100);
  EXPECT_EQ(Current(), "T2");
  EXPECT_THAT(changes_, ElementsAre(true, false, true));
}

TEST_F(TokenProviderTest, TheSameTokenAfterItsDeath_LivesAgain) {
  StartWith("T1", 1);
  scheduler_.Advance(milliseconds(800));
  scheduler_.Advance(milliseconds(200));
  EXPECT_THAT(changes_, ElementsAre(true, false));
  Give("T1", 50);
  Refuse(1005);
  EXPECT_EQ(Current(), "T1");
  EXPECT_THAT(changes_, ElementsAre(true, false, true));
}

TEST_F(TokenProviderTest, DownAtStart_TriesAgainWithGrowingWaits) {
  provider_->Start();
  std::vector<int64_t> waits;
  for (int i = 0; i < 8; ++i) {
    Break();
    waits.push_back(ToNextTimer().count());
    scheduler_.Advance(ToNextTimer());
  }
  EXPECT_THAT(waits, ElementsAre(500, 1000, 2000, 4000, 8000, 15000, 15000, 15000));
  EXPECT_THAT(changes_, IsEmpty());
  Give("T1", 100);
  EXPECT_THAT(changes_, ElementsAre(true));
}

TEST_F(TokenProviderTest, AfterASuccess_BackOffBeginsAnew) {
  provider_->Start();
  Break();
  scheduler_.Advance(ToNextTimer());
  Break();
  scheduler_.Advance(ToNextTimer());
  Give("T1", 100);
  scheduler_.Advance(seconds(80));
  Break();
  EXPECT_EQ(ToNextTimer(), milliseconds(500));
}

TEST_F(TokenProviderTest, RetryAfterOfTheTokenService_IsHonoured) {
  provider_->Start();
  http_.AnswerNext(503, "", "7");
  EXPECT_EQ(ToNextTimer(), seconds(7));
  scheduler_.Advance(seconds(7));
  EXPECT_EQ(Gets(), 2U);
}

TEST_F(TokenProviderTest, VeryLongRetryAfter_IsCut) {
  provider_->Start();
  http_.AnswerNext(429, "", "86400");
  EXPECT_EQ(ToNextTimer(), seconds(30));
}

TEST_F(TokenProviderTest, RetryAfter_HoldsForCallsToo) {
  provider_->Start();
  http_.AnswerNext(503, "", "7");
  Wait();
  scheduler_.Advance(seconds(7) - milliseconds(1));
  EXPECT_EQ(Gets(), 1U);
  scheduler_.Advance(milliseconds(1));
  EXPECT_EQ(Gets(), 2U);
}

TEST_F(TokenProviderTest, LifeOfOneSecond_IsRenewedInTime) {
  StartWith("T1", 1);
  scheduler_.Advance(milliseconds(800));
  ASSERT_EQ(Gets(), 2U);
  Give("T1", 1);
  Give("T2", 1);
  EXPECT_EQ(Current(), "T2");
  scheduler_.Advance(milliseconds(800));
  EXPECT_EQ(Gets(), 3U);
  EXPECT_THAT(changes_, ElementsAre(true));
}

TEST_F(TokenProviderTest, TokenDeadOnArrival_IsNotReportedAndAsksAgain) {
  provider_->Start();
  scheduler_.Advance(seconds(2));
  Give("T1", 1);
  EXPECT_EQ(Current(), "");
  EXPECT_THAT(changes_, IsEmpty());
  scheduler_.RunDue();
  EXPECT_EQ(RunningFetches(), 1U);
}

TEST_F(TokenProviderTest, LongLife_DoesNotOverflow) {
  StartWith("T1", int64_t{10} * 365 * 24 * 3600);
  EXPECT_EQ(Current(), "T1");
  scheduler_.Advance(std::chrono::hours(24 * 365 * 7));
  EXPECT_EQ(Gets(), 1U);
  EXPECT_EQ(Current(), "T1");
}

TEST_F(TokenProviderTest, TokenAskedForInTheMiddleOfLife_IsGone_TakesTheOneOfNow) {
  StartWith("T1", 100);
  const AccessToken sent_with = provider_->Current();
  scheduler_.Advance(seconds(80));
  Give("T2", 100);
  EXPECT_EQ(sent_with->text, "T1") << "a call under way keeps its token";
}

TEST_F(TokenProviderTest, DestroyedDuringAFetch_IsNotCalledAnyMore) {
  provider_->Start();
  provider_.reset();
  EXPECT_EQ(RunningFetches(), 0U);
  EXPECT_EQ(scheduler_.pending(), 0U);
  EXPECT_THAT(tokens_, IsEmpty());
}

TEST_F(TokenProviderTest, Destroyed_LeavesNoTimer) {
  StartWith("T1", 100);
  Wait();
  provider_.reset();
  EXPECT_EQ(scheduler_.pending(), 0U);
}

TEST_F(TokenProviderTest, EveryFetch_TellsWhenItsTokenExpires) {
  StartWith("T1", 100);
  scheduler_.Advance(std::chrono::seconds(80));
  Give("T1", 20);
  Give("T2", 100);
  EXPECT_THAT(fetched_, ::testing::ElementsAre(FakeScheduler::kStart + std::chrono::seconds(100),
                                               FakeScheduler::kStart + std::chrono::seconds(180)));
}

}  // namespace
}  // namespace enos::gateway
