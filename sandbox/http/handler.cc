#include "sandbox/http/handler.h"

#include <atomic>

namespace enos::sandbox {

class Responder::Slot {
 public:
  explicit Slot(Deliver deliver) : deliver_(std::move(deliver)) {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot() { Send(Answer::Nothing(Ending::kClose)); }

  bool Send(Answer answer) {
    if (answered_.exchange(true)) return false;
    deliver_(std::move(answer));
    return true;
  }

 private:
  std::atomic<bool> answered_{false};
  const Deliver deliver_;
};

Responder::Responder(Deliver deliver) : slot_(std::make_shared<Slot>(std::move(deliver))) {}

bool Responder::Send(Answer answer) const { return slot_->Send(std::move(answer)); }

AcceptAction FunctionHandler::OnAccept(std::uint64_t connection) {
  return on_accept ? on_accept(connection) : AcceptAction::kServe;
}

HeadDecision FunctionHandler::OnHead(const RequestHead& head) {
  return on_head ? on_head(head) : HeadDecision();
}

void FunctionHandler::OnRequest(HttpRequest request, Responder responder) {
  if (on_request) {
    on_request(std::move(request), std::move(responder));
  } else {
    responder.Send(Answer());
  }
}

}  // namespace enos::sandbox
