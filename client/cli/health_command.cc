#include "health_command.h"

#include <grpcpp/client_context.h>

#include <ostream>

#include "absl/strings/str_cat.h"
#include "call_settings.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "json_text.h"
#include "run.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr char kServing[] = "SERVING";

// The state's name, or why there is none.
struct Answer {
  std::string state;
  std::optional<FlowError> error;
};

FlowError ErrorOf(const grpc::Status& status) {
  FlowError error;
  error.code = status.error_code();
  error.message = status.error_message();
  return error;
}

Answer Ask(const FlowClient& client, const std::string& service,
           std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::system_clock::now() + timeout;
  if (auto error = client.Connect(timeout)) return {"", std::move(error)};
  grpc::ClientContext context;
  context.set_deadline(deadline);
  if (auto error = client.AddToken(context)) return {"", std::move(error)};
  HealthCheckRequest request;
  request.set_service(service);
  HealthCheckResponse response;
  const grpc::Status status =
      Health::NewStub(client.channel())->Check(&context, request, &response);
  // What the protocol says about a service that the server does not know.
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) return {"SERVICE_UNKNOWN", std::nullopt};
  if (!status.ok()) return {"", ErrorOf(status)};
  const std::string name = HealthCheckResponse::ServingStatus_Name(response.status());
  return {name.empty() ? "UNKNOWN" : name, std::nullopt};
}

std::string FormatJson(const Answer& answer) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  writer.Key("ok");
  writer.Bool(answer.state == kServing);
  WriteTextIfAny(writer, "state", answer.state);
  if (answer.error) {
    WriteText(writer, "code", StatusCodeName(answer.error->code));
    WriteTextIfAny(writer, "reason", answer.error->reason);
    WriteText(writer, "message", answer.error->message);
  }
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

void Print(const Answer& answer, const std::string& address, Console& console) {
  if (answer.error) {
    console.err << absl::StrCat("enos-flow: ", Excerpt(address),
                                " does not answer: ", StatusCodeName(answer.error->code), ": ",
                                ForTerminal(answer.error->message), "\n")
                << std::flush;
    return;
  }
  const bool serving = answer.state == kServing;
  console.out << (serving ? console.out_style.Good(answer.state)
                          : console.out_style.Bad(answer.state))
              << "\n"
              << std::flush;
}

}  // namespace

int RunHealth(const CommandLine& line, Console& console) {
  const auto settings = ReadCallSettings(line);
  if (!settings.ok()) return WrongUsage(settings.status(), console);
  const auto output = ReadOutput(line.values);
  if (!output.ok()) return WrongUsage(output.status(), console);
  const auto client = OpenClient(*settings);
  if (!client.ok()) return WrongUsage(client.status(), console);
  const Answer answer =
      Ask(*client, ReadText(line.values, "service").value_or(""), settings->call.timeout);
  if (*output == OutputFormat::kJson) {
    console.out << FormatJson(answer) << std::flush;
  } else {
    Print(answer, settings->channel.address, console);
  }
  return answer.state == kServing ? kExitOk : kExitFailedCall;
}

}  // namespace enos::flow::cli
