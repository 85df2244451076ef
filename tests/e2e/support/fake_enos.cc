#include "tests/e2e/support/fake_enos.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>

#include "tests/e2e/support/process.h"

namespace enos::e2e {
namespace {

constexpr char kFlowId[] = "\"flowId\":";

int FlowIdOf(const std::string& body) {
  const size_t at = body.find(kFlowId);
  return at == std::string::npos ? 0 : std::atoi(&body[at + sizeof(kFlowId) - 1]);
}

}  // namespace

FakeEnos::FakeEnos(OnFlow on_flow, OnToken on_token)
    : on_flow_(std::move(on_flow)), on_token_(std::move(on_token)), server_({}, &handler_) {
  handler_.on_request = [this](const sandbox::HttpRequest& request,
                               const sandbox::Responder& responder) {
    OnRequest(request, responder);
  };
  const absl::Status started = server_.Start();
  EXPECT_TRUE(started.ok()) << started;
  if (started.ok()) url_ = server_.url();
}

FakeEnos::~FakeEnos() { server_.Stop(); }

std::vector<std::string> FakeEnos::tokens() const {
  const std::lock_guard lock(mutex_);
  return tokens_;
}

void FakeEnos::Hold() {
  const std::lock_guard lock(mutex_);
  holding_ = true;
}

bool FakeEnos::WaitForHeld(size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kGuard, [&] { return held_.size() >= count; });
}

void FakeEnos::Release() {
  std::vector<Held> released;
  {
    const std::lock_guard lock(mutex_);
    holding_ = false;
    released.swap(held_);
  }
  for (Held& held : released) held.responder.Send(std::move(held.answer));
}

sandbox::Answer FakeEnos::Success(int flow_id) {
  return Answer::Json(200, R"({"status":0,"msg":" Success","data":{"flowInstanceId":")" +
                               std::to_string(flow_id) + "-20300101000000\"}}");
}

sandbox::Answer FakeEnos::TokenAnswer(const std::string& token) {
  return Answer::Json(200, R"({"status":0,"msg":"SUCCESS","data":{"accessToken":")" + token +
                               R"(","expire":7200}})");
}

void FakeEnos::OnRequest(const sandbox::HttpRequest& request, const sandbox::Responder& responder) {
  const bool is_token = request.target.find("/token/") != std::string::npos;
  is_token ? AnswerToken(request, responder) : AnswerFlow(request, responder);
}

void FakeEnos::AnswerToken(const sandbox::HttpRequest& request,
                           const sandbox::Responder& responder) {
  responder.Send(on_token_ ? on_token_(request.target, [this] { return Issue(); })
                           : TokenAnswer(Issue()));
}

void FakeEnos::AnswerFlow(const sandbox::HttpRequest& request,
                          const sandbox::Responder& responder) {
  const int flow_id = FlowIdOf(request.body);
  const auto token = sandbox::FindHeader(request.headers, "apim-accesstoken");
  Answer answer = on_flow_ ? on_flow_(flow_id, std::string(token.value_or(""))) : Success(flow_id);
  {
    const std::lock_guard lock(mutex_);
    if (holding_) {
      held_.push_back({responder, std::move(answer)});
      changed_.notify_all();
      return;
    }
  }
  responder.Send(std::move(answer));
}

std::string FakeEnos::Issue() {
  const std::lock_guard lock(mutex_);
  tokens_.push_back("t0ken-of-the-fake-enos-" + std::to_string(tokens_.size() + 1000) + "-end");
  return tokens_.back();
}

}  // namespace enos::e2e
