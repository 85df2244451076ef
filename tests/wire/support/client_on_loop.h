#ifndef ENOS_TESTS_WIRE_SUPPORT_CLIENT_ON_LOOP_H_
#define ENOS_TESTS_WIRE_SUPPORT_CLIENT_ON_LOOP_H_

#include <future>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "server/http/curl_http_client.h"
#include "tests/support/wait.h"

namespace enos::gateway::testing {

// A transfer that was started; the future is never ready if it was dropped.
struct Transfer {
  TransferId id = 0;
  std::future<HttpResult> result;
};

// More than the systems of both ends keep between them (tcp_wmem, tcp_rmem): of a body of this size
// some has not been sent as long as the server does not read.
inline constexpr size_t kMoreThanSystemsTake = size_t{32} << 20;

// A POST with a JSON body.
HttpRequest Post(const std::string& path_and_query, const std::string& body = "{}");

// The real HTTP client on its own event loop, used from the test's thread.
class ClientOnLoop {
 public:
  explicit ClientOnLoop(CurlHttpClientOptions options);
  explicit ClientOnLoop(const std::string& base_url);
  ~ClientOnLoop();  // with whatever transfers still run
  ClientOnLoop(const ClientOnLoop&) = delete;
  ClientOnLoop& operator=(const ClientOnLoop&) = delete;

  // Runs a task on the loop's thread and gives what it returns.
  template <typename Task>
  auto OnLoop(Task task) {
    using Value = std::invoke_result_t<Task>;
    std::packaged_task<Value()> packaged(std::move(task));
    auto done = packaged.get_future();
    loop_.Post([&packaged] { packaged(); });
    return done.get();  // the task lives here: no giving up on it
  }

  // For tasks that run on the loop's thread.
  CurlHttpClient& client() { return *client_; }
  EventLoop& loop() { return loop_; }
  // The loop goes on.
  void DestroyClient() { client_.reset(); }

  Transfer Start(HttpRequest request);
  // All in one task, so that they start together.
  std::vector<Transfer> StartMany(int count, const HttpRequest& request);
  bool MaybeSent(TransferId id);
  void Drop(TransferId id);

  // Starts a transfer and waits for its end.
  HttpResult Do(HttpRequest request);

 private:
  Transfer StartOnLoop(HttpRequest request);

  EventLoop loop_;
  std::unique_ptr<CurlHttpClient> client_;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_CLIENT_ON_LOOP_H_
