// Settings' values may be anything: none crashes a parser, what is read can be written and read
// again, and whatever stands on the command line ends in settings or in one line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/base/address.h"
#include "server/config/parse_settings.h"
#include "server/config/values.h"

namespace {

using namespace enos::gateway;  // NOLINT(google-build-using-namespace): a program of its own

void Require(bool condition) {
  if (!condition) std::abort();
}

void ReadValues(std::string_view text) {
  using std::chrono::milliseconds;
  if (const auto address = ParseListenAddress(text))
    Require(ParseListenAddress(address->ToString()) == address);
  if (const auto url = ParseBaseUrl(text)) Require(ParseBaseUrl(url->ToString()) == url);
  const auto duration = ParseDurationBetween(text, milliseconds(1), std::chrono::hours(24));
  if (duration) Require(*duration >= milliseconds(1) && *duration <= std::chrono::hours(24));
  const auto number = ParseIntegerBetween(text, 0, 1000000);
  if (number) Require(*number >= 0 && *number <= 1000000);
}

// One argument per line of the input.
void ReadCommandLine(std::string_view text) {
  std::vector<std::string> arguments = {"enos-flow-gateway"};
  for (size_t end = 0; end != std::string_view::npos && arguments.size() < 50;) {
    end = text.find('\n');
    arguments.emplace_back(text.substr(0, end));
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
  }
  std::vector<const char*> argv;
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());

  const EnvLookup environment = [](std::string_view) { return std::nullopt; };
  const FileReader no_files = [](const std::string&, size_t) {
    return absl::NotFoundError("No such file or directory");
  };
  const auto parsed =
      ParseSettings(static_cast<int>(argv.size()), argv.data(), environment, no_files);
  const auto* exit = std::get_if<ExitNow>(&parsed);
  Require(exit != nullptr);  // the keys are missing
  Require(exit->status == 0 ||
          (exit->status == 2 && exit->text.find('\n') == exit->text.size() - 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadValues(text);
  ReadCommandLine(text);
  return 0;
}
