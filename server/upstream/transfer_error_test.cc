#include "server/upstream/transfer_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/testing/upstream_rig.h"

namespace enos::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Row {
  TransferEnd end;
  bool maybe_sent;
  absl::StatusCode code;
  Reason reason;
  Execution execution;
  Remedy remedy;
  const char* says;
};

constexpr absl::StatusCode kUnavailable = absl::StatusCode::kUnavailable;
constexpr absl::StatusCode kUnknown = absl::StatusCode::kUnknown;
constexpr absl::StatusCode kInternal = absl::StatusCode::kInternal;

constexpr Row Unsent(TransferEnd end, const char* says) {
  return {end,           false, kUnavailable, Reason::ENOS_UNREACHABLE, Execution::kNotExecuted,
          Remedy::kWait, says};
}

constexpr Row Lost(TransferEnd end) {
  return {end,
          true,
          kUnknown,
          Reason::ENOS_CONNECTION_LOST,
          Execution::kUnknown,
          Remedy::kNone,
          "lost after the call was sent"};
}

constexpr Row Senseless(TransferEnd end) {
  return {end,
          true,
          kInternal,
          Reason::ENOS_MALFORMED_RESPONSE,
          Execution::kUnknown,
          Remedy::kNone,
          "makes no sense"};
}

const Row kRows[] = {
    Unsent(TransferEnd::kNameNotResolved, "host name could not be resolved"),
    Unsent(TransferEnd::kConnectFailed, "no connection could be made"),
    Unsent(TransferEnd::kConnectTimeout, "no connection was made in time"),
    Unsent(TransferEnd::kTlsFailed, "TLS failed"),
    Unsent(TransferEnd::kConnectionLost, "no connection could be made"),
    Unsent(TransferEnd::kMalformed, "no connection could be made"),
    Unsent(TransferEnd::kTooLarge, "no connection could be made"),
    // The end alone never proves that nothing was sent.
    Lost(TransferEnd::kNameNotResolved),
    Lost(TransferEnd::kConnectFailed),
    Lost(TransferEnd::kConnectTimeout),
    Lost(TransferEnd::kTlsFailed),
    Lost(TransferEnd::kConnectionLost),
    Senseless(TransferEnd::kMalformed),
    Senseless(TransferEnd::kTooLarge),
};

class ErrorOfTransferTest : public ::testing::TestWithParam<Row> {
 protected:
  static Refusal Refused() {
    HttpResult result;
    result.end = GetParam().end;
    result.maybe_sent = GetParam().maybe_sent;
    result.detail = "what curl says\n";
    return ErrorOfTransfer(result);
  }
};

TEST_P(ErrorOfTransferTest, End_IsItsRow) {
  const Refusal refused = Refused();
  EXPECT_EQ(refused.error.code, GetParam().code);
  EXPECT_EQ(refused.error.reason, GetParam().reason);
  EXPECT_EQ(refused.error.execution, GetParam().execution);
  EXPECT_EQ(refused.remedy, GetParam().remedy);
  EXPECT_EQ(refused.error.retry_after.has_value(), !GetParam().maybe_sent);
  EXPECT_EQ(refused.error.enos_code, std::nullopt);
}

TEST_P(ErrorOfTransferTest, Message_SaysWhatHappenedAndWhatToDo) {
  const std::string message = Refused().error.message;
  EXPECT_THAT(message, HasSubstr(GetParam().says));
  EXPECT_THAT(message, HasSubstr("what curl says"));
  EXPECT_THAT(message, Not(HasSubstr("\n")));
  EXPECT_EQ(message.find("Try again") != std::string::npos, !GetParam().maybe_sent) << message;
}

INSTANTIATE_TEST_SUITE_P(All, ErrorOfTransferTest, ::testing::ValuesIn(kRows),
                         [](const auto& test) {
                           return NameOf(test.param.end) +
                                  (test.param.maybe_sent ? "Sent" : "Unsent");
                         });

TEST(ErrorOfTransfer, StatusThatCameBeforeTheBreak_IsKept) {
  HttpResult result;
  result.end = TransferEnd::kTooLarge;
  result.maybe_sent = true;
  result.status = 200;
  EXPECT_EQ(ErrorOfTransfer(result).error.http_status, 200);
}

}  // namespace
}  // namespace enos::gateway
