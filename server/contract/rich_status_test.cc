#include "server/contract/rich_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <ostream>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/utf8.h"

namespace enos::gateway {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

struct Unpacked {
  google::rpc::Status status;
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
  google::rpc::RetryInfo retry;
  bool has_info = false;
  bool has_bad_request = false;
  bool has_retry = false;
  google::rpc::RequestInfo request;
};

Unpacked Unpack(const grpc::Status& status) {
  Unpacked out;
  EXPECT_TRUE(out.status.ParseFromString(status.error_details()));
  for (const auto& detail : out.status.details()) {
    if (detail.Is<google::rpc::ErrorInfo>()) out.has_info = detail.UnpackTo(&out.info);
    if (detail.Is<google::rpc::BadRequest>()) {
      out.has_bad_request = detail.UnpackTo(&out.bad_request);
    }
    if (detail.Is<google::rpc::RequestInfo>()) {
      EXPECT_TRUE(detail.UnpackTo(&out.request));
    }
    if (detail.Is<google::rpc::RetryInfo>()) out.has_retry = detail.UnpackTo(&out.retry);
  }
  return out;
}

CallError NoTask() {
  CallError error;
  error.code = absl::StatusCode::kFailedPrecondition;
  error.reason = Reason::FLOW_HAS_NO_TASK;
  error.execution = Execution::kNotExecuted;
  error.message = "EnOS refused the call: the flow has no task.";
  error.enos_code = 62104;
  error.enos_message = "This workflow has no task, you cannot trigger it!";
  error.http_status = 200;
  error.enos_request_id = "req-1";
  return error;
}

TEST(RichStatus, FullErrorCarriesEverythingUnderTheContractsNames) {
  const grpc::Status status = ToGrpcStatus(NoTask());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status.error_message(),
            "EnOS refused the call: the flow has no task. The flow was not started.");

  const Unpacked details = Unpack(status);
  EXPECT_EQ(details.status.code(), 9);
  EXPECT_EQ(details.status.message(), status.error_message());
  ASSERT_TRUE(details.has_info);
  EXPECT_EQ(details.info.domain(), "enos-flow-gateway");
  EXPECT_EQ(details.info.reason(), "FLOW_HAS_NO_TASK");
  EXPECT_THAT(details.info.metadata(),
              UnorderedElementsAre(
                  Pair("execution", "NOT_EXECUTED"), Pair("enos_code", "62104"),
                  Pair("enos_message", "This workflow has no task, you cannot trigger it!"),
                  Pair("http_status", "200"), Pair("enos_request_id", "req-1")));
  EXPECT_FALSE(details.has_bad_request);
  EXPECT_FALSE(details.has_retry);
}

TEST(RichStatus, WhatIsNotKnownIsLeftOut) {
  CallError error;
  error.code = absl::StatusCode::kDeadlineExceeded;
  error.reason = Reason::ENOS_TIMEOUT;
  error.message = "no answer in time";
  const Unpacked details = Unpack(ToGrpcStatus(error));
  EXPECT_THAT(details.info.metadata(), UnorderedElementsAre(Pair("execution", "UNKNOWN")));
}

struct SentenceCase {
  const char* name;
  Execution execution;
  const char* likely_id;
  const char* message;
};

void PrintTo(const SentenceCase& c, std::ostream* out) { *out << c.name; }

class RichStatusExecution : public testing::TestWithParam<SentenceCase> {};

TEST_P(RichStatusExecution, IsInTheMessageAndTheMetadata) {
  CallError error;
  error.message = "EnOS is odd.";
  error.execution = GetParam().execution;
  error.likely_flow_instance_id = GetParam().likely_id;
  const grpc::Status status = ToGrpcStatus(error);
  EXPECT_EQ(status.error_message(), GetParam().message);
  std::map<std::string, std::string> expected;
  if (error.execution != Execution::kNone)
    expected["execution"] = std::string(ExecutionName(error.execution));
  if (!error.likely_flow_instance_id.empty())
    expected["likely_flow_instance_id"] = error.likely_flow_instance_id;
  const Unpacked details = Unpack(status);
  const auto& metadata = details.info.metadata();
  EXPECT_EQ((std::map<std::string, std::string>(metadata.begin(), metadata.end())), expected);
}

