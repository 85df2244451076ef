#include "results_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "tests/support/files.h"

namespace enos::flow::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ResultsFileTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) const { WriteFile(path_, text); }
  std::string Content() const { return ReadFile(path_); }

  const TempFolder folder_;
  const std::string path_ = folder_.path("results.ndjson");
};

TEST_F(ResultsFileTest, NewFile_EmptyThenWhatIsAppended) {
  auto file = ResultsFile::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT((*file)->past(), IsEmpty());
  EXPECT_TRUE((*file)->AppendDurably("{\"line\":1}\n").ok());
  EXPECT_TRUE((*file)->Append("{\"line\":2}\n").ok());
  EXPECT_EQ(Content(), "{\"line\":1}\n{\"line\":2}\n");
}

TEST_F(ResultsFileTest, TornLastLine_PassedOverAndCutOffByTheNextRecord) {
  for (const std::string& torn :
       {std::string("{\"line\":2,\"outc"), std::string("{\"li"), std::string(700, '\0')}) {
    Write("{\"line\":1}\n" + torn);
    auto file = ResultsFile::Open(path_);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ((*file)->past(), "{\"line\":1}\n");
    EXPECT_EQ(Content(), "{\"line\":1}\n" + torn) << "looking changes nothing";
    EXPECT_TRUE((*file)->Append("{\"line\":3}\n").ok());
    EXPECT_EQ(Content(), "{\"line\":1}\n{\"line\":3}\n");
  }
}

TEST_F(ResultsFileTest, SomebodyElsesFile_RefusedAndUntouched) {
  Write("my notes");
  EXPECT_THAT(std::string(ResultsFile::Open(path_).status().message()), HasSubstr("not a record"));
  EXPECT_EQ(Content(), "my notes");
}

TEST_F(ResultsFileTest, OpenTwice_SecondRefused) {
  const auto first = ResultsFile::Open(path_);
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(std::string(ResultsFile::Open(path_).status().message()),
              HasSubstr("another enos-flow"));
}

TEST_F(ResultsFileTest, NoFile_SaysWhy) {
  EXPECT_THAT(std::string(ResultsFile::Open(folder_.path("none/x")).status().message()),
              HasSubstr("No such file"));
  EXPECT_THAT(std::string(ResultsFile::Open("/dev/null").status().message()),
              HasSubstr("expected a file"));
}

TEST_F(ResultsFileTest, FileMayNotGrow_ErrorAndTheNextRecordStartsALine) {
  auto file = ResultsFile::Open(path_);
  ASSERT_TRUE(file.ok());
  const std::string first = "{\"line\":1}\n";
  ASSERT_TRUE((*file)->Append(first).ok());
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit full = old;
  full.rlim_cur = first.size() + 4;  // as a disk that fills up in the middle of a record
  std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  EXPECT_FALSE((*file)->AppendDurably("{\"line\":2}\n").ok());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
  EXPECT_TRUE((*file)->Append("{\"line\":3}\n").ok());
  EXPECT_EQ(Content(), "{\"line\":1}\n{\"line\":3}\n");
}

// procfs accepts writes and refuses to be synced, like a failed disk.
TEST_F(ResultsFileTest, DiskDoesNotConfirm_OnlyTheDurableAppendFails) {
  auto file = ResultsFile::Open("/proc/self/comm");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE((*file)->Append("{\"line\":1}\n").ok());
  EXPECT_THAT(std::string((*file)->AppendDurably("{\"line\":2}\n").message()),
              HasSubstr("cannot be written to the disk"));
}

}  // namespace
}  // namespace enos::flow::cli
