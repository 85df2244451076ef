#ifndef ENOS_TESTS_CLUSTER_LOAD_OPTIONS_H_
#define ENOS_TESTS_CLUSTER_LOAD_OPTIONS_H_

#include <chrono>
#include <string>

#include "enos/flow/channel.h"
#include "enos/flow/repeat.h"

namespace enos::load {

struct Options {
  flow::ChannelOptions channel;
  std::string name = "load";  // begins every call id, so that several loads can be told apart
  int callers = 8;            // calls in flight at most, one thread each
  std::chrono::milliseconds pause{200};       // of a caller between two calls
  std::chrono::milliseconds timeout{30'000};  // of a call, its repeats included
  flow::RepeatOptions repeat;
  bool keyed = false;                  // each call has an idempotency key
  std::chrono::milliseconds watch{0};  // above 0: runs begin so much later, and are watched
};

// Reads the command line; on a mistake says so and exits with status 2 (--help: 0).
Options ReadOptions(int argc, char** argv);

}  // namespace enos::load

#endif  // ENOS_TESTS_CLUSTER_LOAD_OPTIONS_H_
