#ifndef ENOS_SERVER_TOKEN_CREDENTIALS_H_
#define ENOS_SERVER_TOKEN_CREDENTIALS_H_

#include <memory>
#include <utility>

#include "server/base/secret.h"

namespace enos::gateway {

// The keys of the application that the gateway is towards EnOS.
struct Credentials {
  Secret access_key;
  Secret secret_key;
  // The secret key before this one, which may be good for a while yet: masked in what callers are
  // told, never used. Empty: none.
  // Initialised, or g++ asks for it wherever the other two are given.
  Secret former_secret_key = {};  // NOLINT(readability-redundant-member-init)
};

// The keys may be replaced while calls run; each token and each call keeps those it began with.
using SharedCredentials = std::shared_ptr<const Credentials>;

inline SharedCredentials ShareCredentials(Secret access_key, Secret secret_key,
                                          Secret former_secret_key = {}) {
  return std::make_shared<const Credentials>(
      Credentials{std::move(access_key), std::move(secret_key), std::move(former_secret_key)});
}

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TOKEN_CREDENTIALS_H_
