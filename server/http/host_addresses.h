#ifndef ENOS_SERVER_HTTP_HOST_ADDRESSES_H_
#define ENOS_SERVER_HTTP_HOST_ADDRESSES_H_

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "server/loop/event_loop.h"

namespace enos::gateway {

struct HostAddressesOptions {
  // How long addresses are used before they are looked up again.
  std::chrono::milliseconds refresh_after{30000};
  // Called whenever the addresses change.
  std::function<void()> on_changed = [] {};
};

// The addresses of the upstream's host, resolved by us instead of libcurl: Debian's libcurl starts
// a thread for every transfer that finds no fresh entry in its cache, ten thousand of them when ten
// thousand calls arrive at once. Here there is one look-up at a time, and known addresses are used
// while they are being renewed or cannot be renewed.
//
// Nothing is looked up where libcurl needs no help (address literals, localhost) or where a proxy
// resolves the name (an https_proxy, http_proxy or all_proxy variable). Loop thread only.
class HostAddresses {
 public:
  // Resolves a name and calls back once on the loop's thread, not synchronously:
  // EventLoop::Resolve.
  using Resolve = std::function<void(const std::string& host, EventLoop::ResolveCallback done)>;

  // The scheduler must outlive this object; a look-up need not.
  HostAddresses(Scheduler& scheduler, Resolve resolve, const std::string& base_url,
                HostAddressesOptions options = {});

  // Whether a transfer may start now. If not, a look-up runs; `on_known` is called once when it
  // ends, with the reason if it failed (the next call of this function then starts another).
  using Callback = absl::AnyInvocable<void(const std::string& error)>;
  bool Known(Callback on_known);

  // The addresses as a CURLOPT_RESOLVE list; null if nothing is looked up. To be set on every
  // transfer, because one that is dropped before it starts passes nothing to libcurl.
  std::shared_ptr<curl_slist> List() const { return list_; }

  // The same, as numeric addresses; empty if nothing is looked up or nothing is known yet.
  const absl::flat_hash_set<std::string>& Current() const { return current_; }

 private:
  void LookUp(Callback on_known);
  void Take(const std::vector<std::string>& addresses);

  Scheduler& scheduler_;
  const Resolve resolve_;
  const HostAddressesOptions options_;
  std::string host_;  // empty: nothing to look up
  std::string port_;
  std::shared_ptr<curl_slist> list_;  // null: no address known
  absl::flat_hash_set<std::string> current_;
  bool looking_up_ = false;
  SteadyTime refresh_at_ = SteadyTime::min();
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_HOST_ADDRESSES_H_
