#include "server/base/process.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace enos::gateway {
namespace {

// The steps as an exit status, so that the test's own process stays as it is.
[[noreturn]] void DisableAndLookAround() {
  if (!DisableCoreDumps()) ::_exit(1);
  if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) ::_exit(2);
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) != 0) ::_exit(3);
  ::_exit(limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : 4);
}

TEST(ProcessDeathTest, CoreDumpsDisabled_NeitherDumpableNorAnyCore) {
  EXPECT_EXIT(DisableAndLookAround(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace enos::gateway
