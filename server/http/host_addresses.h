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
  // Called whenever there are other addresses than before.
  std::function<void()> on_changed = [] {};
};

// The addresses of the upstream's host, looked up by us instead of libcurl: libcurl as Debian
// builds it starts a thread for every transfer that finds no fresh entry in its cache, ten thousand
// of them when ten thousand calls come at once. Here one look-up runs however many wait, and known
// addresses are used on while they are renewed or cannot be.
//
// Nothing is looked up where libcurl needs no help (address literals, localhost) or where a proxy
// looks the name up (an https_proxy, http_proxy or all_proxy variable). Loop thread only.
class HostAddresses {
 public:
  // Looks a name up and calls back once on the loop's thread, not from within: EventLoop::Resolve.
  using Resolve = std::function<void(const std::string& host, EventLoop::ResolveCallback done)>;

  // The scheduler must outlive this object; a look-up need not.
  HostAddresses(Scheduler& scheduler, Resolve resolve, const std::string& base_url,
                HostAddressesOptions options = {});

  // Whether a transfer may start now. If not, a look-up runs; `on_known` is called once when it
  // ended, with the reason where it failed (then the next call of this starts another).
  using Callback = std::function<void(const std::string& error)>;
  bool Known(const Callback& on_known);

  // The addresses as a CURLOPT_RESOLVE list; null where nothing is looked up. For every transfer:
  // one that is dropped before it begins tells libcurl nothing.
  std::shared_ptr<curl_slist> List() const { return list_; }

  // The same, as numeric addresses; empty where nothing is looked up or nothing known yet.
  const absl::flat_hash_set<std::string>& Current() const { return current_; }

 private:
  void LookUp(const Callback& on_known);
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