INSTANTIATE_TEST_SUITE_P(
    All, RichStatusExecution,
    testing::Values(
        SentenceCase{"NotExecuted", Execution::kNotExecuted, "",
                     "EnOS is odd. The flow was not started."},
        SentenceCase{"Unknown", Execution::kUnknown, "",
                     "EnOS is odd. The flow may have been started: look for its run before you "
                     "call again."},
        SentenceCase{"UnknownWithTheLikelyId", Execution::kUnknown, "7-20191122012300",
                     "EnOS is odd. The flow may have been started: look for its run before you "
                     "call again; its id would be 7-20191122012300, a guess from flow and trigger "
                     "time."},
        SentenceCase{"OfARead", Execution::kNone, "", "EnOS is odd."}),
    [](const auto& param_info) { return param_info.param.name; });

struct KeyCase {
  const char* name;
  Execution execution;
  KeyHeld held;
  const char* key_state;  // null: not told
  const char* message;
};

class RichStatusKey : public testing::TestWithParam<KeyCase> {};

TEST_P(RichStatusKey, SaysWhatARepeatWouldDo) {
  CallError error;
  error.message = "EnOS is odd.";
  error.execution = GetParam().execution;
  error.has_key = true;
  error.key_held = GetParam().held;
  const grpc::Status status = ToGrpcStatus(error);
  EXPECT_EQ(status.error_message(), std::string("EnOS is odd. ") + GetParam().message);
  const Unpacked details = Unpack(status);
  const auto& metadata = details.info.metadata();
  const auto found = metadata.find("key_state");
  EXPECT_EQ(found == metadata.end() ? "" : found->second,
            GetParam().key_state == nullptr ? "" : GetParam().key_state);
}

