#include "server/metrics/label_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace enos::gateway {
namespace {

struct HttpStatusCase {
  int status;
  const char* label;
};
class HttpStatusLabels : public testing::TestWithParam<HttpStatusCase> {};

TEST_P(HttpStatusLabels, AreBounded) {
  EXPECT_EQ(HttpStatusLabel(GetParam().status), GetParam().label);
}

INSTANTIATE_TEST_SUITE_P(All, HttpStatusLabels,
                         testing::Values(HttpStatusCase{0, "none"}, HttpStatusCase{200, "200"},
                                         HttpStatusCase{429, "429"}, HttpStatusCase{504, "504"},
                                         HttpStatusCase{-1, "other"}, HttpStatusCase{299, "other"},
                                         HttpStatusCase{999, "other"}));

struct EnosCodeCase {
  std::optional<int64_t> code;
  const char* label;
};
class EnosCodeLabels : public testing::TestWithParam<EnosCodeCase> {};

TEST_P(EnosCodeLabels, AreBounded) { EXPECT_EQ(EnosCodeLabel(GetParam().code), GetParam().label); }

INSTANTIATE_TEST_SUITE_P(All, EnosCodeLabels,
                         testing::Values(EnosCodeCase{std::nullopt, "none"}, EnosCodeCase{0, "0"},
                                         EnosCodeCase{62105, "62105"}, EnosCodeCase{1001, "1001"},
                                         EnosCodeCase{-5, "other"},
                                         EnosCodeCase{int64_t{1} << 60, "other"}));

TEST(FailureLabels, EveryEndHasItsOwn) {
  std::set<std::string> labels = {FailureLabel(std::nullopt)};
  for (int end = 0; end <= static_cast<int>(TransferEnd::kTooLarge); ++end)
    labels.insert(FailureLabel(static_cast<TransferEnd>(end)));
  EXPECT_EQ(labels.size(), static_cast<size_t>(TransferEnd::kTooLarge) + 2);
  EXPECT_EQ(labels.count("other"), 0U);
}

TEST(OperationLabels, NameTheOperation) {
  std::vector<std::string> labels;
  for (size_t i = 0; i < kUpstreamOperations; ++i)
    labels.push_back(OperationLabel(static_cast<UpstreamOperation>(i)));
  EXPECT_THAT(labels, testing::ElementsAre("trigger", "token", "get_instance", "cancel_instance",
                                           "time_zone"));
}

struct GrpcCodeCase {
  absl::StatusCode code;
  const char* label;
};
class GrpcCodeLabels : public testing::TestWithParam<GrpcCodeCase> {};

TEST_P(GrpcCodeLabels, AreSpelledAsGrpcEcosystemDoes) {
  EXPECT_EQ(GrpcCodeLabel(GetParam().code), GetParam().label);
}

INSTANTIATE_TEST_SUITE_P(
    All, GrpcCodeLabels,
    testing::Values(GrpcCodeCase{absl::StatusCode::kOk, "OK"},
                    GrpcCodeCase{absl::StatusCode::kCancelled, "Canceled"},
                    GrpcCodeCase{absl::StatusCode::kUnknown, "Unknown"},
                    GrpcCodeCase{absl::StatusCode::kInvalidArgument, "InvalidArgument"},
                    GrpcCodeCase{absl::StatusCode::kDeadlineExceeded, "DeadlineExceeded"},
                    GrpcCodeCase{absl::StatusCode::kNotFound, "NotFound"},
                    GrpcCodeCase{absl::StatusCode::kAlreadyExists, "AlreadyExists"},
                    GrpcCodeCase{absl::StatusCode::kPermissionDenied, "PermissionDenied"},
                    GrpcCodeCase{absl::StatusCode::kResourceExhausted, "ResourceExhausted"},
                    GrpcCodeCase{absl::StatusCode::kFailedPrecondition, "FailedPrecondition"},
                    GrpcCodeCase{absl::StatusCode::kAborted, "Aborted"},
                    GrpcCodeCase{absl::StatusCode::kOutOfRange, "OutOfRange"},
                    GrpcCodeCase{absl::StatusCode::kUnimplemented, "Unimplemented"},
                    GrpcCodeCase{absl::StatusCode::kInternal, "Internal"},
                    GrpcCodeCase{absl::StatusCode::kUnavailable, "Unavailable"},
                    GrpcCodeCase{absl::StatusCode::kDataLoss, "DataLoss"},
                    GrpcCodeCase{absl::StatusCode::kUnauthenticated, "Unauthenticated"},
                    GrpcCodeCase{static_cast<absl::StatusCode>(99), "Unknown"}));

}  // namespace
}  // namespace enos::gateway
