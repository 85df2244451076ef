// The listener's TLS files: read and checked together with the settings that name them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "sandbox/http/test_certificates.h"
#include "server/config/parse_settings.h"

namespace enos::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::map<std::string, std::string>& Files() {
  static const auto& files = *[] {
    const auto ca = sandbox::MakeTestAuthority("tls settings");
    const auto one = sandbox::MakeTestServerCertificate(ca);
    const auto two = sandbox::MakeTestServerCertificate(ca);
    return new std::map<std::string, std::string>{
        {"/ca", ca.certificate_pem},   {"/cert", one.certificate_pem},
        {"/key", one.private_key_pem}, {"/other_key", two.private_key_pem},
        {"/garbage", "garbage"},       {"/huge", std::string((1 << 20) + 1, 'x')}};
  }();
  return files;
}

absl::Status TooLarge(size_t limit) {
  return absl::UnavailableError("larger than " + std::to_string(limit) + " bytes");
}

std::variant<Settings, ExitNow> Parse(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"enos-flow-gateway", "--enos_url=https://apim.example.com"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  const EnvLookup look_up = [](std::string_view name) -> std::optional<std::string> {
    const bool key = name == "ENOS_ACCESS_KEY" || name == "ENOS_SECRET_KEY";
    return key ? std::make_optional<std::string>("a-key") : std::nullopt;
  };
  const FileReader read = [](const std::string& path, size_t limit) -> absl::StatusOr<Secret> {
    const auto file = Files().find(path);
    if (file == Files().end()) return absl::NotFoundError("No such file or directory");
    if (file->second.size() > limit) return TooLarge(limit);
    return Secret(file->second);
  };
  return ParseSettings(static_cast<int>(argv.size()), argv.data(), look_up, read);
}

std::string ErrorOf(const std::vector<std::string>& arguments) {
  const auto parsed = Parse(arguments);
  const auto* exit = std::get_if<ExitNow>(&parsed);
  if (exit == nullptr) return "no error";
  EXPECT_EQ(exit->status, 2);
  EXPECT_THAT(exit->text, Not(HasSubstr("BEGIN")));
  return exit->text;
}

TEST(TlsSettings, CertificateAndKey_AreReadAndAllowEveryAddress) {
  const auto parsed = Parse({"--listen=:1", "--tls_cert_file=/cert", "--tls_key_file=/key"});
  const auto* settings = std::get_if<Settings>(&parsed);
  ASSERT_NE(settings, nullptr) << std::get<ExitNow>(parsed).text;
  ASSERT_TRUE(settings->tls);
  EXPECT_EQ(settings->tls->certificate.Reveal(), Files().at("/cert"));
  EXPECT_EQ(settings->tls->key.Reveal(), Files().at("/key"));
  EXPECT_FALSE(settings->tls->client_ca);
  EXPECT_EQ(settings->tls_files.certificate, "/cert");
}

TEST(TlsSettings, ClientCa_IsRead) {
  const auto parsed =
      Parse({"--tls_cert_file=/cert", "--tls_key_file=/key", "--tls_client_ca_file=/ca"});
  const auto* settings = std::get_if<Settings>(&parsed);
  ASSERT_NE(settings, nullptr) << std::get<ExitNow>(parsed).text;
  EXPECT_EQ(settings->tls->client_ca->Reveal(), Files().at("/ca"));
}

TEST(TlsSettings, None_IsPlaintext) {
  const auto parsed = Parse({});
  EXPECT_FALSE(std::get<Settings>(parsed).tls);
}

struct Row {
  const char* name;
  std::vector<std::string> arguments;
  const char* error;
};

class BadTlsSettings : public testing::TestWithParam<Row> {};

TEST_P(BadTlsSettings, StopTheStartWithOneLine) {
  EXPECT_THAT(ErrorOf(GetParam().arguments),
              StartsWith(std::string("enos-flow-gateway: ") + GetParam().error));
}

const std::string kCert = "--tls_cert_file=/cert";
const std::string kKey = "--tls_key_file=/key";
constexpr char kNoKey[] =
    "--tls_key_file (ENOS_GATEWAY_TLS_KEY_FILE): missing although another --tls_ setting is set, "
    "expected a "
    "file with the PEM private key of the certificate, not encrypted, or nothing\n";
constexpr char kNoCertificate[] =
    "--tls_cert_file (ENOS_GATEWAY_TLS_CERT_FILE): missing although another --tls_ setting is set, "
    "expected ";

INSTANTIATE_TEST_SUITE_P(
    All, BadTlsSettings,
    testing::Values(
        Row{"CertificateAlone", {kCert}, kNoKey}, Row{"KeyAlone", {kKey}, kNoCertificate},
        Row{"ClientCaAlone", {"--tls_client_ca_file=/ca"}, kNoCertificate},
        Row{"CertificateNotThere",
            {"--tls_cert_file=/none", kKey},
            "--tls_cert_file (ENOS_GATEWAY_TLS_CERT_FILE): \"/none\" is not valid, expected a file "
            "of PEM certificates that can be read, the server's own first, or nothing (No such "
            "file or directory)\n"},
        Row{"CertificateIsGarbage",
            {"--tls_cert_file=/garbage", kKey},
            "--tls_cert_file (ENOS_GATEWAY_TLS_CERT_FILE): \"/garbage\" is not valid, expected a "
            "file of PEM certificates that can be read, the server's own first, or nothing (it has "
            "no certificate)\n"},
        Row{"KeyOfAnother",
            {kCert, "--tls_key_file=/other_key"},
            "--tls_key_file (ENOS_GATEWAY_TLS_KEY_FILE): \"/other_key\" is not valid, expected a "
            "file with the PEM private key of the certificate, not encrypted, or nothing (it does "
            "not belong to the first certificate of the other file)\n"},
        Row{"KeyTooLarge",
            {kCert, "--tls_key_file=/huge"},
            "--tls_key_file (ENOS_GATEWAY_TLS_KEY_FILE): \"/huge\" is not valid, expected a file "
            "with the PEM private key of the certificate, not encrypted, or nothing (larger than "
            "1048576 bytes)\n"},
        Row{"ClientCaIsGarbage",
            {kCert, kKey, "--tls_client_ca_file=/garbage"},
            "--tls_client_ca_file (ENOS_GATEWAY_TLS_CLIENT_CA_FILE): \"/garbage\" is not valid, "
            "expected a file of PEM certificates that can be read, or nothing (it has no "
            "certificate)\n"}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace enos::gateway
