#include "server/identity/jwt.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "server/testing/token_maker.h"

namespace enos::gateway {
namespace {

constexpr char kHeader[] = R"({"alg":"RS256","kid":"k1"})";
constexpr char kClaims[] =
    R"({"iss":"https://issuer","sub":"s","aud":["a","b"],"exp":2000,"nbf":1000,"x":{"y":[1]}})";

std::string Token(const std::string& header, const std::string& claims) {
  return Base64Url(header) + "." + Base64Url(claims) + "." + Base64Url("signature");
}

TEST(ParseJwt, UsualToken_IsRead) {
  const auto parsed = ParseJwt(Token(kHeader, kClaims));
  ASSERT_TRUE(std::holds_alternative<Jwt>(parsed));
  const auto& jwt = std::get<Jwt>(parsed);
  EXPECT_EQ(jwt.algorithm, JwtAlgorithm::kRs256);
  EXPECT_EQ(jwt.key_id, "k1");
  EXPECT_EQ(jwt.issuer, "https://issuer");
  EXPECT_EQ(jwt.subject, "s");
  EXPECT_EQ(jwt.audiences, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(jwt.expires_at, 2000);
  EXPECT_EQ(jwt.not_before, 1000);
  EXPECT_EQ(jwt.signature_bytes, 9U);
}

TEST(ParseJwt, OneAudienceAndFractions_AreRead) {
  const auto parsed = ParseJwt(Token(R"({"alg":"ES256","typ":"application/AT+JWT"})",
                                     R"({"iss":"i","sub":"s","aud":"a","exp":2000.9})"));
  ASSERT_TRUE(std::holds_alternative<Jwt>(parsed));
  const auto& jwt = std::get<Jwt>(parsed);
  EXPECT_EQ(jwt.key_id, std::nullopt);
  EXPECT_EQ(jwt.audiences, std::vector<std::string>{"a"});
  EXPECT_EQ(jwt.expires_at, 2000);
  EXPECT_EQ(jwt.not_before, 0);
}

struct Case {
  const char* name;
  std::string token;
  TokenFault fault;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

std::string WithHeader(const std::string& header) { return Token(header, kClaims); }
std::string WithClaims(const std::string& claims) { return Token(kHeader, claims); }

const Case kRows[] = {
    {"empty", "", TokenFault::kMalformed},
    {"garbage", "garbage", TokenFault::kMalformed},
    {"two_parts", "e30.e30", TokenFault::kMalformed},
    {"four_parts", Token(kHeader, kClaims) + ".e30", TokenFault::kMalformed},
    {"too_large", Token(kHeader, R"({"x":")" + std::string(8192, 'x') + "\"}"),
     TokenFault::kTooLarge},
    {"padding", Base64Url(kHeader) + "=." + Base64Url(kClaims) + ".e30", TokenFault::kMalformed},
    {"usual_base64", "+/+/." + Base64Url(kClaims) + ".e30", TokenFault::kMalformed},
    {"space", " " + Token(kHeader, kClaims), TokenFault::kMalformed},
    {"header_no_json", WithHeader("alg"), TokenFault::kMalformed},
    {"header_list", WithHeader("[]"), TokenFault::kMalformed},
    {"header_not_utf8", WithHeader("{\"alg\":\"RS256\",\"x\":\"\xFF\"}"), TokenFault::kMalformed},
    {"header_member_twice", WithHeader(R"({"alg":"none","alg":"RS256"})"), TokenFault::kMalformed},
    {"header_nul", WithHeader(std::string("{\"alg\":\"RS256\"}\0", 16)), TokenFault::kMalformed},
    {"no_alg", WithHeader("{}"), TokenFault::kMalformed},
    {"alg_number", WithHeader(R"({"alg":256})"), TokenFault::kMalformed},
    {"alg_none", WithHeader(R"({"alg":"none"})"), TokenFault::kAlgorithm},
    {"alg_none_in_capitals", WithHeader(R"({"alg":"NONE"})"), TokenFault::kAlgorithm},
    {"alg_symmetric", WithHeader(R"({"alg":"HS256"})"), TokenFault::kAlgorithm},
    {"alg_unknown", WithHeader(R"({"alg":"EdDSA"})"), TokenFault::kAlgorithm},
    {"alg_lower_case", WithHeader(R"({"alg":"rs256"})"), TokenFault::kAlgorithm},
    {"crit", WithHeader(R"({"alg":"RS256","crit":["b64"],"b64":false})"), TokenFault::kCritical},
    {"crit_empty", WithHeader(R"({"alg":"RS256","crit":[]})"), TokenFault::kCritical},
    {"other_type", WithHeader(R"({"alg":"RS256","typ":"dpop+jwt"})"), TokenFault::kType},
    {"type_number", WithHeader(R"({"alg":"RS256","typ":1})"), TokenFault::kType},
    {"kid_number", WithHeader(R"({"alg":"RS256","kid":1})"), TokenFault::kMalformed},
    {"claims_no_json", WithClaims("x"), TokenFault::kMalformed},
    {"claims_list", WithClaims("[]"), TokenFault::kMalformed},
    {"claims_member_twice", WithClaims(R"({"iss":"i","sub":"s","sub":"t","aud":"a","exp":1})"),
     TokenFault::kMalformed},
    {"claims_too_deep",
     WithClaims(R"({"iss":"i","sub":"s","aud":"a","exp":1,"x":)" + std::string(20, '[') +
                std::string(20, ']') + "}"),
     TokenFault::kMalformed},
    {"no_iss", WithClaims(R"({"sub":"s","aud":"a","exp":1})"), TokenFault::kMalformed},
    {"no_sub", WithClaims(R"({"iss":"i","aud":"a","exp":1})"), TokenFault::kMalformed},
    {"sub_empty", WithClaims(R"({"iss":"i","sub":"","aud":"a","exp":1})"), TokenFault::kMalformed},
    {"sub_line_break", WithClaims(R"({"iss":"i","sub":"a\nb","aud":"a","exp":1})"),
     TokenFault::kMalformed},
    {"sub_too_long",
     WithClaims(R"({"iss":"i","sub":")" + std::string(513, 's') + R"(","aud":"a","exp":1})"),
     TokenFault::kMalformed},
    {"no_aud", WithClaims(R"({"iss":"i","sub":"s","exp":1})"), TokenFault::kMalformed},
    {"aud_number", WithClaims(R"({"iss":"i","sub":"s","aud":[1],"exp":1})"),
     TokenFault::kMalformed},
    {"no_exp", WithClaims(R"({"iss":"i","sub":"s","aud":"a"})"), TokenFault::kMalformed},
    {"exp_text", WithClaims(R"({"iss":"i","sub":"s","aud":"a","exp":"9999999999"})"),
     TokenFault::kMalformed},
    {"exp_negative", WithClaims(R"({"iss":"i","sub":"s","aud":"a","exp":-1})"),
     TokenFault::kMalformed},
    {"exp_absurd", WithClaims(R"({"iss":"i","sub":"s","aud":"a","exp":1e300})"),
     TokenFault::kMalformed},
    {"nbf_text", WithClaims(R"({"iss":"i","sub":"s","aud":"a","exp":1,"nbf":"0"})"),
     TokenFault::kMalformed},
};

class ParseJwtRefuses : public testing::TestWithParam<Case> {};

TEST_P(ParseJwtRefuses, Row) {
  const auto parsed = ParseJwt(GetParam().token);
  const auto* fault = std::get_if<TokenFault>(&parsed);
  ASSERT_NE(fault, nullptr);
  EXPECT_EQ(TokenFaultText(*fault), TokenFaultText(GetParam().fault));
}

INSTANTIATE_TEST_SUITE_P(Rows, ParseJwtRefuses, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(CheckTimes, AtTheLimits_LeewayCounts) {
  EXPECT_EQ(CheckTimes(1000, 2000, 970), std::nullopt);
  EXPECT_EQ(CheckTimes(1000, 2000, 969), TokenFault::kNotYetValid);
  EXPECT_EQ(CheckTimes(1000, 2000, 2029), std::nullopt);
  EXPECT_EQ(CheckTimes(1000, 2000, 2030), TokenFault::kExpired);
}

TEST(Base64Url, EveryLength_RoundTrips) {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(EncodeBase64Url(bytes), Base64Url(bytes));
    EXPECT_EQ(DecodeBase64Url(EncodeBase64Url(bytes)), bytes);
    bytes.push_back(static_cast<char>(i * 37));
  }
}

TEST(Base64Url, OtherForms_AreRefused) {
  EXPECT_EQ(DecodeBase64Url("QQ"), "A");
  EXPECT_EQ(DecodeBase64Url("QQ=="), std::nullopt);
  EXPECT_EQ(DecodeBase64Url("QR"), std::nullopt);  // bits left over: another spelling of "A"
  EXPECT_EQ(DecodeBase64Url("Q"), std::nullopt);
  EXPECT_EQ(DecodeBase64Url("Q Q"), std::nullopt);
}

}  // namespace
}  // namespace enos::gateway
