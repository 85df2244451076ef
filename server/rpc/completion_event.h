#ifndef ENOS_SERVER_RPC_COMPLETION_EVENT_H_
#define ENOS_SERVER_RPC_COMPLETION_EVENT_H_

namespace enos::gateway {

// The tag of every operation that is started on one of the server's completion queues. Not owned by
// the queue: it must live until OnEvent has been called, which happens exactly once for each
// operation.
class CompletionEvent {
 public:
  // On the queue's thread. What `ok` means depends on the operation, see grpc::CompletionQueue.
  virtual void OnEvent(bool ok) = 0;

 protected:
  ~CompletionEvent() = default;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_COMPLETION_EVENT_H_
