#include "server/standard/health_service.h"

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/testing/queue_server.h"

namespace enos::gateway {
namespace {

using grpc::StatusCode;
using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Rest = QueueServer::Rest;

constexpr auto kServing = HealthCheckResponse::SERVING;
constexpr auto kNotServing = HealthCheckResponse::NOT_SERVING;
constexpr auto kUnknownService = HealthCheckResponse::SERVICE_UNKNOWN;
// In case a test hangs.
constexpr std::chrono::seconds kGuard{60};

HealthCheckRequest RequestFor(const std::string& service) {
  HealthCheckRequest request;
  request.set_service(service);
  return request;
}

// A client's watch.
class Watching {
 public:
  Watching(const std::shared_ptr<grpc::Channel>& channel, const std::string& service)
      : stub_(Health::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + kGuard);
    reader_ = stub_->Watch(&context_, RequestFor(service));
  }
  ~Watching() {
    if (reader_ == nullptr) return;
    context_.TryCancel();
    Rest();
    reader_->Finish();
  }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  void WaitForHeaders() { reader_->WaitForInitialMetadata(); }
  // The next status; -1 if there is none.
  int Next() {
    HealthCheckResponse response;
    return reader_->Read(&response) ? response.status() : -1;
  }
  std::vector<int> Rest() {
    std::vector<int> statuses;
    for (int status = Next(); status != -1; status = Next()) statuses.push_back(status);
    return statuses;
  }
  grpc::Status End() {
    Rest();
    return std::exchange(reader_, nullptr)->Finish();
  }

 private:
  std::unique_ptr<Health::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader_;
};

class HealthServiceTest : public testing::Test {
 protected:
  explicit HealthServiceTest(size_t max_watches = HealthService::kMaxWatches)
      : health_(max_watches) {
    health_.Offer(server_.queue());
    server_.Serve();
  }
  ~HealthServiceTest() override {
    server_.Shutdown(Rest::kCancel);
    health_.WaitForNone();
    server_.Stop();
  }

  std::pair<grpc::Status, HealthCheckResponse> Check(const std::string& service) const {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kGuard);
    HealthCheckResponse response;
    const grpc::Status status =
        Health::NewStub(channel_)->Check(&context, RequestFor(service), &response);
    return {status, response};
  }

  HealthService health_;
  QueueServer server_{
      [this](grpc::ServerBuilder& builder) { builder.RegisterService(&health_.service()); }};
  std::shared_ptr<grpc::Channel> channel_ = server_.NewChannel();
};

struct CheckCase {
  const char* name;
  std::string service;
  StatusCode code;
  HealthCheckResponse::ServingStatus status = HealthCheckResponse::UNKNOWN;
};

class HealthCheckTest : public HealthServiceTest, public testing::WithParamInterface<CheckCase> {};

TEST_P(HealthCheckTest, Service_GivesItsStatus) {
  health_.Set("", true);
  health_.Set("a.Good", true);
  health_.Set("a.Bad", true);
  health_.Set("a.Bad", false);
  const auto [status, response] = Check(GetParam().service);
  EXPECT_EQ(status.error_code(), GetParam().code) << status.error_message();
  EXPECT_EQ(response.status(), GetParam().status);
}

