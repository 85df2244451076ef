#include "sandbox/runs/time_zone.h"

#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

struct Case {
  std::string name;
  int offset;  // minutes
};
class TimeZoneTest : public testing::TestWithParam<Case> {};

TEST_P(TimeZoneTest, IsUnderstood) {
  const auto zone = ParseZone(GetParam().name);
  ASSERT_TRUE(zone.ok()) << zone.status();
  EXPECT_EQ(zone->name, GetParam().name);
  EXPECT_EQ(zone->zone.At(absl::UnixEpoch()).offset, GetParam().offset * 60);
}

INSTANTIATE_TEST_SUITE_P(All, TimeZoneTest,
                         testing::Values(Case{"GMT", 0}, Case{"UTC", 0}, Case{"GMT+8", 480},
                                         Case{"GMT+08:00", 480}, Case{"GMT-3:30", -210},
                                         Case{"UTC+14", 840}));

TEST(TimeZone, OthersAreRefused) {
  for (const char* text : {"", "GMT8", "GMT+", "GMT+15", "GMT+8:", "GMT+8:60", "GMT+8:1:1",
                           "GMT+-8", "GMT+008", "Mars/Olympus"}) {
    EXPECT_FALSE(ParseZone(text).ok()) << text;
  }
}

}  // namespace
}  // namespace enos::sandbox
