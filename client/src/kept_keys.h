#ifndef ENOS_FLOW_SRC_KEPT_KEYS_H_
#define ENOS_FLOW_SRC_KEPT_KEYS_H_

#include <grpcpp/client_context.h>

#include <atomic>
#include <memory>
#include <optional>

#include "enos/flow/client.h"

namespace enos::flow {

// Whether the gateway says that it keeps idempotency keys: what the newest initial metadata said
// that a call with a key had. Others are not asked: calls without a key, and of other methods, need
// not be told. Thread-safe.
class KeptKeys {
 public:
  void Note(bool kept) { newest_ = kept ? kKept : kNotKept; }
  std::optional<bool> newest() const {
    const int newest = newest_;
    if (newest == kNotTold) return std::nullopt;
    return newest == kKept;
  }

 private:
  enum : int { kNotTold, kKept, kNotKept };
  std::atomic<int> newest_{kNotTold};
};

inline bool HasKey(const FlowRequest& request) { return !request.idempotency_key().empty(); }
template <typename Request>
bool HasKey(const Request&) {
  return false;
}

// What one call learns of its key.
class KeyOfCall {
 public:
  KeyOfCall(std::shared_ptr<KeptKeys> kept, bool has_key)
      : kept_(std::move(kept)), has_key_(has_key) {}

  // The call has had initial metadata from the gateway itself: not from a proxy or library that
  // made up an error, which comes without.
  void OnInitialMetadata(const grpc::ClientContext& context) {
    if (!has_key_) return;
    const auto& metadata = context.GetServerInitialMetadata();
    const auto found = metadata.find("enos-idempotency");
    own_ = found != metadata.end() && found->second == "1";
    kept_->Note(*own_);
  }

  // Of an error: what was said to this call counts too, if another one has been told since.
  bool kept() const { return has_key_ && kept_->newest() == true && own_ != false; }

 private:
  std::shared_ptr<KeptKeys> kept_;
  bool has_key_;
  std::optional<bool> own_;
};

}  // namespace enos::flow

#endif  // ENOS_FLOW_SRC_KEPT_KEYS_H_
