#include "server/log/grpc_log.h"

#include <gmock/gmock.h>
#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include "server/testing/log_capture.h"

namespace enos::gateway {
namespace {

TEST(GrpcLog, ErrorOfGrpc_IsADebugLineWithItsSeverity) {
  InstallGrpcLog();
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);  // grpc_init sets this default
  LogCapture capture(LogLevel::kDebug);
  gpr_log("/build/src/core/chttp2.cc", 12, GPR_LOG_SEVERITY_ERROR, "peer %s\nwent", "x");
  EXPECT_THAT(capture.Lines(), testing::ElementsAre("debug grpc severity=error file=chttp2.cc "
                                                    "line=12 message=\"peer x\\nwent\""));
}

TEST(GrpcLog, LevelInfo_NothingOfGrpcIsWritten) {
  InstallGrpcLog();
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);  // grpc_init sets this default
  LogCapture capture(LogLevel::kInfo);
  gpr_log("file.cc", 1, GPR_LOG_SEVERITY_ERROR, "noise");
  EXPECT_THAT(capture.Lines(), testing::IsEmpty());
}

}  // namespace
}  // namespace enos::gateway
