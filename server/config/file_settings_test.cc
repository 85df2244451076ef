// Every setting that names a file, with real files that are none: a start must not wait for them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <map>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "sandbox/http/test_certificates.h"
#include "server/base/read_file.h"
#include "server/config/parse_settings.h"
#include "server/testing/mounted_files.h"

namespace enos::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Variables = std::map<std::string, std::string, std::less<>>;

// A setting, and how its error line begins.
struct FileSetting {
  const char* name;
  const char* variable;
  const char* line;
};

void PrintTo(const FileSetting& setting, std::ostream* out) { *out << setting.name; }

const FileSetting kSettings[] = {
    {"AccessKey", "ENOS_ACCESS_KEY_FILE", "ENOS_ACCESS_KEY_FILE: "},
    {"SecretKey", "ENOS_SECRET_KEY_FILE", "ENOS_SECRET_KEY_FILE: "},
    {"TlsCert", "ENOS_GATEWAY_TLS_CERT_FILE", "ENOS_GATEWAY_TLS_CERT_FILE (--tls_cert_file): "},
    {"TlsKey", "ENOS_GATEWAY_TLS_KEY_FILE", "ENOS_GATEWAY_TLS_KEY_FILE (--tls_key_file): "},
    {"TlsClientCa", "ENOS_GATEWAY_TLS_CLIENT_CA_FILE",
     "ENOS_GATEWAY_TLS_CLIENT_CA_FILE (--tls_client_ca_file): "},
    {"EnosCa", "ENOS_GATEWAY_ENOS_CA_FILE", "ENOS_GATEWAY_ENOS_CA_FILE (--enos_ca_file): "},
};

enum class Kind { kPipe, kFolder, kSocket, kDevice };

std::string NameOf(Kind kind) {
  switch (kind) {
    case Kind::kPipe:
      return "Pipe";
    case Kind::kFolder:
      return "Folder";
    case Kind::kSocket:
      return "Socket";
    case Kind::kDevice:
      return "Device";
  }
  return "";
}

class FileSettings : public testing::Test {
 protected:
  // The path of a file of that kind.
  std::string Make(Kind kind) const {
    std::string path = files_.path("not_a_file");
    switch (kind) {
      case Kind::kPipe:
        EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
        break;
      case Kind::kFolder:
        EXPECT_EQ(::mkdir(path.c_str(), 0700), 0);
        break;
      case Kind::kSocket:
        EXPECT_EQ(::mknod(path.c_str(), S_IFSOCK | 0600, 0), 0);
        break;
      case Kind::kDevice:
        path = "/dev/zero";  // endless
        break;
    }
    return path;
  }

  // The result of a start with these variables, and valid files for all others.
  std::variant<Settings, ExitNow> ParseWith(const std::string& variable, const std::string& path) {
    Variables variables = {{"ENOS_API_URL", "https://apim.example.com"},
                           {"ENOS_ACCESS_KEY_FILE", files_.path("access_key")},
                           {"ENOS_SECRET_KEY_FILE", files_.path("secret_key")},
                           {"ENOS_GATEWAY_TLS_CERT_FILE", files_.path("tls.crt")},
                           {"ENOS_GATEWAY_TLS_KEY_FILE", files_.path("tls.key")},
                           {"ENOS_GATEWAY_TLS_CLIENT_CA_FILE", files_.path("ca.crt")},
                           {"ENOS_GATEWAY_ENOS_CA_FILE", files_.path("ca.crt")}};
    if (!variable.empty()) variables[variable] = path;
    return ParseSettings(
        0, nullptr,
        [&](std::string_view name) {
          const auto found = variables.find(name);
          return found == variables.end() ? std::nullopt : std::make_optional(found->second);
        },
        &ReadWholeFile);
  }

  // The same, on a thread: if it waits for a pipe's writer, one is provided after a failure.
  std::variant<Settings, ExitNow> ParseInTime(const std::string& variable,
                                              const std::string& path) {
    auto parsed = std::async(std::launch::async, [&] { return ParseWith(variable, path); });
    if (parsed.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
      ADD_FAILURE() << "it waits for the file";
      ::close(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    }
    return parsed.get();
  }

  const sandbox::TestCertificate authority_ = sandbox::MakeTestAuthority("authority");
  const sandbox::TestCertificate server_ = sandbox::MakeTestServerCertificate(authority_);
  const MountedFiles files_{{{"access_key", "access\n"},
                             {"secret_key", "secret\n"},
                             {"tls.crt", server_.certificate_pem},
                             {"tls.key", server_.private_key_pem},
                             {"ca.crt", authority_.certificate_pem}}};
};

class FileSettingsTable : public FileSettings,
                          public testing::WithParamInterface<std::tuple<FileSetting, Kind>> {};

TEST_P(FileSettingsTable, NotARegularFile_IsOneLineThatNamesItAtOnce) {
  const auto& [setting, kind] = GetParam();
  const std::string path = Make(kind);
  const auto parsed = ParseInTime(setting.variable, path);
  const auto* exit = std::get_if<ExitNow>(&parsed);
  ASSERT_NE(exit, nullptr);
  EXPECT_EQ(exit->status, 2);
  EXPECT_THAT(exit->text, AllOf(StartsWith(std::string("enos-flow-gateway: ") + setting.line),
                                HasSubstr("\"" + path + "\""), HasSubstr("(not a regular file)")));
  EXPECT_EQ(exit->text.find('\n'), exit->text.size() - 1) << exit->text;
}

INSTANTIATE_TEST_SUITE_P(All, FileSettingsTable,
                         testing::Combine(testing::ValuesIn(kSettings),
                                          testing::Values(Kind::kPipe, Kind::kFolder, Kind::kSocket,
                                                          Kind::kDevice)),
                         [](const auto& tested) {
                           return std::get<0>(tested.param).name +
                                  NameOf(std::get<1>(tested.param));
                         });

// As Kubernetes mounts Secrets.
TEST_F(FileSettings, LinksToFiles_AreRead) {
  const auto parsed = ParseWith("", "");
  const auto* settings = std::get_if<Settings>(&parsed);
  ASSERT_NE(settings, nullptr) << std::get<ExitNow>(parsed).text;
  EXPECT_EQ(settings->secret_key.Reveal(), "secret");
  EXPECT_EQ(settings->tls->key.Reveal(), server_.private_key_pem);
}

}  // namespace
}  // namespace enos::gateway
