// enos-flow: starts EnOS flows from the command line.
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include "run.h"

int main(int argc, char** argv) {
  // A reader that has exited must not kill us between a started flow and the message about it.
  std::signal(SIGPIPE, SIG_IGN);
  // The gRPC library logs to stderr on its own; our messages have what matters.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  const auto environment = [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  enos::flow::cli::Console console{std::cin, std::cout, std::cerr};
  console.in_is_terminal = isatty(STDIN_FILENO) == 1;
  console.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  console.err_is_terminal = isatty(STDERR_FILENO) == 1;
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    console.columns = size.ws_col;
  if (size.ws_row > 0) console.rows = size.ws_row;
  return enos::flow::cli::RunEnosFlow(argc, argv, environment, console);
}
