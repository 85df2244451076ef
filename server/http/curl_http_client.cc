#include "server/http/curl_http_client.h"

#include <algorithm>
#include <utility>

#include "server/http/curl_check.h"

namespace enos::gateway {
namespace {

HostAddresses::Resolve ResolverOf(EventLoop& loop, const CurlHttpClientOptions& options) {
  if (options.resolve) return options.resolve;
  return [&loop](const std::string& host, EventLoop::ResolveCallback done) {
    loop.Resolve(host, std::move(done));
  };
}

// Used by one thread only: no lock functions.
CURLSH* NewShare() {
  CURLSH* share = curl_share_init();
  Require(share != nullptr, "curl_share_init");
  for (const curl_lock_data data : {CURL_LOCK_DATA_DNS, CURL_LOCK_DATA_SSL_SESSION}) {
    Require(curl_share_setopt(share, CURLSHOPT_SHARE, data) == CURLSHE_OK, "sharing");
  }
  return share;
}

}  // namespace

CurlHttpClient::CurlHttpClient(EventLoop& loop, CurlHttpClientOptions options)
    : loop_(loop),
      options_(std::move(options)),
      addresses_(loop, ResolverOf(loop, options_), options_.base_url,
                 {options_.refresh_addresses_after, [this] { OnNewAddresses(); }}),
      share_(NewShare()) {}

CurlHttpClient::~CurlHttpClient() {
  loop_.Cancel(sweep_);
  for (auto& [id, transfer] : waiting_) loop_.Cancel(transfer.give_up);
}

TransferId CurlHttpClient::Start(HttpRequest request, Callback done) {
  const TransferId id = ++last_id_;
  if (addresses_.Known([this](const std::string& error) { StartWaiting(error); })) {
    Add(id, std::move(request), std::move(done));
  } else {
    Wait(id, std::move(request), std::move(done));
  }
  return id;
}

void CurlHttpClient::Wait(TransferId id, HttpRequest request, Callback done) {
  // libcurl also counts name resolution as part of connecting.
  const TimerId give_up = loop_.RunAfter(options_.transfer.connect_timeout, [this, id] {
    Callback callback = TakeWaiting(id).done;
    HttpResult result;
    result.end = TransferEnd::kConnectTimeout;
    result.detail = "the host name was not resolved in time";
    callback(std::move(result));
  });
  waiting_.emplace(id, Waiting{std::move(request), std::move(done), give_up});
}

CurlHttpClient::Waiting CurlHttpClient::TakeWaiting(TransferId id) {
  const auto found = waiting_.find(id);
  Waiting taken = std::move(found->second);
  waiting_.erase(found);
  loop_.Cancel(taken.give_up);
  return taken;
}

void CurlHttpClient::StartWaiting(const std::string& error) {
  // Only the current ones: a callback may start other transfers, which wait for another look-up,
  // and drop some of these.
  std::vector<TransferId> ids;
  ids.reserve(waiting_.size());
  for (const auto& [id, transfer] : waiting_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const TransferId id : ids) {
    if (waiting_.count(id) == 0) continue;
    Waiting transfer = TakeWaiting(id);
    if (error.empty()) {
      Add(id, std::move(transfer.request), std::move(transfer.done));
      continue;
    }
    HttpResult result;
    result.end = TransferEnd::kNameNotResolved;
    result.detail = error;
    transfer.done(std::move(result));
  }
}

void CurlHttpClient::Add(TransferId id, HttpRequest request, Callback done) {
  CurlMulti& multi = MultiWithRoom();
  CurlTransfer& transfer = multi.Acquire();
  transfer.id = id;
  transfer.Prepare(options_.base_url, std::move(request), std::move(done), addresses_.List());
  running_.emplace(id, &transfer);
  multi.Start(transfer);
}

CurlMulti& CurlHttpClient::MultiWithRoom() {
  SweepLater();
  auto place = multis_.end();
  for (auto multi = multis_.begin(); multi != multis_.end(); ++multi) {
    if (*multi != nullptr && (*multi)->has_room()) return **multi;
    if (*multi == nullptr && place == multis_.end()) place = multi;
  }
  if (place == multis_.end()) place = multis_.emplace(place);
  CurlMulti::Events events;
  events.on_done = [this](CurlTransfer& transfer, CURLcode code) { Finish(transfer, code); };
  events.on_opened = options_.on_opened;
  *place = std::make_unique<CurlMulti>(loop_, options_.transfer, share_.get(), std::move(events));
  return **place;
}

bool CurlHttpClient::MaybeSent(TransferId id) const {
  const auto found = running_.find(id);
  return found != running_.end() && found->second->MaybeSent();
}

void CurlHttpClient::Drop(TransferId id) {
  if (waiting_.contains(id)) {
    TakeWaiting(id);
    return;
  }
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  CurlTransfer& transfer = *found->second;
  running_.erase(found);
  Release(transfer);
}

void CurlHttpClient::OnNewAddresses() {
  for (auto& multi : multis_) {
    if (multi != nullptr) multi->RetireOthers(addresses_.Current());
  }
}

void CurlHttpClient::Finish(CurlTransfer& transfer, CURLcode code) {
  if (transfer.NeedsOtherConnection()) return transfer.multi->StartAgain(transfer);
  running_.erase(transfer.id);
  HttpResult result = transfer.TakeResult(code);
  Callback callback = transfer.TakeCallback();
  Release(transfer);
  callback(std::move(result));
}

void CurlHttpClient::Release(CurlTransfer& transfer) {
  if (transfer.MaybeSent() && !transfer.opened_connection) {
    options_.on_reused();
    if (!transfer.AnswerBegan()) RetireSilent(transfer.sent_at);
  }
  transfer.multi->Release(transfer);
}

// A kept-alive connection on which no answer came, in time or at all: the path to the upstream may
// have silently disappeared (a firewall dropped its state), and finding out would cost a call for
// each of the others. Those that have received something since are fine.
void CurlHttpClient::RetireSilent(SteadyTime since) {
  for (auto& multi : multis_) {
    if (multi != nullptr) multi->RetireSilent(since);
  }
}

void CurlHttpClient::SweepLater() {
  if (sweep_ != 0) return;
  sweep_ = loop_.RunAfter(options_.transfer.idle_timeout, [this] {
    sweep_ = 0;
    Sweep();
  });
}

void CurlHttpClient::Sweep() {
  bool any = false;
  for (auto& multi : multis_) {
    if (multi != nullptr && !multi->TakeWasUsed()) multi.reset();
    any = any || multi != nullptr;
  }
  if (any) SweepLater();
}

}  // namespace enos::gateway
