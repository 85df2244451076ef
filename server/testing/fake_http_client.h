#ifndef ENOS_SERVER_TESTING_FAKE_HTTP_CLIENT_H_
#define ENOS_SERVER_TESTING_FAKE_HTTP_CLIENT_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/http_client.h"

namespace enos::gateway {

// An HttpClient without a network: it keeps every request, and the test plays the upstream. A
// transfer begins unsent; MarkSent, or an answer, says that its request went out. Callbacks come
// from the test's calls, never from within Start, and may destroy whoever started the transfer.
class FakeHttpClient : public HttpClient {
 public:
  struct Sent {
    TransferId id = 0;
    HttpRequest request;
    bool maybe_sent = false;  // as of its end, once it ended
    bool running = true;
    bool dropped = false;

    // The value of a header of the request; empty when there is none.
    std::string Header(std::string_view name) const;
    std::string body() const { return request.body == nullptr ? "" : *request.body; }
  };

  TransferId Start(HttpRequest request, Callback done) override;
  bool MaybeSent(TransferId id) const override;
  void Drop(TransferId id) override;

  // The request of a running transfer goes out.
  void MarkSent(TransferId id);

  // Ends a running transfer with a complete answer (its request is sent by then), or without one.
  // The test fails when it does not run.
  void Answer(TransferId id, int status, std::string body, std::string retry_after = "",
              std::string date = "");
  void Fail(TransferId id, TransferEnd end, bool maybe_sent, std::string detail = "broken");

  // The same for the oldest transfer that runs.
  void AnswerNext(int status, std::string body, std::string retry_after = "",
                  std::string date = "");
  void FailNext(TransferEnd end, bool maybe_sent, std::string detail = "broken");

  // Everything that was started, in order; ids are 1, 2, 3 ...
  const std::vector<Sent>& sent() const { return sent_; }
  const Sent& at(TransferId id) const { return sent_.at(static_cast<size_t>(id - 1)); }
  const Sent& last() const { return sent_.back(); }
  // How many were started whose path begins so.
  size_t CountOf(std::string_view path_prefix) const;
  // The ones that run, oldest first, whose path begins so.
  std::vector<TransferId> Running(std::string_view path_prefix = "") const;

 private:
  void End(TransferId id, HttpResult result);

  std::vector<Sent> sent_;
  std::map<TransferId, Callback> running_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_FAKE_HTTP_CLIENT_H_
