#include "server/config/sources.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace enos::gateway {
namespace {

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
