// What calls see that wait for a token.
#include <gmock/gmock.h>

#include <functional>

#include "server/testing/token_provider_fixture.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using TokenProviderWait = TokenProviderFixture;

constexpr size_t kMany = 100;

TEST_F(TokenProviderWait, ManyBeforeTheFirstToken_ShareOneFetch) {
  provider_->Start();
  for (size_t i = 0; i < kMany; ++i) Wait();
  scheduler_.RunDue();
  EXPECT_EQ(Gets(), 1U);
  for (size_t i = 0; i < kMany; ++i) EXPECT_FALSE(IsAnswered(i));
  Give("T1", 100);
  for (size_t i = 0; i < kMany; ++i) EXPECT_EQ(TokenOf(i), "T1");
  EXPECT_EQ(Gets(), 1U);
}

TEST_F(TokenProviderWait, NotStarted_FetchesByItself) {
  Wait();
  scheduler_.RunDue();
  Give("T1", 100);
  EXPECT_EQ(TokenOf(0), "T1");
}

TEST_F(TokenProviderWait, TokenAtHand_ComesAtOnceButNotFromWithin) {
  StartWith("T1", 100);
  Wait();
  EXPECT_FALSE(IsAnswered(0));
  scheduler_.RunDue();
  EXPECT_EQ(TokenOf(0), "T1");
  EXPECT_EQ(Gets(), 1U);
}

TEST_F(TokenProviderWait, TokenAtHandDiesBeforeItIsHandedOver_FetchesAnother) {
  StartWith("T1", 100);
  scheduler_.Advance(seconds(80));
  Break();
  Wait();
  scheduler_.Stall(seconds(20));
  scheduler_.RunDue();
  EXPECT_FALSE(IsAnswered(0));
  EXPECT_EQ(RunningFetches(), 1U);
  Give("T2", 100);
  EXPECT_EQ(TokenOf(0), "T2");
}

TEST_F(TokenProviderWait, ManyRefusedAtOnce_CauseOneRenewal) {
  StartWith("T1", 100);
  const AccessToken refused = provider_->Current();
  for (size_t i = 0; i < kMany; ++i) Wait(refused);
  scheduler_.RunDue();
  EXPECT_EQ(Gets(), 2U);
  EXPECT_EQ(Current(), "T1") << "others go on using it meanwhile";
  Give("T1", 100);
  EXPECT_EQ(Refreshes(), 1U);
  EXPECT_EQ(Current(), "T1");
  Give("T2", 100);
  for (size_t i = 0; i < kMany; ++i) EXPECT_EQ(TokenOf(i), "T2");
  scheduler_.RunDue();
  EXPECT_EQ(Gets(), 2U);
  EXPECT_EQ(Refreshes(), 1U);
  EXPECT_EQ(RunningFetches(), 0U);
}

TEST_F(TokenProviderWait, RefusedOneByOneWhileRenewing_CauseNoOtherRenewal) {
  StartWith("T1", 100);
  const AccessToken refused = provider_->Current();
  Wait(refused);
  scheduler_.RunDue();
  Wait(refused);
  Give("T1", 100);
  Wait(refused);
  Give("T2", 100);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(TokenOf(i), "T2");
  EXPECT_EQ(Gets() + Refreshes(), 3U);
}

TEST_F(TokenProviderWait, Refused_AnotherReplicaReplacedIt_NeedsNoRefresh) {
  StartWith("T1", 100);
  Wait(provider_->Current());
  scheduler_.RunDue();
  Give("T2", 100);
  EXPECT_EQ(TokenOf(0), "T2");
  EXPECT_EQ(Refreshes(), 0U);
}

TEST_F(TokenProviderWait, LateRefusalOfAnOlderToken_GetsTheNewerWithoutAFetch) {
  StartWith("T1", 100);
  const AccessToken older = provider_->Current();
  scheduler_.Advance(seconds(80));
  Give("T2", 100);
  Wait(older);
  scheduler_.RunDue();
  EXPECT_EQ(TokenOf(0), "T2");
  EXPECT_EQ(Current(), "T2");
  EXPECT_EQ(Gets(), 2U);
}

