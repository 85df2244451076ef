#include "server/base/read_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <string>

#include "server/testing/mounted_files.h"

namespace enos::gateway {
namespace {

using Contents = MountedFiles::Contents;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ReadWholeFile, File_IsReadWithEveryByte) {
  const MountedFiles files(Contents{{"a", std::string("\0x\n", 3)}, {"empty", ""}});
  EXPECT_EQ(ReadWholeFile(files.path("a"), 3)->Reveal(), std::string_view("\0x\n", 3));
  EXPECT_EQ(ReadWholeFile(files.path("empty"), 0)->Reveal(), "");
}

TEST(ReadWholeFile, FileThatIsTooLarge_IsRefused) {
  const MountedFiles files(Contents{{"a", "1234"}});
  EXPECT_EQ(ReadWholeFile(files.path("a"), 3).status().message(), "larger than 3 bytes");
}

TEST(ReadWholeFile, NoFile_IsRefusedInTheSystemsWords) {
  const MountedFiles files(Contents{{"a", "1"}});
  EXPECT_EQ(ReadWholeFile(files.path("b"), 3).status().message(), "No such file or directory");
}

TEST(ReadWholeFile, LinkToAFile_IsFollowed) {
  const MountedFiles files(Contents{{"a", "1"}});
  ASSERT_EQ(::symlink("a", files.path("link").c_str()), 0);
  EXPECT_EQ(ReadWholeFile(files.path("link"), 3)->Reveal(), "1");
}

TEST(ReadWholeFile, LinkToItself_IsRefusedInTheSystemsWords) {
  const MountedFiles files(Contents{{"a", "1"}});
  ASSERT_EQ(::symlink("link", files.path("link").c_str()), 0);
  EXPECT_EQ(ReadWholeFile(files.path("link"), 3).status().message(),
            "Too many levels of symbolic links");
}

TEST(ReadWholeFile, FileOfOthers_IsRefusedInTheSystemsWords) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const MountedFiles files(Contents{{"a", "1"}});
  ASSERT_EQ(::chmod(files.path("a").c_str(), 0), 0);
  EXPECT_EQ(ReadWholeFile(files.path("a"), 3).status().message(), "Permission denied");
}

// Opening a pipe for reading normally waits for a writer.
TEST(ReadWholeFile, Pipe_IsRefusedAtOnce) {
  const MountedFiles files(Contents{{"a", "1"}});
  const std::string pipe = files.path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ASSERT_EQ(::symlink("pipe", files.path("link").c_str()), 0);
  for (const std::string& path : {pipe, files.path("link")}) {
    auto content = std::async(std::launch::async, [&] { return ReadWholeFile(path, 3); });
    if (content.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
      ADD_FAILURE() << "it waits for the pipe";
      ::close(::open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));  // lets it continue
    }
    EXPECT_EQ(content.get().status().message(), "not a regular file");
  }
}

TEST(ReadWholeFile, FolderOrDevice_IsRefused) {
  const MountedFiles files(Contents{{"a", "1"}});
  EXPECT_EQ(ReadWholeFile(files.path("..data"), 3).status().message(), "not a regular file");
  EXPECT_EQ(ReadWholeFile("/dev/null", 3).status().message(), "not a regular file");
  EXPECT_EQ(ReadWholeFile("/dev/zero", 3).status().message(), "not a regular file");
}

TEST(ReadWholeFile, Socket_IsRefused) {
  const MountedFiles files(Contents{{"a", "1"}});
  ASSERT_EQ(::mknod(files.path("socket").c_str(), S_IFSOCK | 0600, 0), 0);
  EXPECT_EQ(ReadWholeFile(files.path("socket"), 3).status().message(), "not a regular file");
}

TEST(ReadFilesTogether, AllThere_KeepsTheOrderOfThePaths) {
  const MountedFiles files(Contents{{"a", "1"}, {"b", "2"}});
  const auto contents = ReadFilesTogether({files.path("b"), files.path("a")}, 9);
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents->at(0).Reveal(), "2");
  EXPECT_EQ(contents->at(1).Reveal(), "1");
}

TEST(ReadFilesTogether, OneMissing_NamesItAndGivesNone) {
  const MountedFiles files(Contents{{"a", "secret"}});
  const auto contents = ReadFilesTogether({files.path("a"), files.path("b")}, 9);
  const std::string message(contents.status().message());
  EXPECT_THAT(message, StartsWith("\"" + files.path("b") + "\": No such file"));
  EXPECT_THAT(message, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace enos::gateway
