#ifndef ENOS_FLOW_IDEMPOTENCY_KEY_H_
#define ENOS_FLOW_IDEMPOTENCY_KEY_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace enos::flow {

// A new key for FlowRequest.idempotency_key: a UUIDv7, which is unique and contains its time, so
// that a gateway refuses it once it is too old. Generate one for each run that you want to start,
// and save it with the request, including trigger_time, for as long as you may repeat the call.
// Thread-safe.
std::string NewIdempotencyKey();

// The same with a given time and randomness: each call of `random` returns 32 random bits.
std::string MakeIdempotencyKey(std::chrono::system_clock::time_point time,
                               const std::function<uint32_t()>& random);

}  // namespace enos::flow

#endif  // ENOS_FLOW_IDEMPOTENCY_KEY_H_
