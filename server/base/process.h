#ifndef ENOS_SERVER_BASE_PROCESS_H_
#define ENOS_SERVER_BASE_PROCESS_H_

namespace enos::gateway {

// Keeps the keys in memory out of core dumps and away from other processes of the same user
// (ptrace, /proc/<pid>/mem and environ). False if the system refused one of the two calls.
// Debugging a running gateway then needs root. Call at start, before keys are read.
bool DisableCoreDumps();

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_PROCESS_H_
