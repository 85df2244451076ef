#include "request_file.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "call_settings.h"
#include "document.h"
#include "read_file.h"
#include "text.h"
#include "trigger_command.h"

namespace enos::flow::cli {
namespace {

constexpr char kRequestFile[] = "request_file";
constexpr char kParamsFile[] = "params_file";

absl::StatusOr<Document> ReadDocument(const std::string& path, std::istream& standard_input) {
  const auto text = ReadFile(path, standard_input);
  if (!text.ok()) return text.status();
  const bool yaml = absl::EndsWith(path, ".yaml") || absl::EndsWith(path, ".yml");
  const absl::string_view start = absl::StripLeadingAsciiWhitespace(*text);
  const bool json =
      absl::EndsWith(path, ".json") || absl::StartsWith(start, "{") || absl::StartsWith(start, "[");
  return json && !yaml ? ParseJson(*text) : ParseYaml(*text);
}

absl::StatusOr<RequestFields> ReadRequestFile(const std::string& path, absl::Time now,
                                              std::istream& standard_input) {
  const auto document = ReadDocument(path, standard_input);
  if (!document.ok()) return WrongFlag(kRequestFile, path, document.status().message());
  auto fields = ReadFields(*document, IdField::kRefused);
  if (!fields.ok()) return WrongFlag(kRequestFile, path, fields.status().message());
  const absl::Status valid = CheckFields(*fields, now);
  if (!valid.ok()) return WrongFlag(kRequestFile, path, valid.message());
  return fields;
}

absl::StatusOr<Parameters> ReadParamsFile(const std::string& path, absl::Time now,
                                          std::istream& standard_input) {
  const auto document = ReadDocument(path, standard_input);
  if (!document.ok()) return WrongFlag(kParamsFile, path, document.status().message());
  auto parameters = ReadParameters(*document);
  if (!parameters.ok()) return WrongFlag(kParamsFile, path, parameters.status().message());
  RequestFields only;
  only.parameters = *parameters;
  const absl::Status valid = CheckFields(only, now);
  if (!valid.ok()) return WrongFlag(kParamsFile, path, valid.message());
  return parameters;
}

absl::Status AddParameters(const Parameters& more, RequestFields& fields) {
  if (!fields.parameters) fields.parameters.emplace();
  const Parameters in_file = *fields.parameters;
  for (const auto& parameter : more) {
    const bool twice = std::any_of(in_file.begin(), in_file.end(), [&](const auto& given) {
      return given.first == parameter.first;
    });
    if (twice) {
      return WrongFlag("param", absl::StrCat(parameter.first, "=", parameter.second),
                       "expected a key that is not in the file as well");
    }
    fields.parameters->push_back(parameter);
  }
  return absl::OkStatus();
}

// What was typed, or, conversely, what was not.
RequestFields Only(const CommandLine& line, bool typed, RequestFields fields) {
  const auto drop = [&](const char* name) { return (line.typed.count(name) > 0) != typed; };
  if (drop("user_id")) fields.user_id.reset();
  if (drop("org_id")) fields.org_id.reset();
  if (drop("flow_id")) fields.flow_id.reset();
  if (drop("trigger_time")) fields.trigger_time.reset();
  return fields;
}

}  // namespace

absl::StatusOr<RequestFields> ReadRequest(const CommandLine& line, absl::Time now,
                                          std::istream& standard_input) {
  auto flags = ReadRequestFlags(line.values);
  if (!flags.ok()) return flags.status();
  const auto request_file = ReadText(line.values, kRequestFile);
  const auto params_file = ReadText(line.values, kParamsFile);
  const Parameters params = std::exchange(flags->parameters, std::nullopt).value_or(Parameters());
  RequestFields fields = *flags;
  if (request_file) {
    const auto from_file = ReadRequestFile(*request_file, now, standard_input);
    if (!from_file.ok()) return from_file.status();
    fields =
        WithDefaults(WithDefaults(Only(line, true, *flags), *from_file), Only(line, false, *flags));
  }
  if (params_file) {
    if (fields.parameters || (request_file == "-" && params_file == "-")) {
      return WrongFlag(
          kParamsFile, *params_file,
          "expected the parameters in one file only, and one file from standard input");
    }
    auto from_file = ReadParamsFile(*params_file, now, standard_input);
    if (!from_file.ok()) return from_file.status();
    fields.parameters = *std::move(from_file);
  }
  if (!params.empty()) {
    absl::Status added = AddParameters(params, fields);
    if (!added.ok()) return added;
  }
  return fields;
}

}  // namespace enos::flow::cli
