#ifndef ENOS_SERVER_RPC_REQUEST_ID_H_
#define ENOS_SERVER_RPC_REQUEST_ID_H_

#include <string>
#include <string_view>

#include "server/base/id_source.h"

namespace enos::gateway {

// The metadata key of a request's id, from the caller and back.
inline constexpr char kRequestIdKey[] = "x-request-id";

// The id by which a request is known in logs, errors and trailing metadata: the caller's own if it
// has 1 to 128 printable ASCII characters, otherwise a new one. Metadata with other bytes would end
// the process (gRPC C++ aborts on it).
std::string RequestIdFor(std::string_view from_caller, IdSource& ids);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_REQUEST_ID_H_
