#ifndef ENOS_TESTS_E2E_SUPPORT_FAKE_ENOS_H_
#define ENOS_TESTS_E2E_SUPPORT_FAKE_ENOS_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "sandbox/http/http_server.h"

namespace enos::e2e {

// An EnOS in this process whose every answer a test decides, and of which it knows every token.
// Where it decides nothing, a flow call succeeds. Thread-safe.
class FakeEnos {
 public:
  using Answer = sandbox::Answer;
  // Answers a flow call, from its flow id and the token that it was sent with.
  using OnFlow = std::function<Answer(int flow_id, const std::string& token)>;
  // Answers a token request; `issue` makes a new token and keeps it in tokens().
  using OnToken =
      std::function<Answer(const std::string& path, const std::function<std::string()>& issue)>;

  explicit FakeEnos(OnFlow on_flow = nullptr, OnToken on_token = nullptr);
  ~FakeEnos();
  FakeEnos(const FakeEnos&) = delete;
  FakeEnos& operator=(const FakeEnos&) = delete;

  const std::string& url() const { return url_; }
  std::vector<std::string> tokens() const;  // all that were ever issued

  // From now on flow calls are kept without an answer...
  void Hold();
  // ...until so many are (false: the guard ran out)...
  bool WaitForHeld(size_t count);
  // ...and then answered, as are those that come later.
  void Release();

  // The answers of a success.
  static Answer Success(int flow_id);
  static Answer TokenAnswer(const std::string& token);

 private:
  void OnRequest(const sandbox::HttpRequest& request, const sandbox::Responder& responder);
  void AnswerToken(const sandbox::HttpRequest& request, const sandbox::Responder& responder);
  void AnswerFlow(const sandbox::HttpRequest& request, const sandbox::Responder& responder);
  std::string Issue();

  struct Held {
    sandbox::Responder responder;
    Answer answer;
  };

  const OnFlow on_flow_;
  const OnToken on_token_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> tokens_;
  bool holding_ = false;
  std::vector<Held> held_;
  sandbox::FunctionHandler handler_;
  sandbox::HttpServer server_;
  std::string url_;
};

}  // namespace enos::e2e

#endif  // ENOS_TESTS_E2E_SUPPORT_FAKE_ENOS_H_
