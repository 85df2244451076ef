#ifndef ENOS_FLOW_CLI_CONSOLE_H_
#define ENOS_FLOW_CLI_CONSOLE_H_

#include <iosfwd>
#include <map>
#include <string>

#include "style.h"

namespace enos::flow::cli {

// What a command reads from and writes to, and which of these are terminals.
struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool out_is_screen = false;  // a terminal on which the cursor can be moved
  int columns = 80;            // of the terminal
  int rows = 24;
  Style out_style{false};
  Style err_style{false};
  // CommandLine::places: a message begins with those in place of the flags.
  std::map<std::string, std::string> places = {};
};

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_CONSOLE_H_
