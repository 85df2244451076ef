#include "tests/support/programs.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>

#include "sandbox/http/raw_client.h"

namespace enos {
namespace {

// What follows `name` up to the next blank or the end of the line.
std::string After(const std::string& line, const std::string& name) {
  const size_t at = line.find(name);
  if (at == std::string::npos) return "";
  const size_t begin = at + name.size();
  return line.substr(begin, line.find_first_of(" \n", begin) - begin);
}

}  // namespace

ProcessOptions GatewayOptions(const std::string& enos_url, std::vector<std::string> more) {
  ProcessOptions options;
  options.program = ENOS_GATEWAY_PROGRAM;
  options.arguments = {"--listen=127.0.0.1:0", "--metrics_listen=", "--enos_url=" + enos_url,
                       "--drain_delay=0s"};
  for (std::string& argument : more) {
    // A flag may be given only once: a given one takes the place of ours.
    const std::string name = argument.substr(0, argument.find('='));
    for (auto ours = options.arguments.begin(); ours != options.arguments.end(); ++ours) {
      if (ours->substr(0, ours->find('=')) == name) {
        options.arguments.erase(ours);
        break;
      }
    }
    options.arguments.push_back(std::move(argument));
  }
  options.environment = {{"ENOS_ACCESS_KEY", kAccessKey}, {"ENOS_SECRET_KEY", kSecretKey}};
  return options;
}

GatewayProcess::GatewayProcess(ProcessOptions options) : Process(std::move(options)) {
  const auto line = WaitForLine("listening address=");
  EXPECT_TRUE(line) << "the gateway does not listen: " << all_output();
  if (line) address_ = After(*line, " address=");
  metrics_address_ = After(err(), " metrics_address=");  // logged before that line
}

SandboxProcess::SandboxProcess(std::vector<std::string> flags)
    : Process({ENOS_SANDBOX_PROGRAM, std::move(flags), {}}) {
  EXPECT_TRUE(WaitForLine("ready")) << "the sandbox does not come up: " << all_output();
  url_ = After(out(), "ENOS_API_URL=");
}

std::string SandboxProcess::View(const std::string& path) const {
  const int port = std::stoi(url_.substr(url_.rfind(':') + 1));
  sandbox::RawClient client(static_cast<std::uint16_t>(port));
  client.Send("GET " + path + " HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\r\n");
  client.ReadToEnd();
  const size_t body = client.received().find("\r\n\r\n");
  return body == std::string::npos ? "" : client.received().substr(body + 4);
}

ProcessOptions FlowCommand(std::vector<std::string> arguments) {
  return {ENOS_FLOW_PROGRAM, std::move(arguments), {}};
}

CommandResult Trigger(const std::string& address, std::vector<std::string> flags) {
  flags.insert(flags.begin(), {"trigger", "--address=" + address});
  // Long enough for a slow machine; a test that needs less says so.
  flags.emplace_back("--timeout=2m");
  Process command(FlowCommand(std::move(flags)));
  const ProcessEnd end = command.Wait();
  return {end.status.value_or(-1), command.out(), command.err()};
}

}  // namespace enos
