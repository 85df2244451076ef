#include "server/tls/tls_material.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <chrono>
#include <string>

#include "sandbox/http/test_certificates.h"

namespace enos::gateway {
namespace {

using In = TlsProblem::In;
using sandbox::MakeTestAuthority;
using sandbox::MakeTestServerCertificate;
using sandbox::TestCertificate;

const TestCertificate& Authority() {
  static const auto& authority = *new TestCertificate(MakeTestAuthority("tls material"));
  return authority;
}

const TestCertificate& Server() {
  static const auto& server = *new TestCertificate(MakeTestServerCertificate(Authority()));
  return server;
}

TlsMaterial Material(const std::string& certificate, const std::string& key,
                     const std::optional<std::string>& client_ca = std::nullopt) {
  TlsMaterial material{Secret(certificate), Secret(key), std::nullopt};
  if (client_ca) material.client_ca = Secret(*client_ca);
  return material;
}

// The result of FindTlsProblem: "certificate: it is empty"; "fine".
std::string ProblemOf(const TlsMaterial& material) {
  const auto problem = FindTlsProblem(material);
  if (!problem) return "fine";
  const char* const in = problem->in == In::kCertificate ? "certificate: "
                         : problem->in == In::kKey       ? "key: "
                                                         : "client CA: ";
  return in + problem->why;
}

std::string HalfOf(const std::string& pem) { return pem.substr(0, pem.size() / 2); }

std::string EncryptedKey() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, EVP_aes_128_cbc(), nullptr, 0, nullptr,
                           const_cast<char*>("password"));
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);  // NOLINT(google-runtime-int): OpenSSL's type
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  EVP_PKEY_free(key);
  return pem;
}

struct Row {
  const char* name;
  TlsMaterial (*material)();
  const char* problem;
};

class TlsMaterialTest : public testing::TestWithParam<Row> {};

TEST_P(TlsMaterialTest, IsJudged) {
  const TlsMaterial material = GetParam().material();
  ERR_clear_error();
  EXPECT_EQ(ProblemOf(material), GetParam().problem);
  EXPECT_EQ(ERR_peek_error(), 0U) << "gRPC's TLS would take it for its own";
}

const auto& S = Server;
const auto& A = Authority;
constexpr char kDoesNotFit[] = "key: it does not belong to the first certificate of the other file";

const Row kRows[] = {
    {"Pair", [] { return Material(S().certificate_pem, S().private_key_pem); }, "fine"},
    {"WithClientCa",
     [] { return Material(S().certificate_pem, S().private_key_pem, A().certificate_pem); },
     "fine"},
    {"ChainAndTextAround",
     [] {
       return Material("a comment\n" + S().certificate_pem + "another\n" + A().certificate_pem,
                       S().private_key_pem);
     },
     "fine"},
    {"KeyAndCertificateInOneFile",
     [] {
       const std::string both = S().private_key_pem + S().certificate_pem;
       return Material(both, both);
     },
     "fine"},
    {"NoCertificate", [] { return Material("", S().private_key_pem); }, "certificate: it is empty"},
    {"CertificateIsGarbage", [] { return Material("garbage", S().private_key_pem); },
     "certificate: it has no certificate"},
    {"CertificateFileIsTheKey", [] { return Material(S().private_key_pem, S().private_key_pem); },
     "certificate: it has no certificate"},
    {"CertificateHalfWritten",
     [] { return Material(HalfOf(S().certificate_pem), S().private_key_pem); },
     "certificate: a certificate in it is damaged"},
    {"SecondCertificateHalfWritten",
     [] {
       return Material(S().certificate_pem + HalfOf(A().certificate_pem), S().private_key_pem);
     },
     "certificate: a certificate in it is damaged"},
    {"CertificateWithZeroByte",
     [] { return Material(S().certificate_pem + std::string(1, '\0'), S().private_key_pem); },
     "certificate: it is not PEM"},
    {"NoKey", [] { return Material(S().certificate_pem, ""); }, "key: it is empty"},
    {"KeyIsGarbage", [] { return Material(S().certificate_pem, "garbage"); },
     "key: it has no private key"},
    {"KeyHalfWritten", [] { return Material(S().certificate_pem, HalfOf(S().private_key_pem)); },
     "key: the private key in it is damaged"},
    {"KeyEncrypted", [] { return Material(S().certificate_pem, EncryptedKey()); },
     "key: it is encrypted"},
    {"KeyOfAnother", [] { return Material(S().certificate_pem, A().private_key_pem); },
     kDoesNotFit},
    {"AuthorityBeforeServer",
     [] { return Material(A().certificate_pem + S().certificate_pem, S().private_key_pem); },
     kDoesNotFit},
    {"ClientCaEmpty", [] { return Material(S().certificate_pem, S().private_key_pem, ""); },
     "client CA: it is empty"},
    {"ClientCaGarbage",
     [] { return Material(S().certificate_pem, S().private_key_pem, "garbage"); },
     "client CA: it has no certificate"},
    {"ClientCaHalfWritten",
     [] { return Material(S().certificate_pem, S().private_key_pem, HalfOf(A().certificate_pem)); },
     "client CA: a certificate in it is damaged"},
};

INSTANTIATE_TEST_SUITE_P(All, TlsMaterialTest, testing::ValuesIn(kRows),
                         [](const auto& tested) { return tested.param.name; });

TEST(TlsValidity, Chain_IsTheTimeInWhichAllAreValid) {
  sandbox::TestServerName name;
  name.valid_from = -absl::Minutes(10);
  name.valid_until = absl::Minutes(10);
  const TestCertificate server = MakeTestServerCertificate(Authority(), name);
  const TlsValidity validity = ValidityOf(
      Material(server.certificate_pem + Authority().certificate_pem, server.private_key_pem));
  const auto now = std::chrono::system_clock::now();
  EXPECT_LT(validity.from, now);
  EXPECT_GT(validity.from, now - std::chrono::minutes(20));
  EXPECT_GT(validity.until, now);
  EXPECT_LT(validity.until, now + std::chrono::minutes(20));
}

TEST(TlsMaterial, ThroughFileContents_StaysTheSame) {
  const TlsMaterial material = MaterialOf(ContentsOf(Material("c", "k", "a")));
  EXPECT_EQ(material.certificate.Reveal(), "c");
  EXPECT_EQ(material.key.Reveal(), "k");
  EXPECT_EQ(material.client_ca->Reveal(), "a");
  EXPECT_FALSE(MaterialOf(ContentsOf(Material("c", "k"))).client_ca);
}

}  // namespace
}  // namespace enos::gateway
