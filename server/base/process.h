#ifndef ENOS_SERVER_BASE_PROCESS_H_
#define ENOS_SERVER_BASE_PROCESS_H_

namespace enos::gateway {

// Keeps the keys in memory out of core dumps and away from other processes of the same user
// (ptrace, /proc/<pid>/mem and environ). False when the system refused one of the two calls. To
// debug a running gateway one has to be root. Call at start, before keys are read.
bool DisableCoreDumps();

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_PROCESS_H_
