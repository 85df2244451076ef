#ifndef ENOS_FLOW_SRC_ASYNC_CALL_H_
#define ENOS_FLOW_SRC_ASYNC_CALL_H_

namespace enos::flow {

// What a PendingCall stands for.
class AsyncCall {
 public:
  AsyncCall() = default;
  virtual ~AsyncCall() = default;
  AsyncCall(const AsyncCall&) = delete;
  AsyncCall& operator=(const AsyncCall&) = delete;

  // From any thread.
  virtual void Cancel() = 0;
};

}  // namespace enos::flow

#endif  // ENOS_FLOW_SRC_ASYNC_CALL_H_
