#ifndef ENOS_SERVER_LISTENER_BYTE_ACCOUNT_H_
#define ENOS_SERVER_LISTENER_BYTE_ACCOUNT_H_

#include <cstdint>

#include "server/base/scheduler.h"

namespace enos::gateway {

// How many of the bytes received on a connection are accounted for by calls.
struct CallBytes {
  uint64_t allowed = 0;  // upper bound of the calls' size on the wire
  uint64_t usual = 0;    // what most calls would have taken

  // A call with a message of this size arrived.
  void Add(uint64_t message_bytes);
};

// What one connection has received, as counted by its socket, and how much of it completed calls.
// gRPC holds the rest in one form or another, or spent work on it: incomplete messages, endless
// headers, streams that were only opened. However its frames are built, a connection cannot use the
// gateway's memory without sending something. Pure.
class ByteAccount {
 public:
  // For a call's headers and framing, in addition to a sixteenth of its message: the maximum size
  // of headers.
  static constexpr uint64_t kCallAllowance = 16 << 10;
  // What headers and framing usually take once a connection's headers have been sent before.
  static constexpr uint64_t kUsualHeaders = 512;
  // For traffic that is not a call, and is neither held nor expensive: pings, acknowledgements,
  // resets.
  static constexpr uint64_t kForgivenEachSecond = 1 << 10;
  // While calls arrive: for those in between that gRPC refuses by itself (unreadable or oversized
  // messages) and does not report. The connection may be that of a proxy, and so carry many
  // callers' calls.
  static constexpr uint64_t kForgivenEachSecondOfCalls = 256 << 10;

  // The connection has received `total` bytes since its beginning. `calls` are those since the last
  // update, `elapsed` ago; they must be read before `total` is.
  void Update(uint64_t total, const CallBytes& calls, Duration elapsed);

  // Received, but not accounted for by calls. Mostly 0 for a calm connection.
  uint64_t unaccounted() const { return unaccounted_; }

  // Received in the last seconds beyond what calls usually take. Cannot be hidden behind many small
  // calls with their allowances, but is not 0 either for a busy connection with large headers.
  uint64_t recent() const { return recent_; }

 private:
  uint64_t total_ = 0;
  uint64_t unaccounted_ = 0;
  uint64_t recent_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LISTENER_BYTE_ACCOUNT_H_
