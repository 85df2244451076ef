#include "sandbox/enos/token_service.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "sandbox/enos/result_code.h"
#include "sandbox/enos/sha256.h"

namespace enos::sandbox {
namespace {

class TokenServiceTest : public testing::Test {
 protected:
  static TokenServiceOptions Options() {
    TokenServiceOptions options;
    options.access_key = "key";
    options.secret_key = "secret";
    options.lifetime = absl::Seconds(7200);
    options.remembered_encryptions = 4;
    return options;
  }

  TokenService Make(const TokenServiceOptions& options) {
    return TokenService(
        options, [this] { return now_; }, [this] { return absl::StrCat("token-", ++issued_); });
  }

  static std::string Encryption(int timestamp) {
    return Sha256Hex(absl::StrCat("key", timestamp, "secret"));
  }
  std::string GetBody() { return GetBody(++timestamp_); }
  static std::string GetBody(int timestamp) {
    return absl::StrCat(R"({"appKey":"key","timestamp":)", timestamp, R"(,"encryption":")",
                        Encryption(timestamp), "\"}");
  }
  std::string RefreshBody(const std::string& token) {
    ++timestamp_;
    return absl::StrCat(R"({"appKey":"key","timestamp":)", timestamp_, R"(,"encryption":")",
                        Encryption(timestamp_), R"(","accessToken":")", token, "\"}");
  }

  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  int timestamp_ = 100;
  int issued_ = 0;
};

TEST_F(TokenServiceTest, GetAnswersTheSameTokenWhileItLives) {
  TokenService service = Make(Options());
  const TokenReply first = service.Get(GetBody());
  EXPECT_EQ(first.code, 0);
  EXPECT_EQ(first.access_token, "token-1");
  EXPECT_EQ(first.expire_s, 7200);
  now_ += absl::Seconds(7000.5);
  const TokenReply second = service.Get(GetBody());
  EXPECT_EQ(second.access_token, "token-1");
  EXPECT_EQ(second.expire_s, 199);
  EXPECT_TRUE(service.IsAlive("token-1"));
}

TEST_F(TokenServiceTest, GetAfterExpiryAnswersANewToken) {
  TokenService service = Make(Options());
  service.Get(GetBody());
  now_ += absl::Seconds(7200);
  EXPECT_FALSE(service.IsAlive("token-1"));
  EXPECT_EQ(service.Get(GetBody()).access_token, "token-2");
}

TEST_F(TokenServiceTest, RefreshReplacesTheToken) {
  TokenService service = Make(Options());
  service.Get(GetBody());
  const TokenReply fresh = service.Refresh(RefreshBody("token-1"));
  EXPECT_EQ(fresh.code, 0);
  EXPECT_EQ(fresh.access_token, "token-2");
  EXPECT_EQ(fresh.expire_s, 7200);
  EXPECT_FALSE(service.IsAlive("token-1"));
  EXPECT_EQ(service.Get(GetBody()).access_token, "token-2");
}

TEST_F(TokenServiceTest, RefreshMayLeaveTheOldTokenAlive) {
  TokenServiceOptions options = Options();
  options.refresh_kills_old_token = false;
  TokenService service = Make(options);
  service.Get(GetBody());
  now_ += absl::Seconds(7000);
  service.Refresh(RefreshBody("token-1"));
  EXPECT_TRUE(service.IsAlive("token-1"));
  EXPECT_EQ(service.Get(GetBody()).access_token, "token-2");
  now_ += absl::Seconds(200);
  EXPECT_FALSE(service.IsAlive("token-1"));
  EXPECT_TRUE(service.IsAlive("token-2"));
}

TEST_F(TokenServiceTest, RefreshOfAnUnknownOrExpiredTokenIsRefused) {
  TokenService service = Make(Options());
  EXPECT_EQ(service.Refresh(RefreshBody("token-1")).code, 1203);
  service.Get(GetBody());
  now_ += absl::Seconds(7200);
  EXPECT_EQ(service.Refresh(RefreshBody("token-1")).code, 1203);
}

