#include "server/reload/key_reloader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/testing/log_capture.h"
#include "server/testing/mounted_files.h"

namespace enos::gateway {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Contents = MountedFiles::Contents;

class KeyReloaderTest : public ::testing::Test {
 protected:
  KeyReloader Reloader(bool access_from_file = true) {
    return {{access_from_file ? files_.path("access") : "", files_.path("secret")},
            ShareCredentials(Secret("access-1"), Secret("secret-1")),
            [this](const SharedCredentials& keys) {
              used_.push_back(std::string(keys->access_key.Reveal()) + "/" +
                              std::string(keys->secret_key.Reveal()));
              // What is applied is already masked.
              Log(LogLevel::kInfo, "used", {{"secret", keys->secret_key.Reveal()}});
            },
            [this] { ++unusable_; }};
  }
  static void Settle(WatchedFiles& watched) {
    for (int i = 0; i < 3; ++i) watched.Poll();
  }

  LogCapture log_;
  MountedFiles files_{Contents{{"access", "access-1\n"}, {"secret", "secret-1\n"}}};
  std::vector<std::string> used_;
  int unusable_ = 0;
};

TEST_F(KeyReloaderTest, NothingChanged_GivesNothing) {
  KeyReloader reloader = Reloader();
  WatchedFiles watched(reloader.WatchedSet(), nullptr);
  Settle(watched);
  EXPECT_THAT(used_, IsEmpty());
  EXPECT_EQ(unusable_, 0);
}

TEST_F(KeyReloaderTest, BothChanged_GivesBothTogetherMasked) {
  KeyReloader reloader = Reloader();
  WatchedFiles watched(reloader.WatchedSet(), nullptr);
  files_.Swap({{"access", "access-2"}, {"secret", "secret-2\r\n"}});
  Settle(watched);
  EXPECT_THAT(used_, ElementsAre("access-2/secret-2"));
  EXPECT_THAT(log_.Text(), Not(HasSubstr("secret-2")));
}

TEST_F(KeyReloaderTest, OnlyOneFromFile_TheOtherStays) {
  KeyReloader reloader = Reloader(/*access_from_file=*/false);
  WatchedFiles watched(reloader.WatchedSet(), nullptr);
  files_.Overwrite("secret", "secret-3");
  Settle(watched);
  EXPECT_THAT(used_, ElementsAre("access-1/secret-3"));
}

TEST_F(KeyReloaderTest, NoKeyInFile_IsSaidWithoutItsContentsAndItsReturnIsGiven) {
  KeyReloader reloader = Reloader();
  WatchedFiles watched(reloader.WatchedSet(), nullptr);
  files_.Overwrite("secret", "two words");
  Settle(watched);
  EXPECT_THAT(used_, IsEmpty());
  EXPECT_EQ(unusable_, 1);
  EXPECT_THAT(log_.Text(), AllOf(HasSubstr("keys not reloaded"), HasSubstr("holds no key"),
                                 Not(HasSubstr("two words"))));
  files_.Overwrite("secret", "secret-1");
  Settle(watched);
  EXPECT_THAT(used_, ElementsAre("access-1/secret-1"));
}

TEST_F(KeyReloaderTest, FileGone_IsSaid) {
  KeyReloader reloader = Reloader();
  WatchedFiles watched(reloader.WatchedSet(), nullptr);
  files_.Swap({{"access", "access-1"}});
  Settle(watched);
  EXPECT_EQ(unusable_, 1);
  EXPECT_THAT(log_.Text(), HasSubstr("No such file"));
}

}  // namespace
}  // namespace enos::gateway
