#ifndef ENOS_SERVER_BASE_SIGNALS_H_
#define ENOS_SERVER_BASE_SIGNALS_H_

namespace enos::gateway {

// The signals that stop the gateway (SIGTERM and SIGINT) or change the log level (SIGHUP), read by
// one thread whenever it chooses. Nothing runs in a signal handler, where almost nothing is
// allowed.

// Blocks SIGTERM, SIGINT and SIGHUP and ignores SIGPIPE (writing to a closed connection returns an
// error instead). Call on the main thread before any other thread starts: threads inherit it.
void BlockSignals();

// Waits for one of the three, including one that has arrived since they were blocked; returns its
// number.
int WaitForSignal();

// Makes the next SIGTERM or SIGINT (or a pending one) end the process at once, with status 128 +
// its number as in shells, for users who do not want to wait for the drain to finish. Uses a
// handler, because the kernel ignores the default action for the first process of a container. Call
// on the thread that called WaitForSignal.
void EndAtOnceOnNextSignal();

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_SIGNALS_H_
