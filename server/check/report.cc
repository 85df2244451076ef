#include "server/check/report.h"

#include <string_view>
#include <utility>

#include "server/base/text.h"
#include "server/log/log_format.h"

namespace enos::gateway {
namespace {

std::string Padded(std::string_view text, size_t width) {
  std::string padded(text);
  if (padded.size() < width) padded.append(width - padded.size(), ' ');
  return padded;
}

std::string ForPeople(const CheckLine& line) {
  constexpr std::string_view kNames[] = {"ok", "info", "FAILED"};
  const std::string advice = line.advice.empty() ? "" : Concat(" What to do: ", line.advice);
  return Concat(Padded(kNames[static_cast<size_t>(line.result)], 8), Padded(line.check, 13),
                line.text, advice, "\n");
}

std::string Json(const CheckLine& line) {
  constexpr std::string_view kNames[] = {"ok", "info", "failed"};
  const std::pair<std::string_view, std::string_view> members[] = {
      {"check", line.check},
      {"result", kNames[static_cast<size_t>(line.result)]},
      {"text", line.text},
      {"advice", line.advice}};
  std::string json;
  for (const auto& [name, value] : members) {
    json += Concat(json.empty() ? "{\"" : ",\"", name, "\":");
    AppendLogJson(value, &json);
  }
  return json + "}\n";
}

}  // namespace

std::string FormatCheckLine(const CheckLine& line, LogFormat format) {
  return format == LogFormat::kJson ? Json(line) : ForPeople(line);
}

}  // namespace enos::gateway
