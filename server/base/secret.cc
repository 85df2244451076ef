#include "server/base/secret.h"

#include <openssl/crypto.h>

#include <utility>

namespace enos::gateway {

Secret::Secret(std::string_view value)
    : bytes_(value.empty() ? nullptr : std::make_unique<char[]>(value.size())),
      size_(value.size()) {
  value.copy(bytes_.get(), size_);
}

Secret::~Secret() { Wipe(); }

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Secret Secret::TakeFrom(std::string& source) {
  Secret secret(source);
  WipeString(source);
  return secret;
}

void Secret::Wipe() {
  if (bytes_ != nullptr) OPENSSL_cleanse(bytes_.get(), size_);
  bytes_.reset();
  size_ = 0;
}

void WipeString(std::string& text) {
  text.resize(text.capacity());  // within the capacity: nothing is moved elsewhere
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace enos::gateway
