#include "server/rpc/caller_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace enos::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Metadata of one key between two others, as received.
class Given {
 public:
  Given(const char* key, std::vector<std::string> values) : values_(std::move(values)) {
    metadata_.emplace("a", "first");
    for (const std::string& value : values_) metadata_.emplace(key, value);
    metadata_.emplace("zz", "last");
  }
  const CallerMetadata& metadata() const { return metadata_; }

 private:
  const std::vector<std::string> values_;
  CallerMetadata metadata_;
};

TEST(OnlyValue, IsWhatIsThereOnce) {
  EXPECT_EQ(OnlyValue(Given("key", {"value"}).metadata(), "key"), "value");
  EXPECT_EQ(OnlyValue(Given("key", {}).metadata(), "key"), "");
  EXPECT_EQ(OnlyValue(Given("key", {"value", "value"}).metadata(), "key"), "");
  EXPECT_EQ(OnlyValue(Given("key", {"value"}).metadata(), "zz"), "last");
  EXPECT_EQ(OnlyValue({}, "key"), "");
}

TEST(FirstValues, AreNoMoreThanAskedFor) {
  const Given given("key", {"1", "2", "3"});
  EXPECT_THAT(FirstValues(given.metadata(), "key", 2), ElementsAre("1", "2"));
  EXPECT_THAT(FirstValues(given.metadata(), "key", 9), ElementsAre("1", "2", "3"));
  EXPECT_THAT(FirstValues(given.metadata(), "other", 9), IsEmpty());
}

struct TraceStateCase {
  const char* name;
  std::vector<std::string> values;
  std::string joined;
};

class TraceStateTable : public testing::TestWithParam<TraceStateCase> {};

TEST_P(TraceStateTable, IsJoinedWithinItsLimits) {
  EXPECT_EQ(JoinedTraceState(Given("tracestate", GetParam().values).metadata()), GetParam().joined);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, TraceStateTable,
    testing::Values(
        TraceStateCase{"None", {}, ""}, TraceStateCase{"One", {"a=1"}, "a=1"},
        TraceStateCase{"Several", {"a=1,b=2", "c=3"}, "a=1,b=2,c=3"},
        TraceStateCase{"AsLongAsAllowed", {std::string(512, 'x')}, std::string(512, 'x')},
        TraceStateCase{"TooLong", {std::string(513, 'x')}, ""},
        TraceStateCase{"TogetherAsLongAsAllowed",
                       {std::string(256, 'x'), std::string(255, 'y')},
                       std::string(256, 'x') + "," + std::string(255, 'y')},
        TraceStateCase{"TogetherTooLong", {std::string(256, 'x'), std::string(256, 'y')}, ""},
        TraceStateCase{"TooLongThenShort", {std::string(600, 'x'), "a=1"}, ""},
        TraceStateCase{"TooMany", std::vector<std::string>(33, "a"), ""}),
    [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace enos::gateway