INSTANTIATE_TEST_SUITE_P(
    All, RichStatusKey,
    testing::Values(
        KeyCase{"UnderWay", Execution::kUnknown, KeyHeld::kReserved, "RESERVED",
                "The flow may have been started: call again with the same key."},
        KeyCase{"InDoubt", Execution::kUnknown, KeyHeld::kDoubt, "DOUBT",
                "The flow may have been started: look for its run; no repeat with this key can "
                "tell."},
        KeyCase{"CertainlyNeverStarted", Execution::kNotExecuted, KeyHeld::kNone, "NONE",
                "The flow was not started."},
        KeyCase{"NotStartedByThisCall", Execution::kNotExecuted, KeyHeld::kReused, "REUSED",
                "This call did not start the flow."},
        KeyCase{"NotLookedUp", Execution::kNotExecuted, KeyHeld::kNotLookedUp, nullptr,
                "This call did not start the flow."}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(RichStatus, RequestIdIsInTheRequestInfo) {
  EXPECT_EQ(Unpack(ToGrpcStatus(NoTask(), "caller-7")).request.request_id(), "caller-7");
  EXPECT_EQ(Unpack(ToGrpcStatus(NoTask())).status.details_size(), 1) << "none without an id";
}

TEST(RichStatus, TypeUrlsAreTheOnesThatLibrariesLookFor) {
  const Unpacked details = Unpack(ToGrpcStatus(NoTask()));
  EXPECT_EQ(details.status.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
}

struct CodeCase {
  absl::StatusCode code;
  grpc::StatusCode expected;
};

class RichStatusCode : public testing::TestWithParam<CodeCase> {};

TEST_P(RichStatusCode, IsTheSameInStatusAndDetails) {
  CallError error = NoTask();
  error.code = GetParam().code;
  const grpc::Status status = ToGrpcStatus(error);
  EXPECT_EQ(status.error_code(), GetParam().expected);
  EXPECT_EQ(Unpack(status).status.code(), static_cast<int>(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(
    Codes, RichStatusCode,
    testing::Values(
        CodeCase{absl::StatusCode::kInvalidArgument, grpc::StatusCode::INVALID_ARGUMENT},
        CodeCase{absl::StatusCode::kPermissionDenied, grpc::StatusCode::PERMISSION_DENIED},
        CodeCase{absl::StatusCode::kFailedPrecondition, grpc::StatusCode::FAILED_PRECONDITION},
        CodeCase{absl::StatusCode::kNotFound, grpc::StatusCode::NOT_FOUND},
        CodeCase{absl::StatusCode::kUnimplemented, grpc::StatusCode::UNIMPLEMENTED},
        CodeCase{absl::StatusCode::kAlreadyExists, grpc::StatusCode::ALREADY_EXISTS},
        CodeCase{absl::StatusCode::kOutOfRange, grpc::StatusCode::OUT_OF_RANGE},
        CodeCase{absl::StatusCode::kUnauthenticated, grpc::StatusCode::UNAUTHENTICATED},
        CodeCase{absl::StatusCode::kResourceExhausted, grpc::StatusCode::RESOURCE_EXHAUSTED},
        CodeCase{absl::StatusCode::kUnavailable, grpc::StatusCode::UNAVAILABLE},
        CodeCase{absl::StatusCode::kUnknown, grpc::StatusCode::UNKNOWN},
        CodeCase{absl::StatusCode::kInternal, grpc::StatusCode::INTERNAL},
        CodeCase{absl::StatusCode::kDeadlineExceeded, grpc::StatusCode::DEADLINE_EXCEEDED},
        CodeCase{absl::StatusCode::kOk, grpc::StatusCode::UNKNOWN}));

struct RetryCase {
  std::chrono::milliseconds wait;
  int64_t seconds;
  int32_t nanos;
};

class RichStatusRetry : public testing::TestWithParam<RetryCase> {};

TEST_P(RichStatusRetry, CarriesTheWait) {
  CallError error = NoTask();
  error.retry_after = GetParam().wait;
  const Unpacked details = Unpack(ToGrpcStatus(error));
  ASSERT_TRUE(details.has_retry);
  EXPECT_EQ(details.retry.retry_delay().seconds(), GetParam().seconds);
  EXPECT_EQ(details.retry.retry_delay().nanos(), GetParam().nanos);
}

INSTANTIATE_TEST_SUITE_P(Waits, RichStatusRetry,
                         testing::Values(RetryCase{std::chrono::milliseconds(0), 0, 0},
                                         RetryCase{std::chrono::milliseconds(1500), 1, 500'000'000},
                                         RetryCase{std::chrono::milliseconds(-5), 0, 0},
                                         RetryCase{std::chrono::milliseconds::max(), 86'400, 0}));

TEST(RichStatusViolations, AllOfAFewAreListedInOrder) {
  CallError error = NoTask();
  error.violations = {{"user_id", "is missing"}, {"parameters[3].key", "is missing"}};
  const Unpacked details = Unpack(ToGrpcStatus(error));
  ASSERT_EQ(details.bad_request.field_violations_size(), 2);
  EXPECT_EQ(details.bad_request.field_violations(0).field(), "user_id");
  EXPECT_EQ(details.bad_request.field_violations(0).description(), "is missing");
  EXPECT_EQ(details.bad_request.field_violations(1).field(), "parameters[3].key");
}

TEST(RichStatusViolations, TheFirstTwentyOfManyAreListed) {
  CallError error = NoTask();
  for (int i = 0; i < 10'000; ++i) {
    error.violations.push_back({"parameters[" + std::to_string(i) + "].value",
                                "must be at most 65536 bytes long, but is 1000000 bytes long"});
  }
  const Unpacked details = Unpack(ToGrpcStatus(error));
  ASSERT_EQ(details.bad_request.field_violations_size(), 20);
  EXPECT_EQ(details.bad_request.field_violations(19).field(), "parameters[19].value");
}

// The bytes of grpc-message on the wire: what is not printable ASCII, and "%", becomes %XX.
size_t PercentEncodedSize(const std::string& text) {
  size_t size = 0;
  for (const char c : text) size += c >= 0x20 && c <= 0x7E && c != '%' ? 1 : 3;
  return size;
}

struct HostileCase {
  std::string name;
  CallError error;
};

void PrintTo(const HostileCase& c, std::ostream* out) { *out << c.name; }

HostileCase Hostile(const std::string& name, const std::string& filler, size_t violations) {
  const auto repeat = [&filler](size_t bytes) {
    std::string out;
    while (out.size() < bytes) out += filler;
    return out;
  };
  CallError error = NoTask();
  error.reason = Reason::ENOS_CREDENTIALS_REFUSED;
  error.execution = Execution::kUnknown;
  error.message = repeat(1'000'000);
  error.likely_flow_instance_id = "2147483647-99991231235900";  // the longest
  error.enos_code = std::numeric_limits<int64_t>::min();
  error.http_status = std::numeric_limits<int>::min();
  error.enos_message = repeat(100'000);
  error.enos_request_id = repeat(100'000);
  error.retry_after = std::chrono::milliseconds(1);
  for (size_t i = 0; i < violations; ++i) error.violations.push_back({repeat(2000), repeat(2000)});
  return {name, error};
}

class RichStatusHostile : public testing::TestWithParam<HostileCase> {};

TEST_P(RichStatusHostile, StaysWithinTheBudgetAndKeepsTheErrorInfo) {
  const grpc::Status status = ToGrpcStatus(GetParam().error, std::string(1000, 'r'));
  const size_t details_bytes = status.error_details().size();
  EXPECT_LT(status.error_message().size() + details_bytes, 4096u);
  EXPECT_LT(PercentEncodedSize(status.error_message()) + (details_bytes + 2) / 3 * 4, 7600u);
  EXPECT_TRUE(IsValidUtf8(status.error_message()));
  EXPECT_FALSE(status.error_message().empty());

  const Unpacked details = Unpack(status);
  ASSERT_TRUE(details.has_info);
  EXPECT_EQ(details.info.reason(), "ENOS_CREDENTIALS_REFUSED");
  EXPECT_EQ(details.info.metadata().at("execution"), "UNKNOWN");
  EXPECT_EQ(details.info.metadata().at("likely_flow_instance_id"), "2147483647-99991231235900");
  EXPECT_EQ(details.info.metadata().size(), 6u);
  EXPECT_EQ(details.request.request_id(), std::string(128, 'r'));
  EXPECT_TRUE(details.has_retry);
  EXPECT_EQ(details.has_bad_request, !GetParam().error.violations.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Fillers, RichStatusHostile,
    testing::Values(Hostile("Ascii", "x", 10'000), Hostile("NoViolations", "x", 0),
                    Hostile("OneViolation", "x", 1), Hostile("Percent", "%", 10'000),
                    Hostile("ThreeBytes", "界", 10'000), Hostile("FourBytes", "😀", 10'000),
                    Hostile("OddBoundary", "x😀", 10'000), Hostile("NotUtf8", "\xFF", 10'000),
                    Hostile("HalfCharacters", "\xF0\x9F", 10'000),
                    Hostile("Nul", std::string(1, '\0'), 10'000),
                    Hostile("LineBreaks", "\r\n", 10'000)),
    [](const auto& param_info) { return param_info.param.name; });

// Every length of message around the limits, with violations that fill all of the rest.
TEST(RichStatusBudget, HoldsForEveryMessageLength) {
  CallError error = Hostile("", "y", 20).error;
  for (size_t length = 0; length < 1100; ++length) {
    error.message.assign(length, 'm');
    const grpc::Status status = ToGrpcStatus(error, std::string(128, 'r'));
    ASSERT_LT(status.error_message().size() + status.error_details().size(), 4096u) << length;
  }
}

// Where a text came from does not matter, nor who forgot to clean it; masked before cut.
TEST(RichStatus, KnownSecretsAreMaskedInEveryText) {
  const std::string secret = "s3cret-token";
  CallError error;
  error.message = std::string(1020, 'm') + secret;
  error.enos_message = std::string(250, 'm') + secret;
  error.enos_request_id = "r-" + secret;
  error.violations = {{"f-" + secret, "d-" + secret}};
  const grpc::Status status = ToGrpcStatus(error, "x-" + secret, {secret});
  const std::string seen = status.error_message() + status.error_details();
  EXPECT_EQ(seen.find("s3c"), std::string::npos);
  const Unpacked details = Unpack(status);
  EXPECT_EQ(details.info.metadata().at("enos_request_id"), "r-***");
  EXPECT_EQ(details.request.request_id(), "x-***");
  EXPECT_EQ(details.bad_request.field_violations(0).field(), "f-***");
  EXPECT_EQ(details.bad_request.field_violations(0).description(), "d-***");
}

}  // namespace
}  // namespace enos::gateway
