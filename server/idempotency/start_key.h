#ifndef ENOS_SERVER_IDEMPOTENCY_START_KEY_H_
#define ENOS_SERVER_IDEMPOTENCY_START_KEY_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "enos/dataflow/v1/flow_service.pb.h"
#include "server/keystore/key_store.h"

namespace enos::gateway {

// The idempotency key of a call, as the store needs it.
struct StartKey {
  KeyRef ref;
  KeyNote note;
};

// Of a valid request that has a key. The record is that of organization and key; the fingerprint
// covers user, organization, flow, trigger time in milliseconds (as it is sent) and parameters.
StartKey StartKeyOf(const dataflow::v1::UpdateAndTriggerFlowRequest& request);

// The Unix time in milliseconds that a UUID of version 7 (RFC 9562: 8-4-4-4-12 hexadecimal digits,
// either case) carries; nullopt for any other key.
std::optional<int64_t> TimeOfUuidV7(std::string_view key);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_IDEMPOTENCY_START_KEY_H_
