#include "server/identity/token_verifier.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <functional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "server/testing/token_maker.h"

namespace enos::gateway {
namespace {

constexpr int64_t kNow = 1'800'000'000;
constexpr char kIssuer[] = "https://kubernetes.default.svc.cluster.local";
constexpr char kAudience[] = "enos-flow-gateway";
constexpr char kSubject[] = "system:serviceaccount:batch:nightly";

struct Keys {
  TokenMaker rsa = TokenMaker::Rsa();
  TokenMaker old_rsa = TokenMaker::Rsa();
  TokenMaker ec256 = TokenMaker::Ec("P-256");
  TokenMaker ec384 = TokenMaker::Ec("P-384");
  TokenMaker ec521 = TokenMaker::Ec("P-521");
  TokenMaker stranger = TokenMaker::Rsa();
};

const Keys& TheKeys() {
  static const auto& keys = *new Keys;
  return keys;
}

std::string TheKeySet() {
  const Keys& keys = TheKeys();
  return KeySet(keys.rsa.Jwk("rsa") + "," + keys.old_rsa.Jwk("old", R"(,"alg":"RS256")") + "," +
                keys.ec256.Jwk("ec256") + "," + keys.ec384.Jwk("ec384") + "," +
                keys.ec521.Jwk("ec521"));
}

TokenVerifier MakeVerifier(const std::string& key_file, size_t max_remembered = 4096) {
  return {*ParseJwtKeys(key_file), {kIssuer, kAudience}, max_remembered};
}

std::string Claims(const std::string& audience = R"(["other","enos-flow-gateway"])",
                   int64_t expires_at = kNow + 600, const std::string& issuer = kIssuer,
                   const std::string& more = "") {
  return R"({"iss":")" + issuer + R"(","sub":")" + kSubject + R"(","aud":)" + audience +
         R"(,"exp":)" + std::to_string(expires_at) + more + "}";
}

std::string Header(const std::string& algorithm, const std::string& key_id) {
  return R"({"alg":")" + algorithm + R"(","kid":")" + key_id + "\"}";
}

std::string Signed(const TokenMaker& maker, const std::string& algorithm,
                   const std::string& key_id) {
  return maker.Sign(Header(algorithm, key_id), Claims(), algorithm);
}

// The header replaced, the signature kept.
std::string WithHeader(const std::string& header, const std::string& token) {
  return Base64Url(header) + token.substr(token.find('.'));
}

std::string WithClaims(const std::string& claims, const std::string& token) {
  return token.substr(0, token.find('.') + 1) + Base64Url(claims) + token.substr(token.rfind('.'));
}

// Signed by HMAC with what an attacker has: the public key as it is in the file.
std::string HmacWithPublicKey(const std::string& header) {
  const std::string text = Base64Url(header) + "." + Base64Url(Claims());
  return text + "." + Base64Url(HmacSha256(TheKeys().rsa.Pem(), text));
}

struct Case {
  const char* name;
  std::function<std::string()> token;
  std::optional<TokenFault> fault;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

const TokenMaker& Rsa() { return TheKeys().rsa; }

const Case kRows[] = {
    {"RS256", [] { return Signed(Rsa(), "RS256", "rsa"); }, {}},
    {"RS384", [] { return Signed(Rsa(), "RS384", "rsa"); }, {}},
    {"RS512", [] { return Signed(Rsa(), "RS512", "rsa"); }, {}},
    {"PS256", [] { return Signed(Rsa(), "PS256", "rsa"); }, {}},
    {"PS384", [] { return Signed(Rsa(), "PS384", "rsa"); }, {}},
    {"PS512", [] { return Signed(Rsa(), "PS512", "rsa"); }, {}},
    {"ES256", [] { return Signed(TheKeys().ec256, "ES256", "ec256"); }, {}},
    {"ES384", [] { return Signed(TheKeys().ec384, "ES384", "ec384"); }, {}},
    {"ES512", [] { return Signed(TheKeys().ec521, "ES512", "ec521"); }, {}},
    {"old_key_still_in_the_set", [] { return Signed(TheKeys().old_rsa, "RS256", "old"); }, {}},
    {"audience_string", [] { return Rsa().Sign(Claims(R"("enos-flow-gateway")"), "rsa"); }, {}},
    {"expired_within_the_leeway",
     [] { return Rsa().Sign(Claims(R"("enos-flow-gateway")", kNow - 29), "rsa"); },
     {}},
    {"expired", [] { return Rsa().Sign(Claims(R"("enos-flow-gateway")", kNow - 30), "rsa"); },
     TokenFault::kExpired},
    {"not_yet_valid",
     [] {
       return Rsa().Sign(Claims(R"("enos-flow-gateway")", kNow + 600, kIssuer,
                                R"(,"nbf":)" + std::to_string(kNow + 31)),
                         "rsa");
     },
     TokenFault::kNotYetValid},
    {"other_issuer",
     [] { return Rsa().Sign(Claims(R"("enos-flow-gateway")", kNow + 600, "https://evil"), "rsa"); },
     TokenFault::kIssuer},
    {"issuer_with_a_slash",
     [] {
       return Rsa().Sign(Claims(R"("enos-flow-gateway")", kNow + 600, std::string(kIssuer) + "/"),
                         "rsa");
     },
     TokenFault::kIssuer},
    {"other_audience", [] { return Rsa().Sign(Claims(R"("vault")"), "rsa"); },
     TokenFault::kAudience},
    {"other_audiences", [] { return Rsa().Sign(Claims(R"(["vault","api"])"), "rsa"); },
     TokenFault::kAudience},
    {"no_audiences", [] { return Rsa().Sign(Claims("[]"), "rsa"); }, TokenFault::kAudience},
    {"longer_audience", [] { return Rsa().Sign(Claims(R"("enos-flow-gateway2")"), "rsa"); },
     TokenFault::kAudience},
    {"strangers_key", [] { return Signed(TheKeys().stranger, "RS256", "rsa"); },
     TokenFault::kSignature},
    {"other_key_of_the_set", [] { return Signed(Rsa(), "RS256", "old"); }, TokenFault::kSignature},
    {"unknown_key_id", [] { return Signed(Rsa(), "RS256", "new"); }, TokenFault::kUnknownKey},
    {"no_key_id_among_several", [] { return Rsa().Sign(R"({"alg":"RS256"})", Claims(), "RS256"); },
     TokenFault::kUnknownKey},
    {"alg_none",
     [] { return Base64Url(R"({"alg":"none","kid":"rsa"})") + "." + Base64Url(Claims()) + "."; },
     TokenFault::kAlgorithm},
    {"HS256_with_the_public_key", [] { return HmacWithPublicKey(Header("HS256", "rsa")); },
     TokenFault::kAlgorithm},
    {"RS256_said_but_HS256_done", [] { return HmacWithPublicKey(Header("RS256", "rsa")); },
     TokenFault::kSignature},
    {"signature_of_RS256_said_to_be_PS256",
     [] { return WithHeader(Header("PS256", "rsa"), Signed(Rsa(), "RS256", "rsa")); },
     TokenFault::kSignature},
    {"key_is_for_RS256_only", [] { return Signed(TheKeys().old_rsa, "PS256", "old"); },
     TokenFault::kAlgorithm},
    {"algorithm_of_another_key_type", [] { return Signed(Rsa(), "RS256", "ec256"); },
     TokenFault::kAlgorithm},
    {"algorithm_of_another_curve",
     [] { return TheKeys().ec384.Sign(Header("ES256", "ec384"), Claims(), "ES256"); },
     TokenFault::kAlgorithm},
    {"claims_tampered",
     [] {
       return WithClaims(Claims(R"("enos-flow-gateway")", kNow + 100000),
                         Signed(Rsa(), "RS256", "rsa"));
     },
     TokenFault::kSignature},
    {"signature_cut",
     [] {
       const std::string token = Signed(Rsa(), "RS256", "rsa");
       return token.substr(0, token.size() - 2);  // one byte
     },
     TokenFault::kSignature},
    {"signature_empty",
     [] {
       const std::string token = Signed(Rsa(), "RS256", "rsa");
       return token.substr(0, token.rfind('.') + 1);
     },
     TokenFault::kSignature},
    {"ES256_of_zeros",
     [] {
       return Base64Url(Header("ES256", "ec256")) + "." + Base64Url(Claims()) + "." +
              Base64Url(std::string(64, '\0'));
     },
     TokenFault::kSignature},
    {"crit",
     [] {
       return Rsa().Sign(R"({"alg":"RS256","kid":"rsa","crit":["exp"],"exp":1})", Claims(),
                         "RS256");
     },
     TokenFault::kCritical},
    {"garbage", [] { return std::string("a.b.c"); }, TokenFault::kMalformed},
    {"too_large", [] { return std::string(8193, 'a'); }, TokenFault::kTooLarge},
};

class TokenTable : public testing::TestWithParam<Case> {};

TEST_P(TokenTable, Row) {
  TokenVerifier verifier = MakeVerifier(TheKeySet());
  const std::string token = GetParam().token();
  for (int i = 0; i < 2; ++i) {  // the second time, a valid token is cached
    const auto verdict = verifier.Verify(token, kNow);
    if (GetParam().fault) {
      ASSERT_TRUE(std::holds_alternative<TokenFault>(verdict));
      EXPECT_EQ(TokenFaultText(std::get<TokenFault>(verdict)), TokenFaultText(*GetParam().fault));
    } else {
      ASSERT_TRUE(std::holds_alternative<std::string>(verdict))
          << TokenFaultText(std::get<TokenFault>(verdict));
      EXPECT_EQ(std::get<std::string>(verdict), std::string("sub:") + kSubject);
    }
    EXPECT_EQ(verifier.remembered(), GetParam().fault ? 0U : 1U);
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, TokenTable, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(TokenVerifier, RememberedToken_ExpiresStill) {
  TokenVerifier verifier = MakeVerifier(TheKeySet());
  const std::string token = Signed(Rsa(), "RS256", "rsa");
  EXPECT_TRUE(std::holds_alternative<std::string>(verifier.Verify(token, kNow)));
  EXPECT_TRUE(std::holds_alternative<std::string>(verifier.Verify(token, kNow + 629)));
  const auto verdict = verifier.Verify(token, kNow + 630);
  EXPECT_EQ(std::get<TokenFault>(verdict), TokenFault::kExpired);
}

TEST(TokenVerifier, RememberedTokenWithAnotherSignature_IsRefused) {
  TokenVerifier verifier = MakeVerifier(TheKeySet());
  std::string token = Signed(Rsa(), "RS256", "rsa");
  EXPECT_TRUE(std::holds_alternative<std::string>(verifier.Verify(token, kNow)));
  char& c = token[token.size() - 10];
  c = c == 'A' ? 'B' : 'A';
  EXPECT_EQ(std::get<TokenFault>(verifier.Verify(token, kNow)), TokenFault::kSignature);
}

// OpenSSL keeps its errors per thread, and gRPC's TLS takes what it finds there for its own. cjose
// 0.6.2 clears them when it refuses a token, and leaves them when it accepts one.
TEST(TokenVerifier, CheckedSignature_LeavesNoErrorOfOpenSsl) {
  TokenVerifier verifier = MakeVerifier(TheKeySet());
  for (const TokenMaker* const maker : {&TheKeys().rsa, &TheKeys().stranger}) {
    const std::string token = Signed(*maker, "PS256", "rsa");
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    verifier.Verify(token, kNow);
    EXPECT_EQ(ERR_peek_error(), 0U);
  }
}

TEST(TokenVerifier, ManyTokens_MemoryIsBounded) {
  TokenVerifier verifier = MakeVerifier(KeySet(TheKeys().ec256.Jwk("")), 3);
  std::vector<std::string> tokens;
  for (int i = 0; i < 10; ++i) {
    const std::string more = R"(,"jti":")" + std::to_string(i) + "\"";
    tokens.push_back(
        TheKeys().ec256.Sign(Claims(R"("enos-flow-gateway")", kNow + 600, kIssuer, more), "any"));
    for (const std::string& token : {tokens.back(), tokens.front()})
      EXPECT_TRUE(std::holds_alternative<std::string>(verifier.Verify(token, kNow)));
    EXPECT_LE(verifier.remembered(), 6U);
  }
}

TEST(TokenVerifier, ManyThreads_AgreeOnOneKey) {
  TokenVerifier verifier = MakeVerifier(TheKeySet(), 2);
  std::vector<std::string> good;
  for (const char* const algorithm : {"RS256", "RS384", "PS256", "PS512"})
    good.push_back(Signed(Rsa(), algorithm, "rsa"));
  good.push_back(Signed(TheKeys().ec256, "ES256", "ec256"));
  const std::string bad = Signed(TheKeys().stranger, "RS256", "rsa");
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 20; ++i) {
        EXPECT_TRUE(std::holds_alternative<std::string>(
            verifier.Verify(good[(t + i) % good.size()], kNow)));
        EXPECT_TRUE(std::holds_alternative<TokenFault>(verifier.Verify(bad, kNow)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace enos::gateway
