#ifndef ENOS_SERVER_TESTING_TOKEN_PROVIDER_FIXTURE_H_
#define ENOS_SERVER_TESTING_TOKEN_PROVIDER_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/testing/fake_http_client.h"
#include "server/testing/fake_scheduler.h"
#include "server/testing/token_test_support.h"
#include "server/token/token_provider.h"

namespace enos::gateway {

// For tests: a TokenProvider over a real TokenServiceClient, a token service that the test plays,
// and everything that the two tell.
class TokenProviderFixture : public ::testing::Test {
 protected:
  using Result = TokenProvider::Result;

  TokenEvents Events() {
    TokenEvents events;
    events.on_token = [this](std::string_view token) { tokens_.emplace_back(token); };
    events.on_change = [this](bool has_token) { changes_.push_back(has_token); };
    events.on_failure = [this](const CallError& error) { failures_.push_back(error); };
    events.on_rotated = [this](const CallError* refused) {
      rotations_.push_back(refused == nullptr);
    };
    events.on_fetched = [this](SteadyTime expires_at) { fetched_.push_back(expires_at); };
    return events;
  }

  // Starts, and has the first token answered.
  void StartWith(std::string_view token, int64_t life_seconds) {
    provider_->Start();
    Give(token, life_seconds);
  }

  // The token service answers the request that runs.
  void Give(std::string_view token, int64_t life_seconds) {
    http_.AnswerNext(200, TokenJson(token, life_seconds));
  }
  void Refuse(int64_t code) { http_.AnswerNext(200, TokenErrorJson(code)); }
  void Break() { http_.FailNext(TransferEnd::kConnectFailed, false); }

  // A waiter; what comes of it is at(index) in order of the calls.
  size_t Wait(const AccessToken& refused = nullptr) {
    const size_t index = answers_.size();
    answers_.emplace_back();
    waits_.push_back(provider_->Wait(refused, [this, index](Result result) {
      if (answers_[index]) ADD_FAILURE() << "waiter " << index << " is called twice";
      answers_[index] = std::move(result);
    }));
    return index;
  }

  bool IsAnswered(size_t waiter) const { return answers_.at(waiter).has_value(); }

  // The token that a waiter got; "none" when it waits still, "error" when it got one.
  std::string TokenOf(size_t waiter) const {
    if (!IsAnswered(waiter)) return "none";
    const auto* token = std::get_if<AccessToken>(&*answers_[waiter]);
    if (token == nullptr) return "error";
    return *token ? (*token)->text : "null";
  }

  std::optional<Reason> ErrorOf(size_t waiter) const {
    if (!IsAnswered(waiter)) return std::nullopt;
    const auto* error = std::get_if<CallError>(&*answers_[waiter]);
    return error == nullptr ? std::nullopt : std::optional(error->reason);
  }

  std::string Current() const {
    const AccessToken token = provider_->Current();
    return token ? token->text : "";
  }

  size_t Gets() const { return http_.CountOf("/apim-token-service/v2.0/token/get"); }
  size_t Refreshes() const { return http_.CountOf("/apim-token-service/v2.0/token/refresh"); }
  size_t RunningFetches() const { return http_.Running().size(); }

  // How long until something happens by itself.
  std::chrono::milliseconds ToNextTimer() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(scheduler_.next_due() -
                                                                 scheduler_.Now());
  }

  FakeScheduler scheduler_;
  FakeHttpClient http_;
  const SharedCredentials credentials_ = ShareCredentials(Secret("access"), Secret("secret"));
  double random_ = 0.5;
  UpstreamClock clock_{scheduler_};
  TokenServiceClient client_{
      scheduler_, http_, clock_, credentials_, [this] { return random_; }, std::chrono::seconds(5)};
  std::vector<std::string> tokens_;
  std::vector<bool> changes_;
  std::vector<CallError> failures_;
  std::vector<bool> rotations_;      // whether the new keys were taken
  std::vector<SteadyTime> fetched_;  // when what was fetched expires
  std::vector<std::optional<Result>> answers_;
  std::vector<TokenProvider::WaitId> waits_;
  std::unique_ptr<TokenProvider> provider_ = std::make_unique<TokenProvider>(
      scheduler_, client_, [this] { return random_; }, TokenProviderOptions(), Events());
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_TOKEN_PROVIDER_FIXTURE_H_
