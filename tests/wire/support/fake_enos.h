#ifndef ENOS_TESTS_WIRE_SUPPORT_FAKE_ENOS_H_
#define ENOS_TESTS_WIRE_SUPPORT_FAKE_ENOS_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/http/http_server.h"

namespace enos::gateway::testing {

// A token, another one each time `number` is, and its life in seconds.
sandbox::Answer TokenAnswer(std::uint64_t number, int seconds = 7200);

// {"status":0,…} with that instance id, as EnOS answers a call that started a flow.
sandbox::Answer FlowStartedAnswer(const std::string& instance_id = "3377-19700101000000");

// EnOS as far as the gateway's wire tests need it: tokens are given to whoever asks, on connections
// of their own (so that what happens to a connection happens to a call's); calls are answered as
// told or held. Nothing is checked. Thread-safe.
class FakeEnos {
 public:
  explicit FakeEnos(sandbox::HttpServerOptions options = {});

  // What is done with the next connections and calls.
  void AcceptWith(sandbox::AcceptAction action);
  // True once so many connections were accepted since the last AcceptWith, and their fate decided.
  bool WaitForAccepted(std::uint64_t count);
  void AtHead(sandbox::HeadDecision::Kind kind) { at_head_ = kind; }
  void AnswerWith(const sandbox::Answer& answer);
  // In turn; the last one then stays.
  void AnswerInTurn(std::vector<sandbox::Answer> answers);
  void Hold();  // keeps them until AnswerHeld
  bool WaitForHeld(std::size_t count);
  std::size_t AnswerHeld(const sandbox::Answer& answer);

  // Calls that began to arrive: their headers were read.
  std::uint64_t calls() const;
  bool WaitForCalls(std::uint64_t count);
  // Calls that arrived whole, by the flow id in their body.
  std::map<int, int> calls_by_flow() const;
  // Answers requests for a token from now on; where it gives nothing, and where it is null, a token
  // is given.
  using OnToken = std::function<std::optional<sandbox::Answer>(const sandbox::HttpRequest&)>;
  void AnswerTokens(OnToken on_token);
  // Headers of the last of them.
  sandbox::HttpHeaders last_headers() const;
  // Requests for a token.
  bool WaitForTokens(std::uint64_t count);

  std::string url() const { return server_->url(); }
  sandbox::HttpServer& server() { return *server_; }

  // Ends every connection and listens no more.
  void Stop() { server_->Stop(); }
  // Serves again on the same port, after Stop.
  void Restart(sandbox::HttpServerOptions options);

 private:
  void Serve(sandbox::HttpServerOptions options);
  sandbox::AcceptAction OnAccept();
  sandbox::HeadDecision OnHead(const sandbox::RequestHead& head);
  void OnRequest(sandbox::HttpRequest request, const sandbox::Responder& responder);

  std::atomic<sandbox::HeadDecision::Kind> at_head_{sandbox::HeadDecision::Kind::kReadOn};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool hold_ = false;
  std::vector<sandbox::Answer> answers_{FlowStartedAnswer()};
  std::vector<sandbox::Responder> held_;
  sandbox::AcceptAction accept_ = sandbox::AcceptAction::kServe;
  std::uint64_t accepted_ = 0;
  std::uint64_t calls_ = 0;
  std::map<int, int> calls_by_flow_;
  sandbox::HttpHeaders last_headers_;
  std::uint64_t tokens_ = 0;
  OnToken on_token_;
  sandbox::FunctionHandler handler_;
  std::unique_ptr<sandbox::HttpServer> server_;  // last: its threads use the others
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_FAKE_ENOS_H_
