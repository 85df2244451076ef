#ifndef ENOS_FLOW_CLI_STYLE_H_
#define ENOS_FLOW_CLI_STYLE_H_

#include <string>

#include "absl/status/statusor.h"
#include "flags.h"

namespace enos::flow::cli {

// Colours of a terminal, or none. Only texts that are our own, or safe for a terminal, may be
// passed in.
class Style {
 public:
  explicit Style(bool colours = false) : colours_(colours) {}

  std::string Good(const std::string& text) const { return Paint("\x1b[32m", text); }
  std::string Bad(const std::string& text) const { return Paint("\x1b[1;31m", text); }
  std::string Doubtful(const std::string& text) const { return Paint("\x1b[1;33m", text); }

 private:
  std::string Paint(const char* colour, const std::string& text) const {
    return colours_ ? colour + text + "\x1b[0m" : text;
  }

  bool colours_;
};

// As --color says; `auto` means on a terminal that is not "dumb", unless NO_COLOR is set to
// anything (https://no-color.org). An error is one line that names the flag.
absl::StatusOr<Style> MakeStyle(const FlagValues& values, const Environment& environment,
                                bool is_terminal);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_STYLE_H_
