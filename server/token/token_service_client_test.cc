#include "server/token/token_service_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "server/base/secret_mask.h"
#include "server/testing/fake_http_client.h"
#include "server/testing/fake_scheduler.h"
#include "server/testing/sha256.h"
#include "server/testing/token_test_support.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr seconds kTimeout(5);

class TokenServiceClientTest : public ::testing::Test {
 protected:
  void Fetch(std::string unwanted = "") {
    results_.clear();
    client_->Fetch(
        [unwanted = std::move(unwanted)](const std::string& token) { return token == unwanted; },
        [this](std::variant<FetchedToken, FetchFailure> result) {
          results_.push_back(std::move(result));
        });
  }

  FetchedToken Fetched() const {
    if (results_.size() != 1 || !std::holds_alternative<FetchedToken>(results_[0])) {
      ADD_FAILURE() << results_.size() << " results, or no token";
      return {};
    }
    return std::get<FetchedToken>(results_[0]);
  }

  FetchFailure Failed() const {
    if (results_.size() != 1 || !std::holds_alternative<FetchFailure>(results_[0])) {
      ADD_FAILURE() << results_.size() << " results, or a token";
      return {};
    }
    return std::get<FetchFailure>(results_[0]);
  }

  FakeScheduler scheduler_;
  FakeHttpClient http_;
  const SharedCredentials credentials_ =
      ShareCredentials(Secret("the-access-key"), Secret("the-secret-key"));
  double random_ = 0.5;
  UpstreamClock clock_{scheduler_};
  std::vector<UpstreamRequest> requests_;
  std::optional<TokenServiceClient> client_{
      std::in_place,
      scheduler_,
      http_,
      clock_,
      credentials_,
      [this] { return random_; },
      milliseconds(kTimeout),
      [this](const UpstreamRequest& request) { requests_.push_back(request); }};
  std::vector<std::variant<FetchedToken, FetchFailure>> results_;
};

TEST_F(TokenServiceClientTest, Get_AnswersToken_IsFetched) {
  Fetch();
  EXPECT_TRUE(client_->fetching());
  ASSERT_THAT(http_.sent(), SizeIs(1));
  const FakeHttpClient::Sent& get = http_.last();
  EXPECT_EQ(get.request.path_and_query, "/apim-token-service/v2.0/token/get");
  EXPECT_EQ(get.Header("Content-Type"), "application/json;charset=UTF-8");
  const std::string timestamp = "1700000000123";
  EXPECT_EQ(get.body(),
            R"({"appKey":"the-access-key","timestamp":)" + timestamp + R"(,"encryption":")" +
                IndependentSha256Hex("the-access-key" + timestamp + "the-secret-key") + R"("})");
  EXPECT_THAT(results_, IsEmpty());

  scheduler_.Advance(seconds(2));
  http_.AnswerNext(200, TokenJson("T1", 7200));
  EXPECT_EQ(Fetched().token, "T1");
  EXPECT_EQ(Fetched().expires_at, FakeScheduler::kStart + seconds(7200))
      << "counted from before the request";
  EXPECT_FALSE(client_->fetching());
  EXPECT_EQ(scheduler_.pending(), 0U);
}

TEST_F(TokenServiceClientTest, Get_AnswersUnwanted_RefreshesIt) {
  Fetch("old");
  scheduler_.Advance(seconds(1));
  http_.AnswerNext(200, TokenJson("old", 60));
  ASSERT_THAT(http_.sent(), SizeIs(2));
  const FakeHttpClient::Sent& refresh = http_.last();
  EXPECT_EQ(refresh.request.path_and_query, "/apim-token-service/v2.0/token/refresh");
  const std::string timestamp = "1700000001123";
  EXPECT_EQ(refresh.body(),
            R"({"appKey":"the-access-key","timestamp":)" + timestamp + R"(,"encryption":")" +
                IndependentSha256Hex("the-access-key" + timestamp + "the-secret-key") +
                R"(","accessToken":"old"})");
  http_.AnswerNext(200, TokenJson("new", 7200));
  EXPECT_EQ(Fetched().token, "new");
  EXPECT_EQ(Fetched().expires_at, FakeScheduler::kStart + seconds(7201));
}

