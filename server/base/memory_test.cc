#include "server/base/memory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace enos::gateway {
namespace {

TEST(ResidentMemory, RisesWithWhatIsUsed) {
  const ResidentMemory memory;
  const uint64_t before = memory.Bytes();
  EXPECT_GT(before, 100'000U);
  const std::vector<char> used(64 << 20, 'x');
  EXPECT_GT(memory.Bytes(), before + (48 << 20)) << used.back();
}

// A folder with control groups as the kernel shows them.
class ContainerMemoryLimitTest : public testing::Test {
 protected:
  ContainerMemoryLimitTest() {
    std::string name = testing::TempDir() + "/groups-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~ContainerMemoryLimitTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = folder_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::optional<uint64_t> Limit(const std::string& own) const {
    Write("own", own);
    return ContainerMemoryLimit((folder_ / "own").string(), (folder_ / "fs").string());
  }

  std::filesystem::path folder_;
};

TEST_F(ContainerMemoryLimitTest, OfVersion2_IsTheLeastUpToTheTop) {
  Write("fs/a/b/memory.max", "max\n");
  Write("fs/a/memory.max", "536870912\n");
  EXPECT_EQ(Limit("0::/a/b\n"), 536870912U);
  Write("fs/a/b/memory.max", "1048576\n");
  EXPECT_EQ(Limit("0::/a/b\n"), 1048576U);
}

TEST_F(ContainerMemoryLimitTest, OfVersion2InAContainer_IsAtTheTop) {
  Write("fs/memory.max", "536870912\n");
  EXPECT_EQ(Limit("0::/\n"), 536870912U);
  EXPECT_EQ(Limit("0::/not/seen/from/inside\n"), 536870912U);
}

TEST_F(ContainerMemoryLimitTest, OfVersion1_IsThatOfTheMemoryController) {
  Write("fs/memory/x/memory.limit_in_bytes", "268435456\n");
  Write("fs/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(Limit("5:cpu,cpuacct:/y\n4:memory:/x\n0::/\n"), 268435456U);
  EXPECT_EQ(Limit("4:cpu,memory:/x\n"), 268435456U);
  EXPECT_EQ(Limit("4:memory:/\n"), std::nullopt);
}

TEST_F(ContainerMemoryLimitTest, WithoutLimitOrGroups_IsNone) {
  EXPECT_EQ(Limit(""), std::nullopt);
  EXPECT_EQ(Limit("nonsense\n"), std::nullopt);
  EXPECT_EQ(Limit("0::/a\n"), std::nullopt);
  EXPECT_EQ(ContainerMemoryLimit("/nowhere", "/nowhere"), std::nullopt);
}

}  // namespace
}  // namespace enos::gateway
