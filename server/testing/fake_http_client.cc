#include "server/testing/fake_http_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace enos::gateway {
namespace {

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

std::string FakeHttpClient::Sent::Header(std::string_view name) const {
  const std::string prefix = std::string(name) + ": ";
  for (const std::string& header : request.headers) {
    if (StartsWith(header, prefix)) return header.substr(prefix.size());
  }
  return "";
}

TransferId FakeHttpClient::Start(HttpRequest request, Callback done) {
  const TransferId id = sent_.size() + 1;
  Sent sent;
  sent.id = id;
  sent.request = std::move(request);
  sent_.push_back(std::move(sent));
  running_.emplace(id, std::move(done));
  return id;
}

bool FakeHttpClient::MaybeSent(TransferId id) const {
  return running_.count(id) != 0 && at(id).maybe_sent;
}

void FakeHttpClient::Drop(TransferId id) {
  auto dropped = running_.extract(id);
  if (!dropped) return;
  Sent& sent = sent_.at(static_cast<size_t>(id - 1));
  sent.running = false;
  sent.dropped = true;
}

void FakeHttpClient::MarkSent(TransferId id) {
  ASSERT_EQ(running_.count(id), 1U) << "transfer " << id << " does not run";
  sent_.at(static_cast<size_t>(id - 1)).maybe_sent = true;
}

void FakeHttpClient::Answer(TransferId id, int status, std::string body, std::string retry_after,
                            std::string date) {
  HttpResult result;
  result.end = TransferEnd::kAnswered;
  result.maybe_sent = true;
  result.status = status;
  result.body = std::move(body);
  result.retry_after = std::move(retry_after);
  result.date = std::move(date);
  End(id, std::move(result));
}

void FakeHttpClient::Fail(TransferId id, TransferEnd end, bool maybe_sent, std::string detail) {
  HttpResult result;
  result.end = end;
  result.maybe_sent = maybe_sent;
  result.detail = std::move(detail);
  End(id, std::move(result));
}

void FakeHttpClient::AnswerNext(int status, std::string body, std::string retry_after,
                                std::string date) {
  ASSERT_FALSE(running_.empty()) << "no transfer runs";
  Answer(running_.begin()->first, status, std::move(body), std::move(retry_after), std::move(date));
}

void FakeHttpClient::FailNext(TransferEnd end, bool maybe_sent, std::string detail) {
  ASSERT_FALSE(running_.empty()) << "no transfer runs";
  Fail(running_.begin()->first, end, maybe_sent, std::move(detail));
}

size_t FakeHttpClient::CountOf(std::string_view path_prefix) const {
  return static_cast<size_t>(std::count_if(sent_.begin(), sent_.end(), [&](const Sent& sent) {
    return StartsWith(sent.request.path_and_query, path_prefix);
  }));
}

std::vector<TransferId> FakeHttpClient::Running(std::string_view path_prefix) const {
  std::vector<TransferId> ids;
  for (const auto& [id, done] : running_) {
    if (StartsWith(at(id).request.path_and_query, path_prefix)) ids.push_back(id);
  }
  return ids;
}

void FakeHttpClient::End(TransferId id, HttpResult result) {
  auto ended = running_.extract(id);
  ASSERT_TRUE(ended) << "transfer " << id << " does not run";
  Sent& sent = sent_.at(static_cast<size_t>(id - 1));
  ASSERT_TRUE(result.maybe_sent || !sent.maybe_sent) << "what was sent cannot be unsent";
  sent.running = false;
  sent.maybe_sent = result.maybe_sent;
  ended.mapped()(std::move(result));
}

}  // namespace enos::gateway