TEST_F(TokenServiceClientTest, Refresh_AnswersTheSameToken_IsNotRepeated) {
  Fetch("old");
  http_.AnswerNext(200, TokenJson("old", 60));
  http_.AnswerNext(200, TokenJson("old", 50));
  EXPECT_EQ(Fetched().token, "old");
  EXPECT_EQ(Fetched().expires_at, FakeScheduler::kStart + seconds(50));
  EXPECT_THAT(http_.sent(), SizeIs(2));
}

TEST_F(TokenServiceClientTest, SameMillisecond_GetsAnotherTimestamp) {
  Fetch("old");
  http_.AnswerNext(200, TokenJson("old", 60));
  EXPECT_GT(TimestampOf(http_.at(2)), TimestampOf(http_.at(1)));
  http_.AnswerNext(200, TokenJson("new", 60));
  Fetch();
  EXPECT_GT(TimestampOf(http_.at(3)), TimestampOf(http_.at(2)));
}

TEST_F(TokenServiceClientTest, Refresh_AnswersExpired_GetsAgain) {
  Fetch("old");
  http_.AnswerNext(200, TokenJson("old", 1));
  http_.AnswerNext(200, TokenErrorJson(1203));
  ASSERT_THAT(http_.sent(), SizeIs(3));
  EXPECT_EQ(http_.last().request.path_and_query, "/apim-token-service/v2.0/token/get");
  EXPECT_THAT(http_.last().body(), Not(HasSubstr("accessToken")));
  http_.AnswerNext(200, TokenJson("new", 7200));
  EXPECT_EQ(Fetched().token, "new");
}

TEST_F(TokenServiceClientTest, Refresh_AnswersExpired_GetFails_ThereIsNoToken) {
  Fetch("old");
  http_.AnswerNext(200, TokenJson("old", 1));
  http_.AnswerNext(200, TokenErrorJson(1203));
  http_.FailNext(TransferEnd::kConnectFailed, false);
  EXPECT_EQ(Failed().error.reason, Reason::ENOS_UNREACHABLE) << "EnOS said that the old one died";
}

TEST_F(TokenServiceClientTest, GetAgain_AnswersUnwanted_IsTaken) {
  Fetch("old");
  http_.AnswerNext(200, TokenJson("old", 1));
  http_.AnswerNext(200, TokenErrorJson(1203));
  http_.AnswerNext(200, TokenJson("old", 1));
  EXPECT_EQ(Fetched().token, "old");
  EXPECT_THAT(http_.sent(), SizeIs(3));
}

TEST_F(TokenServiceClientTest, RepeatedRequest_IsAskedAgainWithALaterTimestamp) {
  Fetch();
  http_.AnswerNext(200, TokenErrorJson(1001));
  http_.AnswerNext(200, TokenErrorJson(1001));
  ASSERT_THAT(http_.sent(), SizeIs(3));
  EXPECT_EQ(TimestampOf(http_.at(2)), TimestampOf(http_.at(1)) + 1 + 25);
  EXPECT_EQ(TimestampOf(http_.at(3)), TimestampOf(http_.at(2)) + 1 + 25);
  http_.AnswerNext(200, TokenJson("T1", 7200));
  EXPECT_EQ(Fetched().token, "T1");
}

TEST_F(TokenServiceClientTest, RepeatedRequest_WithoutJump_StillHasALaterTimestamp) {
  random_ = 0;
  Fetch();
  http_.AnswerNext(200, TokenErrorJson(1001));
  EXPECT_EQ(TimestampOf(http_.at(2)), TimestampOf(http_.at(1)) + 1);
}

