#include "style.h"

#include "call_settings.h"

namespace enos::flow::cli {

absl::StatusOr<Style> MakeStyle(const FlagValues& values, const Environment& environment,
                                bool is_terminal) {
  const std::string color = ReadText(values, "color").value_or("auto");
  if (color == "always") return Style(true);
  if (color == "never") return Style(false);
  if (color != "auto") return WrongFlag("color", color, "expected auto, always or never");
  const bool wanted =
      environment("NO_COLOR").value_or("").empty() && environment("TERM").value_or("") != "dumb";
  return Style(is_terminal && wanted);
}

}  // namespace enos::flow::cli