TEST_F(TokenProviderWait, RefusedWhileOthersFindItLiving_OthersAreNotHeldUp) {
  StartWith("T1", 100);
  Wait(provider_->Current());
  scheduler_.RunDue();
  EXPECT_EQ(RunningFetches(), 1U);
  Wait();
  scheduler_.RunDue();
  EXPECT_EQ(TokenOf(1), "T1");
  EXPECT_FALSE(IsAnswered(0));
}

TEST_F(TokenProviderWait, EnosInsistsOnTheRefusedToken_ThatIsWhatComes) {
  StartWith("T1", 100);
  Wait(provider_->Current());
  scheduler_.RunDue();
  Give("T1", 100);
  Refuse(1204);
  EXPECT_EQ(TokenOf(0), "T1");
}

TEST_F(TokenProviderWait, KeysRefused_FailsAllAtOnce) {
  provider_->Start();
  for (size_t i = 0; i < kMany; ++i) Wait();
  Refuse(1003);
  for (size_t i = 0; i < kMany; ++i) EXPECT_EQ(ErrorOf(i), Reason::ENOS_CREDENTIALS_REFUSED);
  EXPECT_EQ(Gets(), 1U);
}

TEST_F(TokenProviderWait, KeysRefused_FailsNewcomersWithoutAskingAgain) {
  provider_->Start();
  Refuse(1002);
  Wait();
  EXPECT_FALSE(IsAnswered(0)) << "never from within";
  scheduler_.RunDue();
  EXPECT_EQ(ErrorOf(0), Reason::ENOS_CREDENTIALS_REFUSED);
  EXPECT_EQ(Gets(), 1U);
}

TEST_F(TokenProviderWait, KeysRefusedAndThenTaken_Recovers) {
  provider_->Start();
  Refuse(1003);
  scheduler_.Advance(milliseconds(500));
  EXPECT_EQ(Gets(), 2U) << "asked again by itself";
  Wait();
  scheduler_.RunDue();
  EXPECT_FALSE(IsAnswered(0)) << "the answer may be another now";
  Give("T1", 100);
  EXPECT_EQ(TokenOf(0), "T1");
  Wait();
  scheduler_.RunDue();
  EXPECT_EQ(TokenOf(1), "T1");
}

TEST_F(TokenProviderWait, KeysRefusedThenUnreachable_NewcomersWaitAgain) {
  provider_->Start();
  Refuse(1003);
  scheduler_.Advance(milliseconds(500));
  Break();
  Wait();
  scheduler_.RunDue();
  EXPECT_FALSE(IsAnswered(0));
}

TEST_F(TokenProviderWait, KeysRefusedWhileTheTokenLives_OnlyTheRefusedFail) {
  StartWith("T1", 100);
  scheduler_.Advance(seconds(80));
  Refuse(1003);
  Wait();
  Wait(provider_->Current());
  scheduler_.RunDue();
  EXPECT_EQ(TokenOf(0), "T1");
  EXPECT_EQ(ErrorOf(1), Reason::ENOS_CREDENTIALS_REFUSED);
}

TEST_F(TokenProviderWait, ThreeFailedFetches_EndTheWait) {
  provider_->Start();
  Wait();
  Break();
  EXPECT_FALSE(IsAnswered(0));
  EXPECT_EQ(ToNextTimer(), milliseconds(50)) << "half of the first urgent back-off";
  scheduler_.Advance(milliseconds(50));
  Break();
  EXPECT_EQ(ToNextTimer(), milliseconds(100));
  Wait();
  scheduler_.Advance(milliseconds(100));
  Break();
  EXPECT_EQ(ErrorOf(0), Reason::ENOS_UNREACHABLE);
  EXPECT_FALSE(IsAnswered(1)) << "lived through one failure only";
  scheduler_.Advance(milliseconds(200));
  Give("T1", 100);
  EXPECT_EQ(TokenOf(1), "T1");
}