INSTANTIATE_TEST_SUITE_P(
    All, HealthCheckTest,
    testing::Values(CheckCase{"WholeServer", "", StatusCode::OK, kServing},
                    CheckCase{"Good", "a.Good", StatusCode::OK, kServing},
                    CheckCase{"Bad", "a.Bad", StatusCode::OK, kNotServing},
                    CheckCase{"NeverSet", "a.Other", StatusCode::NOT_FOUND},
                    CheckCase{"LongestName", std::string(200, 'n'), StatusCode::NOT_FOUND},
                    CheckCase{"NameTooLong", std::string(201, 'n'), StatusCode::INVALID_ARGUMENT}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(HealthServiceTest, Checks_MoreThanAreOffered_AreAllAnswered) {
  health_.Set("", true);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Check("").second.status(), kServing);
}

TEST_F(HealthServiceTest, Watch_KnownService_GetsItsStatusThenEveryChange) {
  health_.Set("a", false);
  Watching watch(channel_, "a");
  EXPECT_EQ(watch.Next(), kNotServing);
  health_.Set("a", true);
  EXPECT_EQ(watch.Next(), kServing);
  health_.Set("a", false);
  EXPECT_EQ(watch.Next(), kNotServing);
}

TEST_F(HealthServiceTest, Watch_UnknownService_IsToldWhenItBecomesKnown) {
  Watching watch(channel_, "a");
  EXPECT_EQ(watch.Next(), kUnknownService);
  health_.Set("b", false);
  health_.Set("a", true);
  EXPECT_EQ(watch.Next(), kServing);
}

TEST_F(HealthServiceTest, Watch_SetToWhatItIs_SendsNothing) {
  health_.Set("", true);
  Watching watch(channel_, "");
  EXPECT_EQ(watch.Next(), kServing);
  health_.Set("", true);
  health_.EndWatches();
  EXPECT_THAT(watch.Rest(), IsEmpty());
}

TEST_F(HealthServiceTest, Watch_ManyChangesAtOnce_EndsWithTheLastOne) {
  Watching watch(channel_, "");
  EXPECT_EQ(watch.Next(), kUnknownService);
  for (int i = 0; i < 1000; ++i) health_.Set("", i % 2 == 0);
  health_.EndWatches();
  const std::vector<int> statuses = watch.Rest();
  ASSERT_THAT(statuses, Not(IsEmpty()));
  EXPECT_EQ(statuses.back(), kNotServing);
}

TEST_F(HealthServiceTest, Watch_ThatDoesNotRead_MissesAllChangesButTheLast) {
  Watching watch(server_.NewSlowChannel(), "");
  watch.WaitForHeaders();  // the first status is being sent
  for (int i = 0; i < 1000; ++i) health_.Set("", i % 2 == 0);
  EXPECT_EQ(watch.Next(), kUnknownService);
  EXPECT_EQ(watch.Next(), kNotServing);
  health_.EndWatches();
  EXPECT_THAT(watch.Rest(), IsEmpty());
}

TEST_F(HealthServiceTest, Shutdown_CancelsAWatchThatDoesNotRead) {
  Watching watch(server_.NewSlowChannel(), "");
  watch.WaitForHeaders();
  health_.Set("", true);
  health_.EndWatches();  // waits for the client to read
  server_.Shutdown(Rest::kCancel);
  health_.WaitForNone();
  EXPECT_FALSE(watch.End().ok());
}

TEST_F(HealthServiceTest, Watch_NameTooLong_IsRefused) {
  Watching watch(channel_, std::string(201, 'n'));
  EXPECT_EQ(watch.Next(), -1);
  EXPECT_EQ(watch.End().error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(HealthServiceTest, EndWatches_EndsThoseThatRunAndThoseToCome) {
  health_.Set("", true);
  Watching early(channel_, "");
  EXPECT_EQ(early.Next(), kServing);
  health_.Set("", false);
  health_.EndWatches();
  EXPECT_THAT(early.Rest(), ElementsAre(kNotServing));
  EXPECT_EQ(early.End().error_code(), StatusCode::UNAVAILABLE);
  Watching late(channel_, "");
  EXPECT_THAT(late.Rest(), ElementsAre(kNotServing));
  EXPECT_EQ(late.End().error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(Check("").second.status(), kNotServing);
}

TEST_F(HealthServiceTest, EndWatches_LetsTheServerShutDownWithoutForce) {
  Watching watch(channel_, "");
  EXPECT_EQ(watch.Next(), kUnknownService);
  health_.EndWatches();
  server_.Shutdown(Rest::kWait);
  EXPECT_EQ(watch.Next(), -1);
  EXPECT_EQ(watch.End().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(HealthServiceTest, Shutdown_CancelsWatchesThatWereNotEnded) {
  Watching watch(channel_, "");
  EXPECT_EQ(watch.Next(), kUnknownService);
  server_.Shutdown(Rest::kCancel);
  health_.WaitForNone();
  health_.Set("", true);  // nobody is there to be notified
  EXPECT_EQ(watch.Next(), -1);
}

TEST_F(HealthServiceTest, SetByManyThreads_WhileWatchesComeAndGo_LosesNothing) {
  std::atomic<bool> ending{false};
  std::vector<std::thread> setters;
  for (const char* service : {"a", "b"}) {
    setters.emplace_back([this, service, &ending] {
      for (int i = 0; !ending; ++i) health_.Set(service, i % 2 == 0);
    });
  }
  std::vector<std::thread> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([this] {
      const auto channel = server_.NewChannel();
      for (int j = 0; j < 25; ++j) {
        Watching watch(channel, j % 2 == 0 ? "a" : "b");
        EXPECT_NE(watch.Next(), -1);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  ending = true;
  for (std::thread& setter : setters) setter.join();
}

class HealthServiceLimitTest : public HealthServiceTest {
 protected:
  HealthServiceLimitTest() : HealthServiceTest(2) {}
};

TEST_F(HealthServiceLimitTest, OneWatchTooMany_IsRefusedUntilAnotherEnds) {
  Watching first(channel_, "a");
  EXPECT_EQ(first.Next(), kUnknownService);
  auto second = std::make_unique<Watching>(channel_, "a");
  EXPECT_EQ(second->Next(), kUnknownService);
  Watching third(channel_, "a");
  EXPECT_EQ(third.Next(), -1);
  EXPECT_EQ(third.End().error_code(), StatusCode::RESOURCE_EXHAUSTED);

  second.reset();
  // The server learns of it a little later.
  const auto guard = std::chrono::steady_clock::now() + kGuard;
  int status = -1;
  while (status == -1 && std::chrono::steady_clock::now() < guard) {
    status = Watching(channel_, "a").Next();
  }
  EXPECT_EQ(status, kUnknownService);
  health_.Set("a", true);
  EXPECT_EQ(first.Next(), kServing);
}

}  // namespace
}  // namespace enos::gateway
