#ifndef ENOS_FLOW_CLI_WATCH_RUN_H_
#define ENOS_FLOW_CLI_WATCH_RUN_H_

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "console.h"
#include "enos/flow/client.h"
#include "interrupt_watch.h"
#include "output.h"

namespace enos::flow::cli {

// A run to be watched until it ends, for `watch` and `trigger --wait`.
struct RunToWatch {
  InstanceRequest request;
  WatchOptions options;
  OutputFormat output = OutputFormat::kText;
  std::string address;  // of the gateway, for messages
  std::string connection_flags;
  bool was_started_now = false;  // by this command
  std::function<absl::Time()> now;
};

// Shows each change and says how the run ended, or why it is watched no longer. Blocks; answers the
// exit status.
int WatchRun(const FlowClient& client, const RunToWatch& run, const InterruptWatch& interrupts,
             Console& console);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_WATCH_RUN_H_
