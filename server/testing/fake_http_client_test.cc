#include "server/testing/fake_http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace enos::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

HttpRequest Request(std::string path) {
  HttpRequest request;
  request.path_and_query = std::move(path);
  request.headers = {"name: value"};
  request.body = std::make_shared<const std::string>("body");
  return request;
}

TEST(FakeHttpClient, Start_KeepsTheRequestAndCallsNobody) {
  FakeHttpClient http;
  int calls = 0;
  const TransferId id = http.Start(Request("/a"), [&](const HttpResult&) { ++calls; });
  EXPECT_NE(id, 0U);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(http.last().request.path_and_query, "/a");
  EXPECT_EQ(http.last().Header("name"), "value");
  EXPECT_EQ(http.last().Header("other"), "");
  EXPECT_EQ(http.last().body(), "body");
  EXPECT_TRUE(http.last().running);
  EXPECT_FALSE(http.MaybeSent(id));
}

TEST(FakeHttpClient, AnswerNext_AnswersTheOldestThatRuns) {
  FakeHttpClient http;
  std::optional<HttpResult> first;
  std::optional<HttpResult> second;
  http.Start(Request("/a"), [&](HttpResult result) { first = std::move(result); });
  http.Start(Request("/b"), [&](HttpResult result) { second = std::move(result); });
  http.AnswerNext(429, "later", "3");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->end, TransferEnd::kAnswered);
  EXPECT_TRUE(first->maybe_sent);
  EXPECT_EQ(first->status, 429);
  EXPECT_EQ(first->body, "later");
  EXPECT_EQ(first->retry_after, "3");
  EXPECT_FALSE(second);
  http.FailNext(TransferEnd::kTlsFailed, false, "bad");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->end, TransferEnd::kTlsFailed);
  EXPECT_FALSE(second->maybe_sent);
  EXPECT_EQ(second->detail, "bad");
  EXPECT_THAT(http.Running(), IsEmpty());
}

TEST(FakeHttpClient, MarkSent_IsSeenWhileTheTransferRuns) {
  FakeHttpClient http;
  const TransferId id = http.Start(Request("/a"), [](const HttpResult&) {});
  http.MarkSent(id);
  EXPECT_TRUE(http.MaybeSent(id));
  http.Fail(id, TransferEnd::kConnectionLost, true);
  EXPECT_FALSE(http.MaybeSent(id));
  EXPECT_TRUE(http.at(id).maybe_sent);
}

TEST(FakeHttpClient, Dropped_IsRecordedAndNeverCallsBack) {
  FakeHttpClient http;
  auto kept = std::make_shared<int>();
  const TransferId id = http.Start(Request("/a"), [kept](const HttpResult&) { FAIL(); });
  http.Drop(id);
  http.Drop(id);
  http.Drop(0);
  EXPECT_EQ(kept.use_count(), 1) << "the callback is kept";
  EXPECT_TRUE(http.at(id).dropped);
  EXPECT_FALSE(http.at(id).running);
  EXPECT_FALSE(http.MaybeSent(id));
}

TEST(FakeHttpClient, Running_AndCountOf_LookAtThePath) {
  FakeHttpClient http;
  http.Start(Request("/flows?1"), [](const HttpResult&) {});
  http.Start(Request("/token"), [](const HttpResult&) {});
  http.Start(Request("/flows?2"), [](const HttpResult&) {});
  EXPECT_THAT(http.Running("/flows"), ElementsAre(1, 3));
  http.AnswerNext(200, "");
  EXPECT_THAT(http.Running("/flows"), ElementsAre(3));
  EXPECT_EQ(http.CountOf("/flows"), 2U);
}

TEST(FakeHttpClient, Callback_MayStartAgain) {
  FakeHttpClient http;
  int answers = 0;
  http.Start(Request("/a"), [&](const HttpResult&) {
    ++answers;
    http.Start(Request("/b"), [&](const HttpResult&) { ++answers; });
  });
  http.AnswerNext(200, "");
  http.AnswerNext(200, "");
  EXPECT_EQ(answers, 2);
}

}  // namespace
}  // namespace enos::gateway
