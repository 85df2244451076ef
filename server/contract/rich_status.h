#ifndef ENOS_SERVER_CONTRACT_RICH_STATUS_H_
#define ENOS_SERVER_CONTRACT_RICH_STATUS_H_

#include <grpcpp/support/status.h>

#include <string_view>

#include "server/base/secret_mask.h"
#include "server/contract/call_error.h"

namespace enos::gateway {

// The rich gRPC status of an error: code, message, and a google.rpc.Status with ErrorInfo (domain
// "enos-flow-gateway", reason, metadata), RequestInfo with the request's id (cut to 128 bytes; none
// where it is empty), BadRequest where there are violations (the first 20; the message gives their
// number) and RetryInfo where a wait makes sense (0 to one day). Message and
// serialized details together stay below 4096 bytes whatever the error holds, and what is sent of
// them (percent-encoded and in base64) below 7600: clients replace an error whose metadata is over
// 8 KB. To that end the message is cut to 1024 bytes, EnOS's message to 256, and as many violations
// are given as fit; ErrorInfo and
// RequestInfo are always there. Every text is masked (before it is cut: nothing of a secret is left
// at its end) and made valid UTF-8. The code kOk, which no error has, becomes UNKNOWN. Thread-safe.
grpc::Status ToGrpcStatus(const CallError& error, std::string_view request_id = {},
                          const SecretMask& secrets = KnownSecrets());

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONTRACT_RICH_STATUS_H_
