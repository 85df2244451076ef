#ifndef ENOS_SERVER_HTTP_CURL_HTTP_CLIENT_H_
#define ENOS_SERVER_HTTP_CURL_HTTP_CLIENT_H_

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/http/curl_multi.h"
#include "server/http/curl_transfer.h"
#include "server/http/host_addresses.h"
#include "server/http/http_client.h"
#include "server/loop/event_loop.h"

namespace enos::gateway {

struct CurlHttpClientOptions {
  std::string base_url;  // http[s]://host[:port], no path
  CurlTransferOptions transfer;
  // Resolves the host's name; empty: the loop does.
  HostAddresses::Resolve resolve;
  std::chrono::milliseconds refresh_addresses_after{30000};
  // A connection was opened; a request was sent on one that an earlier request had opened.
  std::function<void()> on_opened = [] {};
  std::function<void()> on_reused = [] {};
};

// HttpClient on libcurl. Connections are kept alive and reused, and so are easy handles; what has
// been idle for `transfer.idle_timeout` to twice that is closed and freed. Connections to addresses
// that the host no longer has are closed once that is known, and so are idle ones when a request on
// another kept-alive connection got no answer.
//
// Transfers are distributed over as many CurlMultis as needed, always to the first one with room:
// this reuses connections as much as possible, and what only a peak needed becomes idle together.
//
// Construct before the loop starts and destroy after it stopped, or do both on the loop's thread.
// Transfers still running then end without a callback.
class CurlHttpClient final : public HttpClient {
 public:
  CurlHttpClient(EventLoop& loop, CurlHttpClientOptions options);
  ~CurlHttpClient() override;
  CurlHttpClient(const CurlHttpClient&) = delete;
  CurlHttpClient& operator=(const CurlHttpClient&) = delete;

  TransferId Start(HttpRequest request, Callback done) override;
  bool MaybeSent(TransferId id) const override;
  void Drop(TransferId id) override;

 private:
  struct Waiting {  // for the host's addresses
    HttpRequest request;
    Callback done;
    TimerId give_up = 0;
  };
  struct ShareDeleter {
    void operator()(CURLSH* share) const { curl_share_cleanup(share); }
  };

  void Add(TransferId id, HttpRequest request, Callback done);
  void Wait(TransferId id, HttpRequest request, Callback done);
  void StartWaiting(const std::string& error);
  Waiting TakeWaiting(TransferId id);
  CurlMulti& MultiWithRoom();
  void Finish(CurlTransfer& transfer, CURLcode code);
  void Release(CurlTransfer& transfer);
  void OnNewAddresses();
  void RetireSilent(SteadyTime since);
  void SweepLater();
  void Sweep();

  EventLoop& loop_;
  const CurlHttpClientOptions options_;
  HostAddresses addresses_;
  // Addresses and TLS sessions, for all multis.
  const std::unique_ptr<CURLSH, ShareDeleter> share_;
  std::vector<std::unique_ptr<CurlMulti>> multis_;  // null: closed, its slot is free
  TimerId sweep_ = 0;
  TransferId last_id_ = 0;
  absl::flat_hash_map<TransferId, CurlTransfer*> running_;
  absl::flat_hash_map<TransferId, Waiting> waiting_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_CURL_HTTP_CLIENT_H_
