#ifndef ENOS_TESTS_HOSTILE_OPTIONS_H_
#define ENOS_TESTS_HOSTILE_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace enos::hostile {

// What tests/hostile.sh passes on.
struct Options {
  std::string gateway;             // the program enos-flow-gateway
  std::string directory = ".";     // for the gateway's log
  std::vector<std::string> kinds;  // none: all of them at once
  int connections = 100;           // of each kind
  std::chrono::seconds seconds{20};
  bool tls = false;
  bool front = false;        // through the nginx of deploy/kubernetes/components/front, over TLS
  int64_t max_memory = 384;  // the gateway's, MiB
  int64_t peak = 512;        // that memory must stay below, MiB
  int callers = 8;           // polite ones, each with a connection
};

// Parses the command line; on a mistake reports it and exits with status 2 (--help: 0).
Options ReadOptions(int argc, char** argv);

}  // namespace enos::hostile

#endif  // ENOS_TESTS_HOSTILE_OPTIONS_H_