TEST_F(TokenProviderWait, Newcomer_HurriesTheBackgroundsNextFetch) {
  provider_->Start();
  Break();
  EXPECT_EQ(ToNextTimer(), milliseconds(500));
  Wait();
  EXPECT_EQ(ToNextTimer(), milliseconds(50));
}

TEST_F(TokenProviderWait, NewcomersThatKeepComing_DoNotPostponeTheFetch) {
  provider_->Start();
  Break();
  for (int i = 0; i < 60; ++i) {
    Wait();
    scheduler_.Advance(milliseconds(1));
  }
  EXPECT_EQ(Gets(), 2U);
}

TEST_F(TokenProviderWait, NewcomersThatKeepComing_DoNotDefeatTheBackOff) {
  provider_->Start();
  Break();
  random_ = 0;  // the luckiest of many newcomers
  for (size_t i = 0; i < kMany; ++i) Wait();
  scheduler_.Advance(milliseconds(49));
  EXPECT_EQ(Gets(), 1U);
  scheduler_.Advance(milliseconds(1));
  EXPECT_EQ(Gets(), 2U);
}

// Jitter that draws nothing, again and again.
TEST_F(TokenProviderWait, NoJitter_FetchesStillKeepADistance) {
  random_ = 0;
  provider_->Start();
  for (int i = 0; i < 100; ++i) {
    Wait();
    const SteadyTime before = scheduler_.Now();
    Break();
    while (RunningFetches() == 0) scheduler_.Advance(ToNextTimer());
    EXPECT_GE(scheduler_.Now() - before, milliseconds(20));
  }
}

TEST_F(TokenProviderWait, Forgotten_IsNeverCalled) {
  provider_->Start();
  Wait();
  Wait();
  provider_->Forget(waits_[0]);
  provider_->Forget(0);
  Give("T1", 100);
  EXPECT_FALSE(IsAnswered(0));
  EXPECT_EQ(TokenOf(1), "T1");
  provider_->Forget(waits_[1]);
}

TEST_F(TokenProviderWait, ForgottenWithATokenAtHand_IsNeverCalled) {
  StartWith("T1", 100);
  Wait();
  provider_->Forget(waits_[0]);
  scheduler_.RunDue();
  EXPECT_FALSE(IsAnswered(0));
}

TEST_F(TokenProviderWait, ForgottenByAnothersCallback_IsNeverCalled) {
  provider_->Start();
  TokenProvider::WaitId second = 0;
  provider_->Wait(nullptr, [&](const Result&) { provider_->Forget(second); });
  second = provider_->Wait(nullptr, [](const Result&) { FAIL(); });
  Give("T1", 100);
}

TEST_F(TokenProviderWait, CallbackThatWaitsAgain_IsServedLater) {
  provider_->Start();
  int calls = 0;
  std::function<void(Result)> again = [&](const Result&) {
    if (++calls < 3) provider_->Wait(nullptr, again);
  };
  provider_->Wait(nullptr, again);
  Give("T1", 100);
  EXPECT_EQ(calls, 1);
  scheduler_.RunDue();
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(Gets(), 1U) << "there is a token: nothing to fetch";
}

TEST_F(TokenProviderWait, CallbackOfAFailureThatWaitsAgain_DoesNotDefeatTheBackOff) {
  provider_->Start();
  int calls = 0;
  std::function<void(Result)> again = [&](const Result&) {
    ++calls;
    provider_->Wait(nullptr, again);
  };
  provider_->Wait(nullptr, again);
  for (int i = 0; i < 3; ++i) {
    Break();
    EXPECT_EQ(RunningFetches(), 0U);
    EXPECT_EQ(ToNextTimer(), milliseconds(50) * (1 << i));
    scheduler_.Advance(ToNextTimer());
  }
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(RunningFetches(), 1U);
}

}  // namespace
}  // namespace enos::gateway
