#include "server/listener/held_writes.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace enos::gateway {
namespace {

// Fails for anything that is not (or no longer) a TCP socket, as it should.
void SetCork(int socket, int on) { ::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)); }

}  // namespace

void HeldWrites::Hold(int socket) {
  if (socket < 0) return;
  if (writes_ == kMost) Release();
  ++writes_;
  if (std::find(sockets_.begin(), sockets_.end(), socket) != sockets_.end()) return;
  sockets_.push_back(socket);
  SetCork(socket, 1);
}

void HeldWrites::Release() {
  for (const int socket : sockets_) SetCork(socket, 0);
  sockets_.clear();
  writes_ = 0;
}

}  // namespace enos::gateway
