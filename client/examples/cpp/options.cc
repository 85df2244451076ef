#include "options.h"

#include <getopt.h>

#include <stdexcept>

namespace {

constexpr char kUsage[] =
    "\ntrigger_flow [--address=HOST:PORT] [--ca_file=FILE] --user_id=ID --org_id=ID --flow_id=N\n"
    "  [--param=KEY=VALUE]... [--timeout=SECONDS] [--attempts=N]";

[[noreturn]] void Fail(const std::string& what) { throw std::invalid_argument(what + kUsage); }

template <typename Number>
Number ToNumber(const std::string& text, Number (*convert)(const std::string&, size_t*)) {
  size_t end = 0;
  try {
    const Number number = convert(text, &end);
    if (end == text.size()) return number;
  } catch (const std::logic_error&) {
  }
  Fail("'" + text + "' is no number that fits");
}

int ToInt(const std::string& text) {
  return ToNumber<int>(text, [](const std::string& t, size_t* end) { return std::stoi(t, end); });
}

double ToDouble(const std::string& text) {
  return ToNumber<double>(text,
                          [](const std::string& t, size_t* end) { return std::stod(t, end); });
}

std::pair<std::string, std::string> ToParameter(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) Fail("--param=" + text + ": expected KEY=VALUE");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace

Options ParseOptions(int argc, char** argv) {
  static const option kFlags[] = {{"address", required_argument, nullptr, 'a'},
                                  {"ca_file", required_argument, nullptr, 'c'},
                                  {"user_id", required_argument, nullptr, 'u'},
                                  {"org_id", required_argument, nullptr, 'o'},
                                  {"flow_id", required_argument, nullptr, 'f'},
                                  {"param", required_argument, nullptr, 'p'},
                                  {"timeout", required_argument, nullptr, 't'},
                                  {"attempts", required_argument, nullptr, 'n'},
                                  {nullptr, 0, nullptr, 0}};
  Options options;
  for (int flag = 0; (flag = getopt_long(argc, argv, "", kFlags, nullptr)) != -1;) {
    if (flag == 'a') options.address = optarg;
    if (flag == 'c') options.ca_file = optarg;
    if (flag == 'u') options.user_id = optarg;
    if (flag == 'o') options.org_id = optarg;
    if (flag == 'f') options.flow_id = ToInt(optarg);
    if (flag == 'p') options.parameters.push_back(ToParameter(optarg));
    if (flag == 't') options.timeout_seconds = ToDouble(optarg);
    if (flag == 'n') options.attempts = ToInt(optarg);
    if (flag == '?') Fail("wrong usage");
  }
  if (optind < argc) Fail(std::string("unexpected argument ") + argv[optind]);
  return options;
}
