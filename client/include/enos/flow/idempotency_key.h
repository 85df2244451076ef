#ifndef ENOS_FLOW_IDEMPOTENCY_KEY_H_
#define ENOS_FLOW_IDEMPOTENCY_KEY_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace enos::flow {

// A new key for FlowRequest.idempotency_key: a UUID of version 7, which no other process makes and
// which carries its time, so that a gateway that has forgotten it refuses it. Make one for each
// start that you intend, and keep it with the request, trigger_time above all, for as long as you
// may repeat the call. Thread-safe.
std::string NewIdempotencyKey();

// The same of a given time and randomness: each call of `random` gives 32 random bits.
std::string MakeIdempotencyKey(std::chrono::system_clock::time_point time,
                               const std::function<uint32_t()>& random);

}  // namespace enos::flow

#endif  // ENOS_FLOW_IDEMPOTENCY_KEY_H_
