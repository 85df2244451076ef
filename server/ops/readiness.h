#ifndef ENOS_SERVER_OPS_READINESS_H_
#define ENOS_SERVER_OPS_READINESS_H_

#include <mutex>
#include <string>
#include <string_view>

namespace enos::gateway {

// Whether calls should come here: there is a valid access token, and shutdown has not begun.
// Thread-safe.
class Readiness {
 public:
  // A valid token arrived, or the last one expired.
  void SetToken(bool has_token);
  // Why there is no token, or none soon. Cleared when one arrives.
  void SetFailure(std::string_view why);
  // Why the store of idempotency keys does not answer; empty: it does, or there is none. Calls
  // without a key go on, so this makes nothing unready.
  void SetStore(std::string_view why);
  // Never ready again.
  void Stop();

  // Why not, one line; empty when ready.
  std::string WhyNot() const;
  // What does not work although it is ready, one line; empty: everything does.
  std::string Remark() const;

 private:
  mutable std::mutex mutex_;
  bool stopped_ = false;
  bool has_token_ = false;
  std::string why_ = "not fetched yet";
  std::string store_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_OPS_READINESS_H_
