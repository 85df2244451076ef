#include "tests/support/fake_enos.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>
#include <utility>

#include "tests/support/wait.h"

namespace enos {
namespace {

using sandbox::Answer;

bool IsForToken(const sandbox::RequestHead& head) {
  return head.target.rfind("/apim-token-service/", 0) == 0;
}

bool IsForZone(const sandbox::RequestHead& head) {
  return head.target.find("action=getTimeZone") != std::string::npos;
}

// Of the flow to be started, the run to be read or the one to be ended.
int FlowIdIn(const sandbox::HttpRequest& request) {
  const std::string text = request.target + request.body;
  for (const std::string_view before : {"\"flowId\":", "flowInstId=", "\"flowInstId\":\""}) {
    const auto at = text.find(before);
    if (at != std::string::npos) return std::atoi(text.c_str() + at + before.size());
  }
  return 0;
}

}  // namespace

Answer TokenAnswer(const std::string& token, int seconds) {
  Answer answer = Answer::Json(200, R"({"status":0,"msg":"SUCCESS","data":{"accessToken":")" +
                                        token + R"(","expire":)" + std::to_string(seconds) + "}}");
  answer.keep_alive = false;
  return answer;
}

Answer FlowStartedAnswer(const std::string& instance_id) {
  return Answer::Json(
      200, R"({"status":0,"msg":" Success","data":{"flowInstanceId":")" + instance_id + "\"}}");
}

Answer RunAnswer(const std::string& instance_id, int status, const std::string& more) {
  return Answer::Json(200, R"({"code":0,"msg":"OK","data":{"instanceId":")" + instance_id +
                               R"(","status":)" + std::to_string(status) + more + "}}");
}

FakeEnos::FakeEnos(sandbox::HttpServerOptions options) { Serve(std::move(options)); }

FakeEnos::FakeEnos(OnFlow on_flow, OnToken on_token)
    : on_flow_(std::move(on_flow)), on_token_(std::move(on_token)) {
  Serve({});
}

void FakeEnos::Serve(sandbox::HttpServerOptions options) {
  handler_.on_accept = [this](std::uint64_t) { return OnAccept(); };
  handler_.on_head = [this](const sandbox::RequestHead& head) { return OnHead(head); };
  handler_.on_request = [this](sandbox::HttpRequest request, const sandbox::Responder& responder) {
    if (IsForToken(request)) return AnswerToken(request, responder);
    if (IsForZone(request)) return AnswerZone(responder);
    AnswerFlow(std::move(request), responder);
  };
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
  if (IsForToken(head) || IsForZone(head)) return {};
  const std::lock_guard lock(mutex_);
  ++calls_;
  changed_.notify_all();
  return {at_head_.load(), answers_.empty() ? FlowStartedAnswer() : answers_.front()};
}

// Another token each time, for `refresh` to be of use; none like any other word in an output.
void FakeEnos::AnswerToken(const sandbox::HttpRequest& request,
                           const sandbox::Responder& responder) {
  const std::lock_guard lock(mutex_);
  tokens_.push_back("t0ken-of-the-fake-enos-" + std::to_string(tokens_.size() + 1001) + "-end");
  changed_.notify_all();
  const auto answer = on_token_ ? on_token_(request, tokens_.back()) : std::nullopt;
  responder.Send(answer.value_or(TokenAnswer(tokens_.back())));
}

void FakeEnos::AnswerZone(const sandbox::Responder& responder) {
  const std::lock_guard lock(mutex_);
  ++zone_requests_;
  responder.Send(zone_);
}

void FakeEnos::AnswerFlow(sandbox::HttpRequest request, const sandbox::Responder& responder) {
  const int flow_id = FlowIdIn(request);
  const auto token = sandbox::FindHeader(request.headers, "apim-accesstoken");
  std::optional<Answer> answer;
  if (on_flow_) answer = on_flow_(flow_id, std::string(token.value_or("")));
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
  ++calls_by_flow_[flow_id];
  last_call_ = std::move(request);
  if (!answer) answer = NextAnswer(flow_id);
  if (hold_) {
    held_.push_back({responder, *std::move(answer)});
  } else {
    responder.Send(*std::move(answer));
  }
}

Answer FakeEnos::NextAnswer(int flow_id) {
  if (answers_.empty()) return FlowStartedAnswer(std::to_string(flow_id) + "-20300101000000");
  Answer answer = answers_.front();
  if (!hold_ && answers_.size() > 1) answers_.erase(answers_.begin());
  return answer;
}

bool FakeEnos::WaitForHeld(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kGuard, [&] { return held_.size() >= count; });
}

std::size_t FakeEnos::AnswerHeld(const Answer& answer) {
  std::vector<Held> held;
  {
    const std::lock_guard lock(mutex_);
    held.swap(held_);
  }
  for (const Held& call : held) call.responder.Send(answer);
  return held.size();
}

void FakeEnos::Release() {
  std::vector<Held> held;
  {
    const std::lock_guard lock(mutex_);
    hold_ = false;
    held.swap(held_);
  }
  for (Held& call : held) call.responder.Send(std::move(call.answer));
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

std::vector<std::string> FakeEnos::tokens() const {
  const std::lock_guard lock(mutex_);
  return tokens_;
}

sandbox::HttpRequest FakeEnos::last_call() const {
  const std::lock_guard lock(mutex_);
  return last_call_;
}

void FakeEnos::AnswerZoneWith(const Answer& answer) {
  const std::lock_guard lock(mutex_);
  zone_ = answer;
}

int FakeEnos::zone_requests() const {
  const std::lock_guard lock(mutex_);
  return zone_requests_;
}

bool FakeEnos::WaitForTokens(std::uint64_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kGuard, [&] { return tokens_.size() >= count; });
}

}  // namespace enos
