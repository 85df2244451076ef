#include "tests/wire/support/client_on_loop.h"

#include "tests/wire/support/environment.h"

namespace enos::gateway::testing {
namespace {

// The process first: the client reads its environment.
CurlHttpClientOptions Prepared(CurlHttpClientOptions options) {
  PrepareProcess();
  return options;
}

CurlHttpClientOptions OptionsFor(const std::string& base_url) {
  CurlHttpClientOptions options;
  options.base_url = base_url;
  return options;
}

}  // namespace

HttpRequest Post(const std::string& path_and_query, const std::string& body) {
  HttpRequest request;
  request.path_and_query = path_and_query;
  request.headers = {"Content-Type: application/json;charset=UTF-8"};
  request.body = std::make_shared<const std::string>(body);
  return request;
}

ClientOnLoop::ClientOnLoop(CurlHttpClientOptions options)
    : client_(std::make_unique<CurlHttpClient>(loop_, Prepared(std::move(options)))) {
  loop_.Start();
}

ClientOnLoop::ClientOnLoop(const std::string& base_url) : ClientOnLoop(OptionsFor(base_url)) {}

ClientOnLoop::~ClientOnLoop() {
  loop_.Stop();
  client_.reset();
}

Transfer ClientOnLoop::StartOnLoop(HttpRequest request) {
  auto promise = std::make_shared<std::promise<HttpResult>>();
  Transfer transfer;
  transfer.result = promise->get_future();
  transfer.id = client_->Start(std::move(request), [promise](HttpResult result) {
    promise->set_value(std::move(result));  // throws, and ends the test, if called twice
  });
  return transfer;
}

Transfer ClientOnLoop::Start(HttpRequest request) {
  return OnLoop([&] { return StartOnLoop(std::move(request)); });
}

std::vector<Transfer> ClientOnLoop::StartMany(int count, const HttpRequest& request) {
  return OnLoop([&] {
    std::vector<Transfer> transfers;
    for (int i = 0; i < count; ++i) transfers.push_back(StartOnLoop(request));
    return transfers;
  });
}

bool ClientOnLoop::MaybeSent(TransferId id) {
  return OnLoop([&] { return client_->MaybeSent(id); });
}

void ClientOnLoop::Drop(TransferId id) {
  OnLoop([&] { client_->Drop(id); });
}

HttpResult ClientOnLoop::Do(HttpRequest request) { return Await(Start(std::move(request)).result); }

}  // namespace enos::gateway::testing
