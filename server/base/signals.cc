#include "server/base/signals.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>

namespace enos::gateway {
namespace {

sigset_t TerminationSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

sigset_t AllSignals() {
  sigset_t signals = TerminationSignals();
  sigaddset(&signals, SIGHUP);
  return signals;
}

void EndAtOnce(int signal) { ::_exit(128 + signal); }

}  // namespace

void BlockSignals() {
  const sigset_t signals = AllSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int WaitForSignal() {
  const sigset_t signals = AllSignals();
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  return signal;
}

void EndAtOnceOnNextSignal() {
  std::signal(SIGTERM, &EndAtOnce);
  std::signal(SIGINT, &EndAtOnce);
  const sigset_t signals = TerminationSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace enos::gateway
