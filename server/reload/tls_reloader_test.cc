#include "server/reload/tls_reloader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "sandbox/http/test_certificates.h"
#include "server/testing/log_capture.h"
#include "server/testing/mounted_files.h"

namespace enos::gateway {
namespace {

using sandbox::TestCertificate;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

MountedFiles::Contents Mounted(const TestCertificate& pair, const std::string& ca) {
  return {{"tls.crt", pair.certificate_pem}, {"tls.key", pair.private_key_pem}, {"ca.crt", ca}};
}

class TlsReloaderTest : public ::testing::Test {
 protected:
  TestCertificate NewPair(absl::Duration until = absl::Hours(24)) const {
    sandbox::TestServerName name;
    name.valid_until = until;
    return sandbox::MakeTestServerCertificate(authority_, name);
  }

  WatchedFiles Watch() {
    const auto known = ReadFilesTogether(paths_.Paths(), kMaxTlsFileBytes);
    return {reloader_.WatchedSet(), &known.value()};
  }

  void Settle(WatchedFiles& watched) {
    for (int i = 0; i < 3; ++i) watched.Poll();
  }

  LogCapture log_;
  const TestCertificate authority_ = sandbox::MakeTestAuthority("tls reloader");
  const TestCertificate first_ = NewPair();
  MountedFiles files_{Mounted(first_, authority_.certificate_pem)};
  const TlsFiles paths_{files_.path("tls.crt"), files_.path("tls.key"), files_.path("ca.crt")};
  WallTime now_ = std::chrono::system_clock::now();
  std::vector<TlsMaterial> used_;
  std::vector<bool> reloads_;
  std::vector<WallTime> expiries_;
  std::string log_before_reload_;
  TlsReloader reloader_{paths_,
                        [this] { return now_; },
                        [this](TlsMaterial material) { used_.push_back(std::move(material)); },
                        {[this](bool ok) {
                           reloads_.push_back(ok);
                           log_before_reload_ = log_.Text();
                         },
                         [this](WallTime until) { expiries_.push_back(until); }}};
};

TEST_F(TlsReloaderTest, SwappedForGoodFiles_AreUsed) {
  WatchedFiles watched = Watch();
  const TestCertificate second = NewPair();
  files_.Swap(Mounted(second, authority_.certificate_pem));
  Settle(watched);
  ASSERT_EQ(used_.size(), 1U);
  EXPECT_EQ(used_[0].certificate.Reveal(), second.certificate_pem);
  EXPECT_EQ(used_[0].key.Reveal(), second.private_key_pem);
  EXPECT_EQ(used_[0].client_ca->Reveal(), authority_.certificate_pem);
  EXPECT_THAT(reloads_, ElementsAre(true));
  EXPECT_EQ(expiries_.size(), 1U);
  EXPECT_THAT(log_before_reload_, Not(HasSubstr("certificate reloaded")));
  EXPECT_THAT(log_.Text(), HasSubstr("certificate reloaded"));
}

struct BadRow {
  const char* name;
  void (*change)(MountedFiles& files, const TestCertificate& first, const TestCertificate& second);
  const char* because;
};

class TlsReloaderBadFilesTest : public TlsReloaderTest,
                                public ::testing::WithParamInterface<BadRow> {};

TEST_P(TlsReloaderBadFilesTest, KeepsTheOldOnesAndSaysSoThenTakesGoodOnes) {
  WatchedFiles watched = Watch();
  const TestCertificate second = NewPair();
  GetParam().change(files_, first_, second);
  Settle(watched);
  EXPECT_THAT(used_, IsEmpty());
  EXPECT_THAT(reloads_, ElementsAre(false));
  EXPECT_THAT(expiries_, IsEmpty());
  EXPECT_THAT(log_before_reload_, Not(HasSubstr("certificate not reloaded")));
  EXPECT_THAT(log_.Text(), AllOf(HasSubstr("warning certificate not reloaded"),
                                 HasSubstr(GetParam().because), Not(HasSubstr("BEGIN"))));
  files_.Swap(Mounted(second, authority_.certificate_pem));
  Settle(watched);
  EXPECT_EQ(used_.size(), 1U);
  EXPECT_THAT(reloads_, ElementsAre(false, true));
}

const BadRow kBadRows[] = {
    {"Garbage",
     [](MountedFiles& files, const TestCertificate&, const TestCertificate&) {
       files.Overwrite("tls.crt", "garbage");
     },
     "tls.crt\\\": it has no certificate"},
    {"HalfWrittenKey",
     [](MountedFiles& files, const TestCertificate& first, const TestCertificate&) {
       files.Overwrite("tls.key", first.private_key_pem.substr(0, 80));
     },
     "tls.key\\\": the private key in it is damaged"},
    {"KeyThatDoesNotMatch",
     [](MountedFiles& files, const TestCertificate&, const TestCertificate& second) {
       files.Overwrite("tls.crt", second.certificate_pem);
     },
     "tls.key\\\": it does not belong"},
    {"EmptyClientCa",
     [](MountedFiles& files, const TestCertificate&, const TestCertificate&) {
       files.Overwrite("ca.crt", "");
     },
     "ca.crt\\\": it is empty"},
    {"FileGone",
     [](MountedFiles& files, const TestCertificate& first, const TestCertificate&) {
       files.Swap({{"tls.crt", first.certificate_pem}, {"ca.crt", first.certificate_pem}});
     },
     "tls.key\\\": No such file or directory"},
};

INSTANTIATE_TEST_SUITE_P(All, TlsReloaderBadFilesTest, ::testing::ValuesIn(kBadRows),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(TlsReloaderTest, SwappedForExpiredCertificate_IsUsedAndSaysSo) {
  WatchedFiles watched = Watch();
  files_.Swap(Mounted(NewPair(-absl::Minutes(1)), authority_.certificate_pem));
  Settle(watched);
  EXPECT_EQ(used_.size(), 1U);
  EXPECT_THAT(reloads_, ElementsAre(true));
  EXPECT_THAT(log_.Text(), HasSubstr("warning certificate is expired"));
}

TEST_F(TlsReloaderTest, StartedWithCertificateOfTheFuture_SaysSo) {
  reloader_.Started({now_ + std::chrono::hours(1), now_ + std::chrono::hours(2)});
  EXPECT_THAT(log_.Text(), HasSubstr("warning certificate is not valid yet"));
  EXPECT_THAT(expiries_, ElementsAre(now_ + std::chrono::hours(2)));
  EXPECT_THAT(reloads_, IsEmpty());
}

}  // namespace
}  // namespace enos::gateway
