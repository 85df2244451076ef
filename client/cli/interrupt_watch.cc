#include "interrupt_watch.h"

namespace enos::flow::cli {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

void Remember(int) {
  g_interrupted = 1;
  struct sigaction ordinary{};
  ordinary.sa_handler = SIG_DFL;
  sigaction(SIGINT, &ordinary, nullptr);
  sigaction(SIGTERM, &ordinary, nullptr);
}

}  // namespace

InterruptWatch::InterruptWatch() {
  g_interrupted = 0;
  struct sigaction remember{};
  remember.sa_handler = Remember;
  remember.sa_flags = SA_RESTART;
  sigaction(SIGINT, &remember, &old_int_);
  sigaction(SIGTERM, &remember, &old_term_);
}

InterruptWatch::~InterruptWatch() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
}

bool InterruptWatch::interrupted() const { return g_interrupted != 0; }

}  // namespace enos::flow::cli
