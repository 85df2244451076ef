#include "server/contract/error_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace enos::gateway {
namespace {

using Code = absl::StatusCode;

enum class Source { kEnosCode, kHttpStatus };

// One row of the contract's table. Where `trusted` is set, --trust_503 changes the row.
struct Case {
  Source source;
  int64_t number;
  bool trust_503;
  Code code;
  Reason reason;
  Execution execution;
  Remedy remedy;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << (c.source == Source::kEnosCode ? "code " : "http ") << c.number
       << (c.trust_503 ? " trusted" : "");
}

constexpr auto kCode = Source::kEnosCode;
constexpr auto kHttp = Source::kHttpStatus;
constexpr auto kNot = Execution::kNotExecuted;
constexpr auto kUnk = Execution::kUnknown;
constexpr auto kInv = Reason::ENOS_INVALID_ARGUMENT;
constexpr auto kDenied = Reason::ENOS_PERMISSION_DENIED;
constexpr auto kCredentials = Reason::ENOS_CREDENTIALS_REFUSED;
constexpr auto kNone = Remedy::kNone;
constexpr auto kToken = Remedy::kFreshToken;

// What holds whether or not 503 is trusted.
const Case kFixedRows[] = {
    {kCode, 62101, false, Code::kInvalidArgument, kInv, kNot, kNone},
    {kCode, 62102, false, Code::kInvalidArgument, kInv, kNot, kNone},
    {kCode, 99400, false, Code::kInvalidArgument, kInv, kNot, kNone},
    {kCode, 400, false, Code::kInvalidArgument, kInv, kNot, kNone},
    {kHttp, 400, false, Code::kInvalidArgument, kInv, kNot, kNone},
    {kCode, 413, false, Code::kInvalidArgument, kInv, kNot, kNone},
    {kHttp, 413, false, Code::kInvalidArgument, kInv, kNot, kNone},
    {kCode, 62103, false, Code::kPermissionDenied, kDenied, kNot, kNone},
    {kCode, 99403, false, Code::kPermissionDenied, kDenied, kNot, kNone},
    {kCode, 498, false, Code::kPermissionDenied, kDenied, kNot, kNone},
    {kCode, 403, false, Code::kPermissionDenied, kDenied, kNot, kNone},
    {kHttp, 403, false, Code::kPermissionDenied, kDenied, kNot, kNone},
    {kCode, 62104, false, Code::kFailedPrecondition, Reason::FLOW_HAS_NO_TASK, kNot, kNone},
    {kCode, 62105, false, Code::kFailedPrecondition, Reason::ENOS_LOCKED, kNot, kNone},
    {kCode, 99404, false, Code::kNotFound, Reason::ENOS_NOT_FOUND, kNot, kNone},
    {kCode, 404, false, Code::kNotFound, Reason::ENOS_NOT_FOUND, kNot, kNone},
    {kHttp, 404, false, Code::kNotFound, Reason::ENOS_NOT_FOUND, kNot, kNone},
    {kCode, 405, false, Code::kUnimplemented, Reason::ENOS_UNIMPLEMENTED, kNot, kNone},
    {kHttp, 405, false, Code::kUnimplemented, Reason::ENOS_UNIMPLEMENTED, kNot, kNone},
    {kCode, 501, false, Code::kUnimplemented, Reason::ENOS_UNIMPLEMENTED, kNot, kNone},
    {kHttp, 501, false, Code::kUnimplemented, Reason::ENOS_UNIMPLEMENTED, kNot, kNone},
    {kCode, 409, false, Code::kAlreadyExists, Reason::ENOS_ALREADY_EXISTS, kNot, kNone},
    {kHttp, 409, false, Code::kAlreadyExists, Reason::ENOS_ALREADY_EXISTS, kNot, kNone},
    {kCode, 415, false, Code::kOutOfRange, Reason::ENOS_OUT_OF_RANGE, kNot, kNone},
    {kCode, 401, false, Code::kUnauthenticated, kCredentials, kNot, kToken},
    {kHttp, 401, false, Code::kUnauthenticated, kCredentials, kNot, kToken},
    {kCode, 497, false, Code::kUnauthenticated, kCredentials, kNot, kToken},
    {kCode, 1203, false, Code::kUnauthenticated, kCredentials, kNot, kToken},
    {kCode, 429, false, Code::kResourceExhausted, Reason::ENOS_RATE_LIMITED, kNot, Remedy::kWait},
    {kHttp, 429, false, Code::kResourceExhausted, Reason::ENOS_RATE_LIMITED, kNot, Remedy::kWait},
    {kCode, 62109, false, Code::kInternal, Reason::ENOS_INTERNAL, kUnk, kNone},
    {kCode, 99500, false, Code::kInternal, Reason::ENOS_INTERNAL, kUnk, kNone},
    {kCode, 500, false, Code::kInternal, Reason::ENOS_INTERNAL, kUnk, kNone},
    {kHttp, 500, false, Code::kInternal, Reason::ENOS_INTERNAL, kUnk, kNone},
    {kCode, 504, false, Code::kDeadlineExceeded, Reason::ENOS_TIMEOUT, kUnk, kNone},
    {kHttp, 504, false, Code::kDeadlineExceeded, Reason::ENOS_TIMEOUT, kUnk, kNone},
    {kHttp, 502, false, Code::kUnknown, Reason::ENOS_CONNECTION_LOST, kUnk, kNone},
};

// "Any other code or HTTP status": also the numbers that mean something in the other column only.
const Case kOtherRows[] = {
    {kCode, 1, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kCode, -1, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kCode, 499, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kCode, 502, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kCode, 1001, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kCode, 1002, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kCode, 62106, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kCode, INT64_MAX, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kCode, INT64_MIN, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kCode, 4294967696, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},  // 2^32 + 400
    {kHttp, 402, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kHttp, 408, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kHttp, 415, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kHttp, 497, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kHttp, 498, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kHttp, 499, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kHttp, 505, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kHttp, 599, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
    {kHttp, 999, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
};

const Case k503Rows[] = {
    {kCode, 503, false, Code::kUnknown, Reason::ENOS_UNAVAILABLE, kUnk, kNone},
    {kHttp, 503, false, Code::kUnknown, Reason::ENOS_UNAVAILABLE, kUnk, kNone},
    {kCode, 503, true, Code::kUnavailable, Reason::ENOS_UNAVAILABLE, kNot, Remedy::kWait},
    {kHttp, 503, true, Code::kUnavailable, Reason::ENOS_UNAVAILABLE, kNot, Remedy::kWait},
};

std::vector<Case> AllCases() {
  std::vector<Case> cases(std::begin(k503Rows), std::end(k503Rows));
  for (const bool trust_503 : {false, true}) {
    for (Case c : kFixedRows) cases.push_back((c.trust_503 = trust_503, c));
    for (Case c : kOtherRows) cases.push_back((c.trust_503 = trust_503, c));
  }
  return cases;
}

ErrorRow RowFor(const Case& c) {
  return c.source == Source::kEnosCode ? RowForEnosCode(c.number, c.trust_503)
                                       : RowForHttpStatus(static_cast<int>(c.number), c.trust_503);
}

std::string CaseName(const testing::TestParamInfo<Case>& param_info) {
  const Case& c = param_info.param;
  std::string number = std::to_string(c.number);
  if (number[0] == '-') number.replace(0, 1, "minus");
  return (c.source == Source::kEnosCode ? "Code" : "Http") + number +
         (c.trust_503 ? "Trusting503" : "");
}

class ErrorTableTest : public testing::TestWithParam<Case> {};

TEST_P(ErrorTableTest, GivesTheContractsRow) {
  const ErrorRow row = RowFor(GetParam());
  EXPECT_EQ(row.code, GetParam().code);
  EXPECT_EQ(row.reason, GetParam().reason);
  EXPECT_EQ(row.execution, GetParam().execution);
  EXPECT_EQ(row.remedy, GetParam().remedy);
}

INSTANTIATE_TEST_SUITE_P(Contract, ErrorTableTest, testing::ValuesIn(AllCases()), CaseName);

// The two promises that retries rest on, for every number that could be in the table.
TEST(ErrorTablePromises, UnavailableAndRemediesOnlyWhereCertainlyNotExecuted) {
  for (const bool trust_503 : {false, true}) {
    for (int number = 1; number <= 100'000; ++number) {
      for (const ErrorRow& row :
           {RowForEnosCode(number, trust_503), RowForHttpStatus(number, trust_503)}) {
        ASSERT_NE(row.code, Code::kOk) << number;
        if (row.code == Code::kUnavailable || row.remedy != Remedy::kNone) {
          ASSERT_EQ(row.execution, Execution::kNotExecuted) << number;
        }
      }
    }
  }
}

// Where a read (Get, Watch, Cancel) has another row than the call that starts a flow.
const Case kReadRows[] = {
    {kCode, 502, false, Code::kUnavailable, Reason::ENOS_CONNECTION_LOST, kUnk, Remedy::kWait},
    {kHttp, 502, false, Code::kUnavailable, Reason::ENOS_CONNECTION_LOST, kUnk, Remedy::kWait},
    {kCode, 503, false, Code::kUnavailable, Reason::ENOS_UNAVAILABLE, kNot, Remedy::kWait},
    {kHttp, 503, false, Code::kUnavailable, Reason::ENOS_UNAVAILABLE, kNot, Remedy::kWait},
    {kCode, 62102, false, Code::kNotFound, Reason::ENOS_NOT_FOUND, kNot, kNone},
    {kCode, 62104, false, Code::kUnknown, Reason::ENOS_ERROR, kUnk, kNone},
};

// The HTTP status beside a result code decides nothing.
ErrorRow RowForReadOf(const Case& c, int http_status_beside) {
  return c.source == Source::kEnosCode ? RowForRead(c.number, http_status_beside)
                                       : RowForRead(std::nullopt, static_cast<int>(c.number));
}

class ReadTableTest : public testing::TestWithParam<Case> {};

TEST_P(ReadTableTest, GivesTheContractsRow) {
  for (const int http_status : {200, 404, 502, 503}) {
    const ErrorRow row = RowForReadOf(GetParam(), http_status);
    EXPECT_EQ(row.code, GetParam().code);
    EXPECT_EQ(row.reason, GetParam().reason);
    EXPECT_EQ(row.remedy, GetParam().remedy);
  }
}

INSTANTIATE_TEST_SUITE_P(Contract, ReadTableTest, testing::ValuesIn(kReadRows), CaseName);

bool IsSame(const ErrorRow& a, const ErrorRow& b) {
  return a.code == b.code && a.reason == b.reason && a.execution == b.execution &&
         a.remedy == b.remedy;
}

bool HasReadRow(Source source, int64_t number) {
  return std::any_of(std::begin(kReadRows), std::end(kReadRows),
                     [&](const Case& c) { return c.source == source && c.number == number; });
}

TEST(ReadTable, AllOtherRows_AreThoseOfTheCallThatStarts) {
  for (int number = -1; number <= 100'000; ++number) {
    if (!HasReadRow(kCode, number)) {
      ASSERT_TRUE(IsSame(RowForRead(number, 200), RowForEnosCode(number, true))) << number;
    }
    if (number >= 400 && number < 1000 && !HasReadRow(kHttp, number)) {
      ASSERT_TRUE(IsSame(RowForRead(std::nullopt, number), RowForHttpStatus(number, true)))
          << number;
    }
  }
}

// Waiting longer inside the call, or sending once more, would not help there.
TEST(ReadTable, TimeoutsAreFinal) {
  EXPECT_EQ(RowForRead(504, 200).remedy, kNone);
  EXPECT_EQ(RowForRead(std::nullopt, 504).remedy, kNone);
}

}  // namespace
}  // namespace enos::gateway
