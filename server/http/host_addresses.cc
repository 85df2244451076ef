#include "server/http/host_addresses.h"

#include <arpa/inet.h>

#include <array>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/http/curl_check.h"
#include "server/http/proxy_variables.h"

namespace enos::gateway {
namespace {

bool IsAddressLiteral(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return host.front() == '[' || inet_pton(AF_INET, host.c_str(), address.data()) == 1;
}

std::string UrlPart(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  Require(curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK, "the upstream's URL");
  std::string copy = text;
  curl_free(text);
  return copy;
}

}  // namespace

HostAddresses::HostAddresses(Scheduler& scheduler, Resolve resolve, const std::string& base_url,
                             HostAddressesOptions options)
    : scheduler_(scheduler), resolve_(std::move(resolve)), options_(std::move(options)) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
  Require(
      url != nullptr && curl_url_set(url.get(), CURLUPART_URL, base_url.c_str(), 0) == CURLUE_OK,
      "the upstream's URL");
  const std::string host = UrlPart(url.get(), CURLUPART_HOST);
  port_ = UrlPart(url.get(), CURLUPART_PORT);
  if (!IsAddressLiteral(host) && host != "localhost" && !ProxyIsConfigured()) host_ = host;
}

bool HostAddresses::Known(Callback on_known) {
  if (host_.empty()) return true;
  const bool known = list_ != nullptr;
  if (scheduler_.Now() >= refresh_at_ && !looking_up_) {
    LookUp(known ? Callback() : std::move(on_known));
  }
  return known;
}

void HostAddresses::LookUp(Callback on_known) {
  looking_up_ = true;
  resolve_(host_, [this, alive = std::weak_ptr<bool>(alive_), on_known = std::move(on_known)](
                      const std::vector<std::string>& addresses, const std::string& error) mutable {
    if (alive.expired()) return;
    looking_up_ = false;
    // A name that cannot be resolved now keeps its addresses, and is looked up again later.
    if (!addresses.empty() || list_) refresh_at_ = scheduler_.Now() + options_.refresh_after;
    if (!addresses.empty()) Take(addresses);
    if (on_known)
      on_known(addresses.empty() ? "cannot resolve " + host_ + ": " + error : std::string());
  });
}

void HostAddresses::Take(const std::vector<std::string>& addresses) {
  const std::string entry = absl::StrCat(host_, ":", port_, ":", absl::StrJoin(addresses, ","));
  list_.reset(AppendOrDie(nullptr, entry), &curl_slist_free_all);
  // Their order varies between look-ups.
  absl::flat_hash_set<std::string> current(addresses.begin(), addresses.end());
  if (std::exchange(current_, current) != current) options_.on_changed();
}

}  // namespace enos::gateway
