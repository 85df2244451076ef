// The command line of enos-sandbox.
#ifndef ENOS_SANDBOX_FLAGS_H_
#define ENOS_SANDBOX_FLAGS_H_

#include <string>
#include <variant>
#include <vector>

#include "sandbox/sandbox_server.h"

namespace enos::sandbox {

struct Flags {
  SandboxOptions options;  // without log; a clock only where it is offset
  bool quiet = false;
};

// What to print, and with which status to end: help and version with 0, a wrong flag with 2 (one
// line that names it).
struct FlagsExit {
  int status = 0;
  std::string text;
};

// The arguments without the program's name. Reads the environment (ENOS_SANDBOX_ACCESS_KEY and
// _SECRET_KEY) and the TLS files.
std::variant<Flags, FlagsExit> ParseFlags(std::vector<std::string> arguments);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_FLAGS_H_
