#ifndef ENOS_SERVER_RPC_MEMBER_EVENT_H_
#define ENOS_SERVER_RPC_MEMBER_EVENT_H_

#include "server/rpc/completion_event.h"

namespace enos::gateway {

// The tag of one operation of an RPC: its end is told to a method of the RPC, which holds the tag.
template <typename Rpc>
class MemberEvent final : public CompletionEvent {
 public:
  using Method = void (Rpc::*)(bool ok);

  MemberEvent(Rpc* rpc, Method method) : rpc_(rpc), method_(method) {}
  void OnEvent(bool ok) override { (rpc_->*method_)(ok); }

 private:
  Rpc* const rpc_;
  const Method method_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_MEMBER_EVENT_H_
