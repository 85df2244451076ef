// New keys while the gateway runs.
#include <gmock/gmock.h>

#include "server/testing/token_provider_fixture.h"

namespace enos::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TokenProviderRotationTest : public TokenProviderFixture {
 protected:
  void Rotate(const char* access, const char* secret) {
    provider_->Rotate(ShareCredentials(Secret(access), Secret(secret)));
  }
  // The secret key that a call would be signed with now.
  std::string SecretOfNow() const {
    const AccessToken token = provider_->Current();
    return token ? std::string(token->credentials->secret_key.Reveal()) : "";
  }
  std::string LastAccessKey() const {
    const std::string body = http_.sent().back().body();
    return body.find("\"access2\"") != std::string::npos ? "access2" : "access";
  }
};

TEST_F(TokenProviderRotationTest, NewKeys_TokenIsFetchedAtOnceAndTheOldOneUsedMeanwhile) {
  StartWith("T1", 7200);
  Rotate("access2", "secret2");
  EXPECT_EQ(RunningFetches(), 1U);
  EXPECT_EQ(LastAccessKey(), "access2");
  EXPECT_EQ(Current(), "T1");
  EXPECT_EQ(SecretOfNow(), "secret");
  EXPECT_THAT(rotations_, IsEmpty());
  Give("T2", 7200);
  EXPECT_EQ(Current(), "T2");
  EXPECT_EQ(SecretOfNow(), "secret2");
  EXPECT_THAT(rotations_, ElementsAre(true));
  EXPECT_THAT(changes_, ElementsAre(true));
}

TEST_F(TokenProviderRotationTest, CallThatIsUnderWay_KeepsTokenAndKeysItBeganWith) {
  StartWith("T1", 7200);
  const AccessToken begun = provider_->Current();
  Rotate("access2", "secret2");
  Give("T2", 7200);
  EXPECT_EQ(begun->text, "T1");
  EXPECT_EQ(begun->credentials->secret_key.Reveal(), "secret");
}

TEST_F(TokenProviderRotationTest, NewSecretOfTheSameApplication_SameTokenIsSignedWithTheNewOne) {
  StartWith("T1", 7200);
  const AccessToken old = provider_->Current();
  Rotate("access", "secret2");
  Give("T1", 7200);  // EnOS answers the token that lives
  EXPECT_EQ(Refreshes(), 0U);
  EXPECT_EQ(SecretOfNow(), "secret2");
  EXPECT_THAT(tokens_, ElementsAre("T1"));
  // A call that was refused with the old secret gets the token with the new one.
  const size_t waiter = Wait(old);
  scheduler_.Advance(std::chrono::milliseconds(0));
  EXPECT_EQ(TokenOf(waiter), "T1");
}

TEST_F(TokenProviderRotationTest, RefusedKeys_OldTokenLivesOnAndIsRenewedWithTheOldOnes) {
  StartWith("T1", 7200);
  Rotate("access2", "wrong");
  Refuse(1003);
  EXPECT_THAT(rotations_, ElementsAre(false));
  EXPECT_THAT(failures_, IsEmpty());
  EXPECT_EQ(Current(), "T1");
  EXPECT_EQ(RunningFetches(), 0U);
  scheduler_.Advance(ToNextTimer());
  EXPECT_EQ(LastAccessKey(), "access");
  Give("T3", 7200);
  EXPECT_EQ(SecretOfNow(), "secret");
  EXPECT_THAT(changes_, ElementsAre(true));
}

TEST_F(TokenProviderRotationTest, RefusedKeysAndNoLivingToken_OldOnesAreTriedBeforeCallsFail) {
  StartWith("T1", 10);
  scheduler_.Advance(std::chrono::seconds(20));  // a renewal runs, and T1 is dead
  Rotate("access2", "wrong");
  const size_t waiter = Wait();
  Refuse(1003);
  scheduler_.Advance(std::chrono::milliseconds(0));
  EXPECT_FALSE(IsAnswered(waiter));
  EXPECT_EQ(LastAccessKey(), "access");
  Give("T2", 7200);
  EXPECT_EQ(TokenOf(waiter), "T2");
}

TEST_F(TokenProviderRotationTest, BothPairsRefused_CallsAreToldSo) {
  StartWith("T1", 10);
  scheduler_.Advance(std::chrono::seconds(20));
  Rotate("access2", "wrong");
  const size_t waiter = Wait();
  Refuse(1003);
  scheduler_.Advance(std::chrono::milliseconds(0));
  Refuse(1002);
  EXPECT_EQ(ErrorOf(waiter), Reason::ENOS_CREDENTIALS_REFUSED);
}

TEST_F(TokenProviderRotationTest, OldKeysRefusedLater_NewOnesThatWereRefusedAreTriedAgain) {
  StartWith("T1", 7200);
  Rotate("access2", "secret2");
  Refuse(1003);  // not known to EnOS yet
  scheduler_.Advance(ToNextTimer());
  Refuse(1002);  // the old ones are not known any more
  scheduler_.Advance(std::chrono::milliseconds(0));
  EXPECT_EQ(LastAccessKey(), "access2");
  Give("T2", 7200);
  EXPECT_EQ(SecretOfNow(), "secret2");
  EXPECT_THAT(rotations_, ElementsAre(false, true));
}

TEST_F(TokenProviderRotationTest, EnosNotReached_NewKeysAreTriedUntilItIs) {
  StartWith("T1", 7200);
  Rotate("access2", "secret2");
  Break();
  EXPECT_EQ(Current(), "T1");
  EXPECT_EQ(failures_.size(), 1U);
  scheduler_.Advance(ToNextTimer());
  EXPECT_EQ(LastAccessKey(), "access2");
  Give("T2", 7200);
  EXPECT_THAT(rotations_, ElementsAre(true));
}

TEST_F(TokenProviderRotationTest, RotatedTwiceBeforeAnAnswer_GoodOldKeysAreFallenBackOn) {
  StartWith("T1", 7200);
  Rotate("access2", "half");
  Rotate("access2", "wrong");
  EXPECT_EQ(RunningFetches(), 1U);
  Refuse(1003);
  scheduler_.Advance(ToNextTimer());
  EXPECT_EQ(LastAccessKey(), "access");
}

TEST_F(TokenProviderRotationTest, SameKeysAgain_NothingIsFetched) {
  StartWith("T1", 7200);
  Rotate("access", "secret");
  EXPECT_EQ(RunningFetches(), 0U);
  EXPECT_THAT(rotations_, ElementsAre(true));
}

}  // namespace
}  // namespace enos::gateway
