// enos-flow: starts EnOS flows from the command line.
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include "run.h"

int main(int argc, char** argv) {
  // A reader that went away must not kill us between a started flow and the word about it.
  std::signal(SIGPIPE, SIG_IGN);
  // The gRPC library logs to stderr on its own; what matters of it is in our messages.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  const auto environment = [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  return enos::flow::cli::RunEnosFlow(argc, argv, environment, std::cout, std::cerr);
}
