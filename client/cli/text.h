#ifndef ENOS_FLOW_CLI_TEXT_H_
#define ENOS_FLOW_CLI_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace enos::flow::cli {

// Whether `text` is well-formed UTF-8 (no surrogates, nothing overlong, nothing past U+10FFFF).
bool IsUtf8(absl::string_view text);

// `text` with each byte that is not part of well-formed UTF-8 replaced by U+FFFD.
std::string ToUtf8(absl::string_view text);

// `text` made safe for a terminal, on one line: bytes that are not UTF-8, control characters (C0,
// DEL, C1, line and paragraph separators) and marks that change the writing direction are replaced
// by U+FFFD. Texts from elsewhere must not move the cursor or pose as our own lines.
std::string ForTerminal(absl::string_view text);

// ForTerminal, truncated to about 80 bytes at a character boundary: a flag's value in a message.
std::string Excerpt(absl::string_view text);

// One word of a shell's command line; ForTerminal as well.
std::string ForShell(const std::string& text);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_TEXT_H_
