#include "server/ops/readiness.h"

namespace enos::gateway {
namespace {

std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  return line;
}

}  // namespace

void Readiness::SetToken(bool has_token) {
  const std::lock_guard lock(mutex_);
  has_token_ = has_token;
  // While a token is valid, why_ is about its renewal: "expired" until that fails as well.
  if (has_token) why_ = "expired";
}

void Readiness::SetFailure(std::string_view why) {
  const std::lock_guard lock(mutex_);
  why_ = OneLine(why);
}

void Readiness::SetStore(std::string_view why) {
  const std::lock_guard lock(mutex_);
  store_ = OneLine(why);
}

void Readiness::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

std::string Readiness::WhyNot() const {
  const std::lock_guard lock(mutex_);
  if (stopped_) return "shutting down";
  return has_token_ ? "" : "no access token: " + why_;
}

std::string Readiness::Remark() const {
  const std::lock_guard lock(mutex_);
  return store_.empty() ? "" : "idempotency store: " + store_;
}

}  // namespace enos::gateway