TEST_F(TokenServiceClientTest, RepeatedRequest_OverAndOver_FailsAfterFiveRepeats) {
  Fetch();
  for (int i = 0; i < 6; ++i) http_.AnswerNext(200, TokenErrorJson(1001));
  EXPECT_THAT(http_.sent(), SizeIs(6));
  EXPECT_EQ(Failed().error.reason, Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(Failed().error.enos_code, 1001);
  EXPECT_FALSE(Failed().credentials_refused);
}

TEST_F(TokenServiceClientTest, RepeatedRequest_AtRefresh_HasItsOwnFiveRepeats) {
  Fetch("old");
  for (int i = 0; i < 5; ++i) http_.AnswerNext(200, TokenErrorJson(1001));
  http_.AnswerNext(200, TokenJson("old", 60));
  for (int i = 0; i < 5; ++i) http_.AnswerNext(200, TokenErrorJson(1001));
  EXPECT_EQ(http_.CountOf("/apim-token-service/v2.0/token/refresh"), 6U);
  http_.AnswerNext(200, TokenJson("new", 60));
  EXPECT_EQ(Fetched().token, "new");
}

TEST_F(TokenServiceClientTest, ClockSetBack_TimestampFollowsIt) {
  Fetch();
  http_.AnswerNext(200, TokenJson("T1", 60));
  scheduler_.StepWallClock(-std::chrono::hours(1));
  Fetch();
  EXPECT_EQ(TimestampOf(http_.last()), 1'700'000'000'123 - 3'600'000)
      << "a timestamp an hour ahead would be refused until the clock has caught up";
}

TEST_F(TokenServiceClientTest, ClockSetBackALittle_TimestampStillGrows) {
  Fetch();
  http_.AnswerNext(200, TokenJson("T1", 60));
  scheduler_.StepWallClock(-milliseconds(500));
  Fetch();
  EXPECT_EQ(TimestampOf(http_.last()), TimestampOf(http_.at(1)) + 1);
}

TEST_F(TokenServiceClientTest, NoAnswerInTime_DropsTheTransfer) {
  Fetch();
  scheduler_.Advance(kTimeout - milliseconds(1));
  EXPECT_THAT(results_, IsEmpty());
  scheduler_.Advance(milliseconds(1));
  EXPECT_TRUE(http_.at(1).dropped);
  EXPECT_EQ(Failed().error.reason, Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(Failed().error.execution, Execution::kNotExecuted);
  EXPECT_EQ(scheduler_.pending(), 0U);
}

TEST_F(TokenServiceClientTest, EachRequest_HasTheWholeTime) {
  Fetch("old");
  scheduler_.Advance(seconds(4));
  http_.AnswerNext(200, TokenJson("old", 60));
  scheduler_.Advance(seconds(4));
  http_.AnswerNext(200, TokenJson("new", 60));
  EXPECT_EQ(Fetched().token, "new");
}

TEST_F(TokenServiceClientTest, Answer_StopsTheClock) {
  Fetch();
  http_.AnswerNext(200, TokenJson("T1", 60));
  scheduler_.Advance(10 * kTimeout);
  EXPECT_THAT(results_, SizeIs(1));
}

TEST_F(TokenServiceClientTest, RetryAfter_IsHandedOn) {
  Fetch();
  http_.AnswerNext(503, "<html>", "7");
  EXPECT_EQ(Failed().error.retry_after, milliseconds(7000));
  EXPECT_EQ(Failed().error.http_status, 503);
}

TEST_F(TokenServiceClientTest, TextOfTheRefusal_ShowsNoSecret) {
  RegisterSecret("the-secret-key", SecretLife::kForever);
  RegisterSecret("a-living-token");
  Fetch();
  http_.AnswerNext(200, TokenErrorJson(1005, "the-secret-key of a-living-token\\n is odd"));
  const CallError error = Failed().error;
  EXPECT_EQ(error.enos_message, "*** of ***  is odd");
  EXPECT_THAT(error.message, HasSubstr("code 1005: *** of ***"));
}

TEST_F(TokenServiceClientTest, Destroyed_DropsWhatRuns) {
  Fetch();
  client_.reset();
  EXPECT_TRUE(http_.at(1).dropped);
  EXPECT_EQ(scheduler_.pending(), 0U);
  EXPECT_THAT(results_, IsEmpty());
}

TEST_F(TokenServiceClientTest, Cancelled_DropsWhatRunsAndMayFetchAgain) {
  Fetch();
  client_->Cancel();
  EXPECT_TRUE(http_.at(1).dropped);
  EXPECT_FALSE(client_->fetching());
  EXPECT_EQ(scheduler_.pending(), 0U);
  Fetch();
  http_.AnswerNext(200, TokenJson("T1", 60));
  EXPECT_EQ(Fetched().token, "T1");
}

// -- A clock that is off: the fake one is at Tue, 14 Nov 2023 22:13:20.123 GMT.

constexpr char kHourAhead[] = "Tue, 14 Nov 2023 23:13:20 GMT";
constexpr int64_t kHourMs = 3'600'000;

class TokenServiceSkew : public TokenServiceClientTest,
                         public ::testing::WithParamInterface<int64_t> {};

TEST_P(TokenServiceSkew, RefusalThatMayMeanTheTimestamp_IsAskedAgainWithTheRightOne) {
  Fetch();
  http_.AnswerNext(200, TokenErrorJson(GetParam()), "", kHourAhead);
  ASSERT_THAT(http_.sent(), SizeIs(2));
  EXPECT_EQ(TimestampOf(http_.at(2)) - TimestampOf(http_.at(1)), kHourMs);
  http_.AnswerNext(200, TokenJson("T1", 60), "", kHourAhead);
  EXPECT_EQ(Fetched().token, "T1");
  EXPECT_EQ(Fetched().expires_at, FakeScheduler::kStart + seconds(60));
}

TEST_P(TokenServiceSkew, RefusedAgain_Fails) {
  Fetch();
  http_.AnswerNext(200, TokenErrorJson(GetParam()), "", kHourAhead);
  http_.AnswerNext(200, TokenErrorJson(GetParam()), "", "Tue, 14 Nov 2023 21:13:20 GMT");
  EXPECT_EQ(Failed().error.enos_code, GetParam()) << "even if the clock is another one once more";
}

TEST_P(TokenServiceSkew, DateAgrees_FailsAtOnce) {
  Fetch();
  http_.AnswerNext(200, TokenErrorJson(GetParam()), "", "Tue, 14 Nov 2023 22:13:20 GMT");
  EXPECT_EQ(Failed().error.enos_code, GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, TokenServiceSkew, ::testing::Values(497, 1003, 1004));

TEST_F(TokenServiceClientTest, OtherRefusals_DoNotTouchTheClock) {
  for (const int64_t code : {1002, 1005, 1202}) {
    Fetch();
    http_.AnswerNext(200, TokenErrorJson(code), "", kHourAhead);
    EXPECT_EQ(Failed().error.enos_code, code);
  }
  EXPECT_EQ(clock_.Now(), scheduler_.WallNow());
}

TEST_F(TokenServiceClientTest, ClockCorrected_NextFetchMayCorrectItAgain) {
  for (const char* date : {kHourAhead, "Tue, 14 Nov 2023 21:13:20 GMT"}) {
    Fetch();
    http_.AnswerNext(200, TokenErrorJson(497), "", date);
    http_.AnswerNext(200, TokenJson("T1", 60), "", date);
    EXPECT_EQ(Fetched().token, "T1");
  }
}

TEST_F(TokenServiceClientTest, TokenCameAndItsDateAgrees_EndsTheCorrection) {
  ASSERT_TRUE(clock_.OnRefusal(kHourAhead));
  Fetch();
  http_.AnswerNext(200, TokenJson("T1", 60), "", "Tue, 14 Nov 2023 22:13:20 GMT");
  EXPECT_EQ(clock_.Now(), scheduler_.WallNow());
}

// -- Every way in which a request can fail, at `get` and at `refresh`.

struct FailureCase {
  const char* name;
  TransferEnd end;  // kAnswered: with what follows
  int status;
  std::string body;
  bool credentials_refused;
  std::optional<int64_t> enos_code;
};

const FailureCase kFailures[] = {
    {"NameNotResolved", TransferEnd::kNameNotResolved, 0, "", false, {}},
    {"ConnectFailed", TransferEnd::kConnectFailed, 0, "", false, {}},
    {"ConnectTimeout", TransferEnd::kConnectTimeout, 0, "", false, {}},
    {"TlsFailed", TransferEnd::kTlsFailed, 0, "", false, {}},
    {"ConnectionLost", TransferEnd::kConnectionLost, 0, "", false, {}},
    {"Malformed", TransferEnd::kMalformed, 0, "", false, {}},
    {"TooLarge", TransferEnd::kTooLarge, 0, "", false, {}},
    {"NoSuchKey", TransferEnd::kAnswered, 200, TokenErrorJson(1002), true, 1002},
    {"WrongKey", TransferEnd::kAnswered, 200, TokenErrorJson(1003), true, 1003},
    {"WrongKeyUnder400", TransferEnd::kAnswered, 400, TokenErrorJson(1003), true, 1003},
    {"InvalidParameter", TransferEnd::kAnswered, 200, TokenErrorJson(1004), false, 1004},
    {"InternalException", TransferEnd::kAnswered, 200, TokenErrorJson(1005), false, 1005},
    {"ParameterEmpty", TransferEnd::kAnswered, 200, TokenErrorJson(1202), false, 1202},
    {"NotRefreshed", TransferEnd::kAnswered, 200, TokenErrorJson(1204), false, 1204},
    {"UnknownCode", TransferEnd::kAnswered, 200, TokenErrorJson(77), false, 77},
    {"Html", TransferEnd::kAnswered, 502, "<html>bad gateway</html>", false, {}},
    {"Empty", TransferEnd::kAnswered, 200, "", false, {}},
    {"NoToken", TransferEnd::kAnswered, 200, R"({"status":0})", false, 0},
    {"NoLife", TransferEnd::kAnswered, 200, TokenJson("T", 0), false, 0},
};

class TokenServiceFailure : public TokenServiceClientTest,
                            public ::testing::WithParamInterface<FailureCase> {
 protected:
  void FailAsTold() {
    if (GetParam().end == TransferEnd::kAnswered) {
      http_.AnswerNext(GetParam().status, GetParam().body);
    } else {
      http_.FailNext(GetParam().end, GetParam().end >= TransferEnd::kConnectionLost);
    }
  }
};

TEST_P(TokenServiceFailure, AtGet_IsTold) {
  Fetch();
  FailAsTold();
  const FetchFailure failure = Failed();
  EXPECT_EQ(failure.credentials_refused, GetParam().credentials_refused);
  EXPECT_EQ(failure.error.code, GetParam().credentials_refused ? absl::StatusCode::kUnauthenticated
                                                               : absl::StatusCode::kUnavailable);
  EXPECT_EQ(failure.error.reason, GetParam().credentials_refused ? Reason::ENOS_CREDENTIALS_REFUSED
                                                                 : Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(failure.error.execution, Execution::kNotExecuted);
  EXPECT_EQ(failure.error.enos_code, GetParam().enos_code);
  EXPECT_EQ(failure.error.http_status, GetParam().status);
  EXPECT_THAT(failure.error.message, Not(HasSubstr("html")));
  EXPECT_FALSE(client_->fetching());
  EXPECT_EQ(scheduler_.pending(), 0U);
}

TEST_P(TokenServiceFailure, AtRefresh_LeavesWhatGetAnswered) {
  Fetch("old");
  http_.AnswerNext(200, TokenJson("old", 60));
  FailAsTold();
  EXPECT_EQ(Fetched().token, "old");
  EXPECT_EQ(Fetched().expires_at, FakeScheduler::kStart + seconds(60));
  EXPECT_THAT(http_.sent(), SizeIs(2));
}

INSTANTIATE_TEST_SUITE_P(All, TokenServiceFailure, ::testing::ValuesIn(kFailures),
                         [](const auto& test) { return test.param.name; });

TEST_F(TokenServiceClientTest, RefreshTakesTooLong_LeavesWhatGetAnswered) {
  Fetch("old");
  http_.AnswerNext(200, TokenJson("old", 60));
  scheduler_.Advance(kTimeout);
  EXPECT_TRUE(http_.at(2).dropped);
  EXPECT_EQ(Fetched().token, "old");
}

TEST_F(TokenServiceClientTest, EachRequest_IsReportedForMetrics) {
  Fetch("old");
  scheduler_.Advance(milliseconds(20));
  http_.AnswerNext(200, TokenJson("old", 60));
  http_.AnswerNext(200, TokenErrorJson(1204));
  ASSERT_THAT(requests_, SizeIs(2));
  EXPECT_EQ(requests_[0].operation, UpstreamOperation::kToken);
  EXPECT_EQ(requests_[0].http_status, 200);
  EXPECT_EQ(requests_[0].enos_code, 0);
  EXPECT_EQ(requests_[0].took, milliseconds(20));
  EXPECT_EQ(requests_[1].enos_code, 1204);
}

TEST_F(TokenServiceClientTest, RequestsWithoutAnAnswer_AreReportedForMetrics) {
  Fetch();
  http_.FailNext(TransferEnd::kTlsFailed, false);
  Fetch();
  scheduler_.Advance(kTimeout);
  ASSERT_THAT(requests_, SizeIs(2));
  EXPECT_EQ(requests_[0].end, TransferEnd::kTlsFailed);
  EXPECT_EQ(requests_[1].end, std::nullopt);
  EXPECT_EQ(requests_[1].took, kTimeout);
}

}  // namespace
}  // namespace enos::gateway