TEST_F(TokenServiceTest, NextSecretKeyIsGoodAsWell) {
  TokenServiceOptions options = Options();
  const auto body = [](int timestamp) {
    return absl::StrCat(R"({"appKey":"key","timestamp":)", timestamp, R"(,"encryption":")",
                        Sha256Hex(absl::StrCat("key", timestamp, "next")), "\"}");
  };
  EXPECT_EQ(Make(options).Get(body(1)).code, kEncryptionInvalid);
  options.next_secret_key = "next";
  TokenService service = Make(options);
  EXPECT_EQ(service.Get(body(1)).code, 0);
  EXPECT_EQ(service.Get(body(1)).code, kRepeatedRequest);
  EXPECT_EQ(service.Get(GetBody()).code, 0) << "the old one is good, too";
}

TEST_F(TokenServiceTest, RevokedTokenIsDead) {
  TokenService service = Make(Options());
  service.Get(GetBody());
  service.Revoke();
  EXPECT_FALSE(service.IsAlive("token-1"));
  EXPECT_EQ(service.Get(GetBody()).access_token, "token-2");
}

TEST_F(TokenServiceTest, EncryptionServesOnceAcrossGetAndRefresh) {
  TokenService service = Make(Options());
  const std::string body = RefreshBody("token-1");
  EXPECT_EQ(service.Get(body).code, 0);
  EXPECT_EQ(service.Get(body).code, 1001);
  EXPECT_EQ(service.Refresh(body).code, 1001);
}

TEST_F(TokenServiceTest, MemoryOfEncryptionsIsBounded) {
  TokenService service = Make(Options());
  for (int timestamp = 1; timestamp <= 5; ++timestamp) service.Get(GetBody(timestamp));
  EXPECT_EQ(service.Get(GetBody(5)).code, 1001);
  EXPECT_EQ(service.Get(GetBody(1)).code, 0);  // forgotten
}

TEST_F(TokenServiceTest, TimestampMayBeAString) {
  TokenService service = Make(Options());
  const std::string body =
      absl::StrCat(R"({"appKey":"key","timestamp":"7","encryption":")", Encryption(7), "\"}");
  EXPECT_EQ(service.Get(body).code, 0);
  EXPECT_EQ(service.Get(GetBody(7)).code, 1001);
}

struct Case {
  std::string name;
  std::string body;
  int code;
};
class TokenRefusalTest : public TokenServiceTest, public testing::WithParamInterface<Case> {};

TEST_P(TokenRefusalTest, IsAnsweredByItsCode) {
  TokenService service = Make(Options());
  EXPECT_EQ(service.Get(GetParam().body).code, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(
    All, TokenRefusalTest,
    testing::Values(
        Case{"NotJson", "appKey=key", 1004}, Case{"NoObject", "[]", 1004},
        Case{"AppKeyNumber", R"({"appKey":1,"timestamp":1,"encryption":"x"})", 1004},
        Case{"TimestampFraction", R"({"appKey":"key","timestamp":1.5,"encryption":"x"})", 1004},
        Case{"TimestampWords", R"({"appKey":"key","timestamp":"now","encryption":"x"})", 1004},
        Case{"EncryptionNumber", R"({"appKey":"key","timestamp":1,"encryption":1})", 1004},
        Case{"AppKeyMissing", R"({"timestamp":1,"encryption":"x"})", 1202},
        Case{"AppKeyEmpty", R"({"appKey":"","timestamp":1,"encryption":"x"})", 1202},
        Case{"TimestampMissing", R"({"appKey":"key","encryption":"x"})", 1202},
        Case{"TimestampEmpty", R"({"appKey":"key","timestamp":"","encryption":"x"})", 1202},
        Case{"EncryptionNull", R"({"appKey":"key","timestamp":1,"encryption":null})", 1202},
        Case{"AppKeyUnknown", R"({"appKey":"other","timestamp":1,"encryption":"x"})", 1002},
        Case{"EncryptionWrong", R"({"appKey":"key","timestamp":1,"encryption":"x"})", 1003}),
    [](const auto& test) { return test.param.name; });

TEST_F(TokenServiceTest, RefreshWithoutATokenIsRefused) {
  TokenService service = Make(Options());
  EXPECT_EQ(service.Refresh(GetBody()).code, 1202);
}

}  // namespace
}  // namespace enos::sandbox
