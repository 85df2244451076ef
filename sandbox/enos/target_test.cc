#include "sandbox/enos/target.h"

#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

struct Case {
  std::string name;
  std::string target;
  std::string path;
  Query query;
};
class TargetTest : public testing::TestWithParam<Case> {};

TEST_P(TargetTest, IsTakenApart) {
  const Target target = ParseTarget(GetParam().target);
  EXPECT_EQ(target.path, GetParam().path);
  EXPECT_EQ(target.query, GetParam().query);
}

INSTANTIATE_TEST_SUITE_P(
    All, TargetTest,
    testing::Values(
        Case{"NoQuery", "/a/b", "/a/b", {}}, Case{"EmptyQuery", "/a?", "/a", {}},
        Case{"InOrder", "/a?z=1&a=2", "/a", {{"z", "1"}, {"a", "2"}}},
        Case{"PercentEncoded", "/a?u=a%20b%2F%C3%BC", "/a", {{"u", "a b/\xC3\xBC"}}},
        Case{"PlusIsSpace", "/a?u=a+b%2B", "/a", {{"u", "a b+"}}},
        Case{"BrokenPercentStays", "/a?u=100%&v=%zz", "/a", {{"u", "100%"}, {"v", "%zz"}}},
        Case{"EncodedSeparators", "/a?u=%26%3D&v=1", "/a", {{"u", "&="}, {"v", "1"}}},
        Case{"EmptyParts", "/a?&u=&&=x&v", "/a", {{"u", ""}, {"", "x"}, {"v", ""}}},
        Case{"EncodedNul", "/a?u=x%00y", "/a", {{"u", std::string("x\0y", 3)}}},
        Case{"EqualsInValue", "/a?u=b=c", "/a", {{"u", "b=c"}}}),
    [](const auto& test) { return test.param.name; });

TEST(FindParameter, TakesTheFirst) {
  const Query query = {{"a", "1"}, {"a", "2"}};
  EXPECT_EQ(FindParameter(query, "a"), "1");
  EXPECT_EQ(FindParameter(query, "b"), std::nullopt);
}

}  // namespace
}  // namespace enos::sandbox
