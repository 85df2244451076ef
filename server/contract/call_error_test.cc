#include "server/contract/call_error.h"

#include <gtest/gtest.h>

namespace enos::gateway {
namespace {

struct NameCase {
  Reason reason;
  std::string_view name;
};

class ReasonNameTest : public testing::TestWithParam<NameCase> {};

TEST_P(ReasonNameTest, IsTheContractsName) {
  EXPECT_EQ(ReasonName(GetParam().reason), GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(
    AllReasons, ReasonNameTest,
    testing::Values(NameCase{Reason::kInvalidRequest, "INVALID_REQUEST"},
                    NameCase{Reason::kCallerUnauthenticated, "CALLER_UNAUTHENTICATED"},
                    NameCase{Reason::kCallerNotAllowed, "CALLER_NOT_ALLOWED"},
                    NameCase{Reason::kEnosInvalidArgument, "ENOS_INVALID_ARGUMENT"},
                    NameCase{Reason::kEnosPermissionDenied, "ENOS_PERMISSION_DENIED"},
                    NameCase{Reason::kFlowHasNoTask, "FLOW_HAS_NO_TASK"},
                    NameCase{Reason::kEnosNotFound, "ENOS_NOT_FOUND"},
                    NameCase{Reason::kEnosUnimplemented, "ENOS_UNIMPLEMENTED"},
                    NameCase{Reason::kEnosAlreadyExists, "ENOS_ALREADY_EXISTS"},
                    NameCase{Reason::kEnosOutOfRange, "ENOS_OUT_OF_RANGE"},
                    NameCase{Reason::kEnosCredentialsRefused, "ENOS_CREDENTIALS_REFUSED"},
                    NameCase{Reason::kEnosRateLimited, "ENOS_RATE_LIMITED"},
                    NameCase{Reason::kEnosUnreachable, "ENOS_UNREACHABLE"},
                    NameCase{Reason::kEnosUnavailable, "ENOS_UNAVAILABLE"},
                    NameCase{Reason::kGatewayOverloaded, "GATEWAY_OVERLOADED"},
                    NameCase{Reason::kGatewayShuttingDown, "GATEWAY_SHUTTING_DOWN"},
                    NameCase{Reason::kEnosInternal, "ENOS_INTERNAL"},
                    NameCase{Reason::kEnosTimeout, "ENOS_TIMEOUT"},
                    NameCase{Reason::kEnosConnectionLost, "ENOS_CONNECTION_LOST"},
                    NameCase{Reason::kEnosError, "ENOS_ERROR"},
                    NameCase{Reason::kEnosMalformedResponse, "ENOS_MALFORMED_RESPONSE"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ExecutionNameTest, BothValuesHaveTheContractsNames) {
  EXPECT_EQ(ExecutionName(Execution::kNotExecuted), "NOT_EXECUTED");
  EXPECT_EQ(ExecutionName(Execution::kUnknown), "UNKNOWN");
}

}  // namespace
}  // namespace enos::gateway
