#ifndef ENOS_SERVER_LISTENER_BYTE_ACCOUNT_H_
#define ENOS_SERVER_LISTENER_BYTE_ACCOUNT_H_

#include <cstdint>

#include "server/base/scheduler.h"

namespace enos::gateway {

// What arrived calls account for of the bytes that came on a connection.
struct CallBytes {
  uint64_t allowed = 0;  // at most what the calls were on the wire
  uint64_t usual = 0;    // what most would have been

  // A call with a message of this size arrived.
  void Add(uint64_t message_bytes);
};

// What one connection has received, by its socket's count, and what of it became calls. What did
// not is held by gRPC in one form or another, or cost it work: messages that are not whole, headers
// without an end, streams that were opened and no more. However its frames are made, a connection
// cannot use the gateway's memory without sending something. Pure.
class ByteAccount {
 public:
  // For a call's headers and framing, beside a sixteenth of its message: as much as headers may be.
  static constexpr uint64_t kCallAllowance = 16 << 10;
  // What headers and framing usually take, once a connection's headers have been sent before.
  static constexpr uint64_t kUsualHeaders = 512;
  // For what is no call, and is neither held nor heavy: pings, acknowledgements, resets.
  static constexpr uint64_t kForgivenEachSecond = 1 << 10;
  // While calls arrive: for those between them that gRPC refuses by itself (a message that cannot
  // be read, or is too large), of which nobody here is told. A connection may be that of a proxy,
  // and so many callers'.
  static constexpr uint64_t kForgivenEachSecondOfCalls = 256 << 10;

  // The connection has received `total` bytes since its beginning. `calls` are those since the last
  // time, which is `elapsed` ago; they must be taken before `total` is.
  void Update(uint64_t total, const CallBytes& calls, Duration elapsed);

  // Received, and by no call. A calm connection's is 0 most of the time.
  uint64_t unaccounted() const { return unaccounted_; }

  // Received in the last seconds beyond what calls usually take. Not to be hidden behind many small
  // calls with their allowances, but a busy connection's with large headers is not 0 either.
  uint64_t recent() const { return recent_; }

 private:
  uint64_t total_ = 0;
  uint64_t unaccounted_ = 0;
  uint64_t recent_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LISTENER_BYTE_ACCOUNT_H_
