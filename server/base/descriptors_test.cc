#include "server/base/descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace enos::gateway {
namespace {

TEST(Descriptors, SoftLimitBelowHard_IsRaisedToIt) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_GT(limit.rlim_max, 256u);
  limit.rlim_cur = 256;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);

  EXPECT_EQ(RaiseDescriptorLimit(), limit.rlim_max);

  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, limit.rlim_max);
  EXPECT_EQ(after.rlim_max, limit.rlim_max);
}

TEST(Descriptors, RaisedAlready_StaysAsItIs) {
  const uint64_t limit = RaiseDescriptorLimit();
  EXPECT_EQ(RaiseDescriptorLimit(), limit);
}

}  // namespace
}  // namespace enos::gateway
