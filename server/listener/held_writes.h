#ifndef ENOS_SERVER_LISTENER_HELD_WRITES_H_
#define ENOS_SERVER_LISTENER_HELD_WRITES_H_

#include <vector>

namespace enos::gateway {

// Lets small writes to one connection go out together: between Hold and Release the system only
// gathers what is written to a socket (TCP_CORK). gRPC writes each RPC's headers and each answer by
// itself, and what that costs is mostly the packet, and the receiver who is woken by it.
//
// A socket may be closed meanwhile and its number be another's: at the worst that one's writes wait
// until Release, too. Used from one thread.
class HeldWrites {
 public:
  // The most writes that wait for one another: their receivers want to get on.
  static constexpr int kMost = 32;

  HeldWrites() = default;
  ~HeldWrites() { Release(); }
  HeldWrites(const HeldWrites&) = delete;
  HeldWrites& operator=(const HeldWrites&) = delete;

  // To be called before each write to `socket`; -1 is none. After kMost writes those that wait are
  // released first.
  void Hold(int socket);

  // Everything that was written goes out now.
  void Release();

 private:
  std::vector<int> sockets_;  // each once
  int writes_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LISTENER_HELD_WRITES_H_
