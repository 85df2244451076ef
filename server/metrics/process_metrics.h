#ifndef ENOS_SERVER_METRICS_PROCESS_METRICS_H_
#define ENOS_SERVER_METRICS_PROCESS_METRICS_H_

#include "server/metrics/sampled_metrics.h"

namespace enos::gateway {

// Adds the metrics that every Prometheus client library exports about its process (Linux), under
// the usual names: process_cpu_seconds_total, process_start_time_seconds (taken now: call it at the
// start), process_resident_memory_bytes, process_virtual_memory_bytes, process_open_fds,
// process_max_fds and process_threads. Whatever cannot be read from /proc, for lack of a descriptor
// say, is left out of that scrape.
void AddProcessMetrics(SampledMetrics& metrics);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_METRICS_PROCESS_METRICS_H_
