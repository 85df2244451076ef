#include "server/reload/watched_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "server/testing/mounted_files.h"

namespace enos::gateway {
namespace {

using Contents = MountedFiles::Contents;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WatchedFilesTest : public ::testing::Test {
 protected:
  WatchedFileSet Set() {
    WatchedFileSet set;
    set.paths = {files_.path("cert"), files_.path("key")};
    set.max_bytes = 10;
    set.on_change = [this](const FileContents& contents) {
      std::string text;
      for (const Secret& content : contents) text.append(content.Reveal()).append("|");
      told_.push_back(text);
    };
    set.on_unreadable = [this](const std::string& failure) { told_.push_back(failure); };
    return set;
  }

  WatchedFiles WatchKnown() {
    const auto known = ReadFilesTogether(Set().paths, 10);
    return {Set(), &known.value()};
  }

  MountedFiles files_{Contents{{"cert", "c1"}, {"key", "k1"}}};
  std::vector<std::string> told_;
};

TEST_F(WatchedFilesTest, NothingChanged_IsSilent) {
  WatchedFiles watched = WatchKnown();
  for (int i = 0; i < 4; ++i) watched.Poll();
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(WatchedFilesTest, NothingKnown_ReportsTheFirstState) {
  WatchedFiles watched(Set(), nullptr);
  for (int i = 0; i < 4; ++i) watched.Poll();
  EXPECT_THAT(told_, ElementsAre("c1|k1|"));
}

TEST_F(WatchedFilesTest, SymlinkSwap_ReportsBothFilesOnce) {
  WatchedFiles watched = WatchKnown();
  watched.Poll();
  files_.Swap({{"cert", "c2"}, {"key", "k2"}});
  for (int i = 0; i < 4; ++i) watched.Poll();
  EXPECT_THAT(told_, ElementsAre("c2|k2|"));
}

TEST_F(WatchedFilesTest, SwapToTheSameContents_IsSilent) {
  WatchedFiles watched = WatchKnown();
  files_.Swap({{"cert", "c1"}, {"key", "k1"}});
  for (int i = 0; i < 4; ++i) watched.Poll();
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(WatchedFilesTest, ByteMovedFromOneFileToTheNext_IsAChange) {
  WatchedFiles watched = WatchKnown();
  files_.Swap({{"cert", "c"}, {"key", "1k1"}});
  for (int i = 0; i < 2; ++i) watched.Poll();
  EXPECT_THAT(told_, ElementsAre("c|1k1|"));
}

TEST_F(WatchedFilesTest, FilesWrittenOneByOneBetweenPolls_AreReportedTogether) {
  WatchedFiles watched = WatchKnown();
  files_.Overwrite("cert", "c2");
  watched.Poll();
  files_.Overwrite("key", "k2");
  for (int i = 0; i < 3; ++i) watched.Poll();
  EXPECT_THAT(told_, ElementsAre("c2|k2|"));
}

TEST_F(WatchedFilesTest, ChangedForMomentOnly_IsSilent) {
  WatchedFiles watched = WatchKnown();
  files_.Overwrite("cert", "");
  watched.Poll();
  files_.Overwrite("cert", "c1");
  for (int i = 0; i < 3; ++i) watched.Poll();
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(WatchedFilesTest, FileGone_IsReportedOnceAndItsReturnToo) {
  WatchedFiles watched = WatchKnown();
  files_.Swap({{"cert", "c1"}});
  for (int i = 0; i < 4; ++i) watched.Poll();
  EXPECT_THAT(told_, ElementsAre(HasSubstr("key\": No such file")));
  files_.Swap({{"cert", "c1"}, {"key", "k1"}});
  for (int i = 0; i < 4; ++i) watched.Poll();
  EXPECT_THAT(told_, ElementsAre(HasSubstr("key"), "c1|k1|"));
}

TEST_F(WatchedFilesTest, FileTooLarge_IsReportedAsUnreadable) {
  WatchedFiles watched = WatchKnown();
  files_.Overwrite("key", std::string(11, 'x'));
  for (int i = 0; i < 2; ++i) watched.Poll();
  EXPECT_THAT(told_, ElementsAre(HasSubstr("larger than 10 bytes")));
}

}  // namespace
}  // namespace enos::gateway
