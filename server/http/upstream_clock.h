#ifndef ENOS_SERVER_HTTP_UPSTREAM_CLOCK_H_
#define ENOS_SERVER_HTTP_UPSTREAM_CLOCK_H_

#include <chrono>
#include <string_view>

#include "server/base/scheduler.h"

namespace enos::gateway {

// The wall clock for what EnOS compares with its own: the timestamps of signatures and of token
// requests. It follows this machine's clock until EnOS refuses a timestamp and its answer's Date
// header shows that the two differ; then the difference is added, until an answer's Date agrees
// with this machine again.
//
// Date has whole seconds, and the answer was in transit: differences up to kIgnored are ignored.
// Beyond kMost the Date is wrong, not the clock; it is ignored, as is anything that is not an HTTP
// date. So a hostile Date can spoil timestamps (EnOS then refuses the calls), within bounds, and
// nothing else.
//
// Each change is logged as a warning. Loop thread only.
class UpstreamClock {
 public:
  static constexpr std::chrono::seconds kIgnored{5};
  static constexpr std::chrono::hours kMost{24};

  // The scheduler must outlive the clock.
  explicit UpstreamClock(const Scheduler& scheduler) : scheduler_(scheduler) {}

  WallTime Now() const { return scheduler_.WallNow() + correction_; }

  // EnOS refused a token, a timestamp or a signature, in an answer with this Date header. Returns
  // true if the time has changed as a result.
  bool OnRefusal(std::string_view date);

  // Any other answer arrived.
  void OnAnswer(std::string_view date);

 private:
  bool Correct(std::chrono::seconds by);

  const Scheduler& scheduler_;
  std::chrono::seconds correction_{0};
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_UPSTREAM_CLOCK_H_
