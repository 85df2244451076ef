#ifndef FLOW_FAILURE_H_
#define FLOW_FAILURE_H_

#include <grpcpp/support/status.h>

#include <chrono>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"

// What the gateway says about a call that failed, and whether the call may be repeated.
class FlowFailure {
 public:
  // Unpacks the details. An error without the gateway's ErrorInfo came from a library or a proxy
  // on the way, which cannot know whether the flow was started.
  explicit FlowFailure(const grpc::Status& status);

  // A promise that the flow was not started. False: it may have been.
  bool certainly_not_started() const { return certainly_not_started_; }

  // How long to wait before the call may be repeated; nothing: it must not be, or repeating would
  // not help. Only what was certainly not started may be repeated; only UNAVAILABLE and
  // RESOURCE_EXHAUSTED may be temporary.
  std::optional<std::chrono::milliseconds> WaitBeforeRepeat(
      int attempt, std::chrono::milliseconds time_left) const;

  friend std::ostream& operator<<(std::ostream& out, const FlowFailure& failure);

 private:
  void Take(const google::rpc::ErrorInfo& info);

  grpc::Status status_;
  std::string reason_ = "no reason";
  bool certainly_not_started_ = false;
  std::map<std::string, std::string> metadata_;  // enos_code, enos_message and so on
  std::vector<google::rpc::BadRequest::FieldViolation> violations_;
  std::optional<std::chrono::milliseconds> retry_after_;
};

#endif  // FLOW_FAILURE_H_
