#ifndef ENOS_SERVER_BASE_SIGNALS_H_
#define ENOS_SERVER_BASE_SIGNALS_H_

namespace enos::gateway {

// How the gateway is asked to end (SIGTERM and SIGINT) or to change the log's level (SIGHUP), read
// by one thread at a time of its own choosing. Nothing runs in a signal handler, where next to
// nothing is allowed.

// Blocks SIGTERM, SIGINT and SIGHUP and ignores SIGPIPE (a peer that has gone is an error of the
// write). Call on the main thread before any other thread starts: threads inherit it.
void BlockSignals();

// Waits for one of the three, also one that came since they were blocked; gives its number.
int WaitForSignal();

// Makes the next SIGTERM or SIGINT (or one that is pending) end the process at once, with status
// 128 + its number as shells have it: for the one who does not want to wait for the drain's end.
// By a handler, since the kernel ignores the default action for the first process of a container.
// Call on the thread that called WaitForSignal.
void EndAtOnceOnNextSignal();

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_SIGNALS_H_
