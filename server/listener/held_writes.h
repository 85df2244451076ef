#ifndef ENOS_SERVER_LISTENER_HELD_WRITES_H_
#define ENOS_SERVER_LISTENER_HELD_WRITES_H_

#include <vector>

namespace enos::gateway {

// Combines small writes to one connection: between Hold and Release the system only collects what
// is written to a socket (TCP_CORK). gRPC writes each RPC's headers and each answer separately, and
// most of the cost is in the packet and in waking up the receiver.
//
// A socket may be closed meanwhile and its number reused: at worst the new owner's writes also wait
// until Release. Used from one thread.
class HeldWrites {
 public:
  // The maximum number of writes that wait for each other, so that their receivers are not kept
  // waiting.
  static constexpr int kMost = 32;

  HeldWrites() = default;
  ~HeldWrites() { Release(); }
  HeldWrites(const HeldWrites&) = delete;
  HeldWrites& operator=(const HeldWrites&) = delete;

  // To be called before each write to `socket`; -1 is none. After kMost writes the waiting ones are
  // released first.
  void Hold(int socket);

  // Everything that was written is sent now.
  void Release();

 private:
  std::vector<int> sockets_;  // each once
  int writes_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LISTENER_HELD_WRITES_H_
