#ifndef ENOS_TESTS_SUPPORT_FAKE_ENOS_H_
#define ENOS_TESTS_SUPPORT_FAKE_ENOS_H_

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

namespace enos {

// A token and its life in seconds, as EnOS answers a request for one: on a connection of its own,
// so that what happens to a connection happens to a call's.
sandbox::Answer TokenAnswer(const std::string& token, int seconds = 7200);

// {"status":0,…} with that instance id, as EnOS answers a call that started a flow.
sandbox::Answer FlowStartedAnswer(const std::string& instance_id = "3377-20300101000000");

// What EnOS tells of a run with this status; `more` are other members of its data, as JSON that
// begins with a comma.
sandbox::Answer RunAnswer(const std::string& instance_id, int status, const std::string& more = {});

// EnOS as far as tests need it: tokens and the time zone are given to whoever asks; calls are
// answered as told, or held. Nothing is checked. Thread-safe.
class FakeEnos {
 public:
  using Answer = sandbox::Answer;
  // Answers a flow call, from its flow id and the token that it was sent with. Where it gives
  // nothing, AnswerWith and AnswerInTurn decide, and without them the call has started a flow, with
  // the instance id "<flow id>-20300101000000".
  using OnFlow = std::function<std::optional<Answer>(int flow_id, const std::string& token)>;
  // Answers a request for a token, for which `token` was made; where it gives nothing, that one is
  // given.
  using OnToken = std::function<std::optional<Answer>(const sandbox::HttpRequest& request,
                                                      const std::string& token)>;

  explicit FakeEnos(sandbox::HttpServerOptions options = {});
  explicit FakeEnos(OnFlow on_flow, OnToken on_token = nullptr);

  // What is done with the next connections and calls.
  void AcceptWith(sandbox::AcceptAction action);
  // True once so many connections were accepted since the last AcceptWith, and their fate decided.
  bool WaitForAccepted(std::uint64_t count);
  void AtHead(sandbox::HeadDecision::Kind kind) { at_head_ = kind; }
  void AnswerWith(const Answer& answer);
  // In turn; the last one then stays.
  void AnswerInTurn(std::vector<Answer> answers);
  void Hold();  // keeps them without an answer
  bool WaitForHeld(std::size_t count);
  // Answers those that are held with this; later ones are held as well.
  std::size_t AnswerHeld(const Answer& answer);
  // Answers them as if they had not been held, and later ones at once.
  void Release();

  // Calls that began to arrive: their headers were read.
  std::uint64_t calls() const;
  bool WaitForCalls(std::uint64_t count);
  // Calls that arrived whole, by the flow id in their body or of the run in their query.
  std::map<int, int> calls_by_flow() const;
  // The last of them.
  sandbox::HttpRequest last_call() const;
  sandbox::HttpHeaders last_headers() const { return last_call().headers; }
  // Requests for the time zone, which are no calls: GMT+8, or this from now on.
  void AnswerZoneWith(const Answer& answer);
  int zone_requests() const;
  // From now on; null: a token is given.
  void AnswerTokens(OnToken on_token);
  // All that were ever made, one for each request.
  std::vector<std::string> tokens() const;
  bool WaitForTokens(std::uint64_t count);

  std::string url() const { return server_->url(); }
  sandbox::HttpServer& server() { return *server_; }

  // Ends every connection and listens no more.
  void Stop() { server_->Stop(); }
  // Serves again on the same port, after Stop.
  void Restart(sandbox::HttpServerOptions options);

 private:
  struct Held {
    sandbox::Responder responder;
    Answer answer;
  };

  void Serve(sandbox::HttpServerOptions options);
  sandbox::AcceptAction OnAccept();
  sandbox::HeadDecision OnHead(const sandbox::RequestHead& head);
  void AnswerToken(const sandbox::HttpRequest& request, const sandbox::Responder& responder);
  void AnswerZone(const sandbox::Responder& responder);
  void AnswerFlow(sandbox::HttpRequest request, const sandbox::Responder& responder);
  // Called with the lock held.
  Answer NextAnswer(int flow_id);

  const OnFlow on_flow_;
  std::atomic<sandbox::HeadDecision::Kind> at_head_{sandbox::HeadDecision::Kind::kReadOn};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool hold_ = false;
  std::vector<Answer> answers_;
  std::vector<Held> held_;
  sandbox::AcceptAction accept_ = sandbox::AcceptAction::kServe;
  std::uint64_t accepted_ = 0;
  std::uint64_t calls_ = 0;
  std::map<int, int> calls_by_flow_;
  sandbox::HttpRequest last_call_;
  Answer zone_ = Answer::Json(200, R"({"code":0,"msg":"OK","data":"GMT+8"})");
  int zone_requests_ = 0;
  std::vector<std::string> tokens_;
  OnToken on_token_;
  sandbox::FunctionHandler handler_;
  std::unique_ptr<sandbox::HttpServer> server_;  // last: its threads use the others
};

}  // namespace enos

#endif  // ENOS_TESTS_SUPPORT_FAKE_ENOS_H_
