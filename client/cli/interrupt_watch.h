#ifndef ENOS_FLOW_CLI_INTERRUPT_WATCH_H_
#define ENOS_FLOW_CLI_INTERRUPT_WATCH_H_

#include <csignal>

namespace enos::flow::cli {

// While this object lives the first SIGINT or SIGTERM is only recorded; the second one ends the
// process at once, as it does without this object. One at a time.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  bool interrupted() const;

 private:
  struct sigaction old_int_{};
  struct sigaction old_term_{};
};

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_INTERRUPT_WATCH_H_
