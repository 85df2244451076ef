#include "tests/wire/support/fake_enos.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>
#include <utility>

#include "tests/wire/support/wait.h"

namespace enos::gateway::testing {
namespace {

using sandbox::Answer;

bool IsForToken(const sandbox::RequestHead& head) {
  return head.target.rfind("/apim-token-service/", 0) == 0;
}

int FlowIdIn(const std::string& body) {
  constexpr std::string_view kMember = "\"flowId\":";
  const auto at = body.find(kMember);
  return at == std::string::npos ? 0 : std::atoi(body.c_str() + at + kMember.size());
}

}  // namespace

// Another one each time, for `refresh` to be of use.
Answer TokenAnswer(std::uint64_t number, int seconds) {
  Answer answer = Answer::Json(
      200, "{\"status\":0,\"msg\":\"SUCCESS\",\"data\":{\"accessToken\":\"token-of-wire-test-" +
               std::to_string(number) + "\",\"expire\":" + std::to_string(seconds) + "}}");
  answer.keep_alive = false;
  return answer;
}

Answer FlowStartedAnswer(const std::string& instance_id) {
  return Answer::Json(200, "{\"status\":0,\"msg\":\" Success\",\"data\":{\"flowInstanceId\":\"" +
                               instance_id + "\"}}");
}

FakeEnos::FakeEnos(sandbox::HttpServerOptions options) {
  handler_.on_accept = [this](std::uint64_t) { return OnAccept(); };
  handler_.on_head = [this](const sandbox::RequestHead& head) { return OnHead(head); };
  handler_.on_request = [this](sandbox::HttpRequest request, const sandbox::Responder& responder) {
    OnRequest(std::move(request), responder);
  };
  Serve(std::move(options));
}

void FakeEnos::Serve(sandbox::HttpServerOptions options) {
  server_ = std::make_unique<sandbox::HttpServer>(std::move(options), &handler_);
  const absl::Status started = server_->Start();
  EXPECT_TRUE(started.ok()) << started;
}

void FakeEnos::Restart(sandbox::HttpServerOptions options) {
  options.port = server_->port();
  Serve(std::move(options));
}

void FakeEnos::AcceptWith(sandbox::AcceptAction action) {
  const std::lock_guard lock(mutex_);
  accept_ = action;
  accepted_ = 0;
}

bool FakeEnos::WaitForAccepted(std::uint64_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kGuard, [&] { return accepted_ >= count; });
}

sandbox::AcceptAction FakeEnos::OnAccept() {
  const std::lock_guard lock(mutex_);
  ++accepted_;
  changed_.notify_all();
  return accept_;
}

void FakeEnos::AnswerWith(const Answer& answer) { AnswerInTurn({answer}); }

void FakeEnos::AnswerInTurn(std::vector<Answer> answers) {
  const std::lock_guard lock(mutex_);
  hold_ = false;
  answers_ = std::move(answers);
}

void FakeEnos::Hold() {
  const std::lock_guard lock(mutex_);
  hold_ = true;
}

sandbox::HeadDecision FakeEnos::OnHead(const sandbox::RequestHead& head) {
  if (IsForToken(head)) return {};
  const std::lock_guard lock(mutex_);
  ++calls_;
  changed_.notify_all();
  return {at_head_.load(), answers_.front()};
}

void FakeEnos::OnRequest(sandbox::HttpRequest request, const sandbox::Responder& responder) {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
  if (IsForToken(request)) {
    const auto answer = on_token_ ? on_token_(request) : std::nullopt;
    ++tokens_;
    responder.Send(answer ? *answer : TokenAnswer(tokens_));
    return;
  }
  ++calls_by_flow_[FlowIdIn(request.body)];
  last_headers_ = std::move(request.headers);
  if (hold_) {
    held_.push_back(responder);
    return;
  }
  responder.Send(answers_.front());
  if (answers_.size() > 1) answers_.erase(answers_.begin());
}

bool FakeEnos::WaitForHeld(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kGuard, [&] { return held_.size() >= count; });
}

std::size_t FakeEnos::AnswerHeld(const Answer& answer) {
  std::vector<sandbox::Responder> held;
  {
    const std::lock_guard lock(mutex_);
    held = std::exchange(held_, {});
  }
  for (const auto& responder : held) responder.Send(answer);
  return held.size();
}

std::uint64_t FakeEnos::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

bool FakeEnos::WaitForCalls(std::uint64_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kGuard, [&] { return calls_ >= count; });
}

std::map<int, int> FakeEnos::calls_by_flow() const {
  const std::lock_guard lock(mutex_);
  return calls_by_flow_;
}

void FakeEnos::AnswerTokens(OnToken on_token) {
  const std::lock_guard lock(mutex_);
  on_token_ = std::move(on_token);
}

sandbox::HttpHeaders FakeEnos::last_headers() const {
  const std::lock_guard lock(mutex_);
  return last_headers_;
}

bool FakeEnos::WaitForTokens(std::uint64_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kGuard, [&] { return tokens_ >= count; });
}

}  // namespace enos::gateway::testing
