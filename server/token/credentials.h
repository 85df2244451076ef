#ifndef ENOS_SERVER_TOKEN_CREDENTIALS_H_
#define ENOS_SERVER_TOKEN_CREDENTIALS_H_

#include "server/base/secret.h"

namespace enos::gateway {

// The keys of the application that the gateway is towards EnOS.
struct Credentials {
  Secret access_key;
  Secret secret_key;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TOKEN_CREDENTIALS_H_
