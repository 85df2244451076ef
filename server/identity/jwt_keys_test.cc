#include "server/identity/jwt_keys.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <ostream>
#include <string>

#include "server/testing/token_maker.h"

namespace enos::gateway {
namespace {

const TokenMaker& RsaMaker() {
  static const auto& maker = *new TokenMaker(TokenMaker::Rsa());
  return maker;
}

const TokenMaker& EcMaker() {
  static const auto& maker = *new TokenMaker(TokenMaker::Ec());
  return maker;
}

JwtKeys Parsed(const std::string& content) {
  auto parsed = ParseJwtKeys(content);
  if (parsed.ok()) return *std::move(parsed);
  ADD_FAILURE() << parsed.status();
  return JwtKeys({});
}

TEST(ParseJwtKeys, KeySet_GivesEachKeyByItsId) {
  const JwtKeys keys = Parsed(KeySet(RsaMaker().Jwk("r", R"(,"use":"sig","alg":"RS256")") + "," +
                                     EcMaker().Jwk("e", R"(,"key_ops":["verify"])")));
  EXPECT_EQ(keys.size(), 2U);
  ASSERT_NE(keys.Find("r"), nullptr);
  EXPECT_EQ(keys.Find("r")->type, JwtKey::Type::kRsa);
  EXPECT_TRUE(Fits(*keys.Find("r"), JwtAlgorithm::kRs256));
  EXPECT_FALSE(Fits(*keys.Find("r"), JwtAlgorithm::kPs256));
  EXPECT_TRUE(Fits(*keys.Find("e"), JwtAlgorithm::kEs256));
  EXPECT_FALSE(Fits(*keys.Find("e"), JwtAlgorithm::kEs384));
  EXPECT_EQ(keys.Find("x"), nullptr);
  EXPECT_EQ(keys.Find(std::nullopt), nullptr);
}

TEST(ParseJwtKeys, KeysForOtherThings_AreLeftOut) {
  const JwtKeys keys = Parsed(KeySet(RsaMaker().Jwk("enc", R"(,"use":"enc")") + "," +
                                     RsaMaker().Jwk("wrap", R"(,"alg":"RSA-OAEP")") + "," +
                                     EcMaker().Jwk("derive", R"(,"key_ops":["deriveKey"])") +
                                     R"(,{"kty":"OKP","crv":"Ed25519","x":"AA","kid":"okp"},)" +
                                     EcMaker().Jwk("e")));
  EXPECT_EQ(keys.size(), 1U);
  EXPECT_NE(keys.Find("e"), nullptr);
}

TEST(ParseJwtKeys, OneKeyWithoutId_IsTakenWhateverTheTokenSays) {
  const JwtKeys keys = Parsed(KeySet(RsaMaker().Jwk("")));
  EXPECT_NE(keys.Find("any"), nullptr);
  EXPECT_NE(keys.Find(std::nullopt), nullptr);
}

TEST(ParseJwtKeys, OneKeyWithAnId_IsTakenForItAndForNone) {
  const JwtKeys keys = Parsed(KeySet(RsaMaker().Jwk("r")));
  EXPECT_NE(keys.Find("r"), nullptr);
  EXPECT_NE(keys.Find(std::nullopt), nullptr);
  EXPECT_EQ(keys.Find("other"), nullptr);
}

TEST(ParseJwtKeys, Pem_TakesSeveralKeysWithTheIdsOfKubernetes) {
  // openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | basenc --base64url
  constexpr char kKey[] =
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUcAmiyRDAyB9Cv8BTDn0Zr98EtMg\n"
      "sXWZOPVbEitDP0vIVNPRhVNoVEfVbRPpjEoB/kw8QIE2FA+hzKUrCg5uGw==\n"
      "-----END PUBLIC KEY-----\n";
  const JwtKeys keys = Parsed(RsaMaker().Pem() + kKey);
  EXPECT_EQ(keys.size(), 2U);
  EXPECT_NE(keys.Find("WWy6cVf83su6pmzWDvW28ZYHGNx9MybG-DN1WHOx0I0"), nullptr);
  EXPECT_EQ(keys.Find("other"), nullptr);
  const JwtKeys one = Parsed(kKey);
  EXPECT_NE(one.Find("other"), nullptr);
}

TEST(ParseJwtKeys, AllCurves_AreRead) {
  for (const char* const curve : {"P-256", "P-384", "P-521"}) {
    const TokenMaker maker = TokenMaker::Ec(curve);
    EXPECT_EQ(Parsed(KeySet(maker.Jwk("k"))).size(), 1U) << curve;
    EXPECT_EQ(Parsed(maker.Pem()).size(), 1U) << curve;
  }
}

struct BadCase {
  const char* name;
  std::string content;
  std::string error;  // what it begins with
};

void PrintTo(const BadCase& c, std::ostream* out) { *out << c.name; }

std::string Jwk(const std::string& members) { return KeySet("{" + members + "}"); }

const BadCase kBadRows[] = {
    {"empty", "", "line 1, column 1: "},
    {"half_a_key_set", R"({"keys": [)", "line 1, column "},
    {"half_a_pem", EcMaker().Pem().substr(0, 100), "PEM block 1: cannot be read"},
    {"pem_then_half_a_pem", RsaMaker().Pem() + EcMaker().Pem().substr(0, 100),
     "PEM block 2: cannot be read"},
    {"no_keys", "{}", R"($: expected an object with a list "keys")"},
    {"keys_no_list", R"({"keys": {}})", R"($: expected an object with a list "keys")"},
    {"one_jwk_alone", EcMaker().Jwk("e"), R"($: expected an object with a list "keys")"},
    {"nothing_for_signatures", KeySet(RsaMaker().Jwk("r", R"(,"use":"enc")")),
     "has no key for signatures"},
    {"symmetric", Jwk(R"("kty":"oct","k":"c2VjcmV0")"), "$.keys[0]: is a private or symmetric key"},
    {"private_jwk", KeySet(EcMaker().Jwk("e", R"(,"d":"AAAA")")),
     "$.keys[0]: is a private or symmetric key"},
    {"private_pem", EcMaker().PrivatePem(), "PEM block 1: is a private key"},
    {"certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
     R"(PEM block 1: is no "PUBLIC KEY")"},
    {"pem_nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
     "PEM block 1: cannot be decoded"},
    {"weak_rsa", KeySet(TokenMaker::Rsa(1024).Jwk("r")),
     "$.keys[0]: is an RSA key of 1024 bits, expected 2048 to 8192"},
    {"weak_rsa_pem", TokenMaker::Rsa(1024).Pem(), "PEM block 1: is an RSA key of 1024 bits"},
    {"other_curve_pem", TokenMaker::Ec("secp256k1").Pem(), "PEM block 1: is neither"},
    {"rsa_without_n", Jwk(R"("kty":"RSA","e":"AQAB")"), R"($.keys[0]: has no "n" and "e")"},
    {"ec_other_curve", Jwk(R"("kty":"EC","crv":"secp256k1","x":"AA","y":"AA")"),
     R"($.keys[0]: has another "crv")"},
    {"ec_short", Jwk(R"("kty":"EC","crv":"P-256","x":"AA","y":"AA")"),
     "$.keys[0]: its coordinates do not have the length"},
    {"ec_point_off_the_curve",
     Jwk(R"("kty":"EC","crv":"P-256","x":")" + Base64Url(std::string(32, 'x')) + R"(","y":")" +
         Base64Url(std::string(32, 'y')) + "\""),
     "$.keys[0]: its numbers are not a public key"},
    {"alg_of_another_type", KeySet(EcMaker().Jwk("e", R"(,"alg":"RS256")")),
     R"($.keys[0]: has an "alg" that is not for)"},
    {"kid_number", KeySet(EcMaker().Jwk("", R"(,"kid":1)")), R"($.keys[0]: has a "kid")"},
    {"kid_twice", KeySet(EcMaker().Jwk("k") + "," + RsaMaker().Jwk("k")),
     "has two keys with the same id"},
    {"too_large", std::string(kMaxKeyFileBytes + 1, ' '), "larger than 1 MiB"},
};

TEST(ParseJwtKeys, Pem_LeavesNoErrorOfOpenSsl) {
  EXPECT_EQ(Parsed(RsaMaker().Pem()).size(), 1U);  // its end is an error to OpenSSL
  EXPECT_EQ(ERR_peek_error(), 0U);
}

class ParseJwtKeysRefuses : public testing::TestWithParam<BadCase> {};

TEST_P(ParseJwtKeysRefuses, WithThePlace) {
  const auto parsed = ParseJwtKeys(GetParam().content);
  ASSERT_FALSE(parsed.ok());
  const std::string error(parsed.status().message());
  EXPECT_EQ(error.substr(0, GetParam().error.size()), GetParam().error) << error;
  EXPECT_EQ(ERR_peek_error(), 0U) << "gRPC's TLS would take it for its own";
}

INSTANTIATE_TEST_SUITE_P(Rows, ParseJwtKeysRefuses, testing::ValuesIn(kBadRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace enos::gateway
