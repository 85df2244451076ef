#include "server/config/sources.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace enos::gateway {
namespace {

std::string FileWith(const std::string& content) {
  const std::string path = testing::TempDir() + "enos_sources_test_" +
                           testing::UnitTest::GetInstance()->current_test_info()->name();
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

TEST(ReadFileStart, FewerBytesThanTheLimit_GivesAll) {
  const std::string path = FileWith("secret\n");
  EXPECT_EQ(ReadFileStart(path, 100).value(), "secret\n");
  std::remove(path.c_str());
}

TEST(ReadFileStart, MoreBytesThanTheLimit_GivesTheFirst) {
  const std::string path = FileWith("secret\n");
  EXPECT_EQ(ReadFileStart(path, 3).value(), "sec");
  std::remove(path.c_str());
}

TEST(ReadFileStart, EndlessFile_GivesTheLimit) {
  EXPECT_EQ(ReadFileStart("/dev/zero", 5000).value(), std::string(5000, '\0'));
}

TEST(ReadFileStart, EmptyFile_GivesNothing) {
  EXPECT_EQ(ReadFileStart("/dev/null", 10).value(), "");
}

TEST(ReadFileStart, NoSuchFile_SaysSo) {
  EXPECT_EQ(ReadFileStart("/nonexistent/file", 10).status().message(), "No such file or directory");
}

TEST(ReadFileStart, Directory_SaysSo) {
  EXPECT_EQ(ReadFileStart("/", 10).status().message(), "Is a directory");
}

TEST(LookUpEnvironment, SetEmptyOrUnset_IsTold) {
  ::setenv("ENOS_SOURCES_TEST", "value", 1);
  EXPECT_EQ(LookUpEnvironment("ENOS_SOURCES_TEST"), "value");
  ::setenv("ENOS_SOURCES_TEST", "", 1);
  EXPECT_EQ(LookUpEnvironment("ENOS_SOURCES_TEST"), "");
  ::unsetenv("ENOS_SOURCES_TEST");
  EXPECT_EQ(LookUpEnvironment("ENOS_SOURCES_TEST"), std::nullopt);
}

}  // namespace
}  // namespace enos::gateway
