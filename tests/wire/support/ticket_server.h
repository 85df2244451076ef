#ifndef ENOS_TESTS_WIRE_SUPPORT_TICKET_SERVER_H_
#define ENOS_TESTS_WIRE_SUPPORT_TICKET_SERVER_H_

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "server/tls/openssl_handles.h"
#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {

// An HTTP/1.1 server over TLS 1.3 on a free port of 127.0.0.1, with a certificate of TestAuthority,
// that sends another session ticket after each answer. One connection after the other.
class TicketServer {
 public:
  TicketServer();
  ~TicketServer();  // waits for the client to close
  TicketServer(const TicketServer&) = delete;
  TicketServer& operator=(const TicketServer&) = delete;

  std::string url() const { return "https://" + port_.host_and_port(); }
  int connections() const { return connections_; }
  // True once the client's system has so many of them.
  bool WaitForTickets(int count);

 private:
  void Accept();
  void Serve(int connection);
  bool SendTicket(SSL* session, int connection);

  const openssl::Context context_;
  const RefusingPort port_;  // listened on
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  int tickets_ = 0;  // guarded by mutex_
  std::thread acceptor_;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_TICKET_SERVER_H_
