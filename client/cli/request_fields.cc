#include "request_fields.h"

#include <openssl/evp.h>

#include <cstdint>
#include <limits>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "text.h"
#include "trigger_time.h"

namespace enos::flow::cli {
namespace {

using Kind = Document::Kind;

constexpr char kExpectedId[] = "expected an id; it is required";

absl::Status Wrong(absl::string_view what, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", expected));
}

absl::Status WrongValue(absl::string_view field, absl::string_view value,
                        absl::string_view expected) {
  return Wrong(absl::StrCat(field, "=", Excerpt(value)), expected);
}

absl::StatusOr<std::string> ReadText(absl::string_view name, const Document& value) {
  if (value.kind == Kind::kText) return value.text;
  return Wrong(name, value.kind == Kind::kNull ? "expected a string, found null"
                                               : "expected a string, found a list or a map");
}

std::optional<std::string>* FindField(RequestFields& fields, absl::string_view name, IdField id) {
  if (name == "id") return id == IdField::kAllowed ? &fields.id : nullptr;
  if (name == "user_id") return &fields.user_id;
  if (name == "org_id") return &fields.org_id;
  if (name == "flow_id") return &fields.flow_id;
  if (name == "trigger_time") return &fields.trigger_time;
  return nullptr;
}

absl::StatusOr<Parameters> ReadParameterMap(const Document& map) {
  Parameters parameters;
  std::set<std::string> seen;
  for (size_t i = 0; i < map.keys.size(); ++i) {
    const std::string& key = map.keys[i];
    if (!seen.insert(key).second) {
      return Wrong(absl::StrCat("parameters.", Excerpt(key)),
                   "expected each key once; a list of {key, value} may repeat one");
    }
    auto value = ReadText(absl::StrCat("parameters.", Excerpt(key)), map.items[i]);
    if (!value.ok()) return value.status();
    parameters.emplace_back(key, *std::move(value));
  }
  return parameters;
}

absl::StatusOr<Parameters> ReadParameterList(const Document& list) {
  Parameters parameters;
  for (const Document& item : list.items) {
    const std::string name = absl::StrCat("parameters[", parameters.size(), "]");
    const bool pair = item.kind == Kind::kMap && item.keys.size() == 2 &&
                      std::set<std::string>(item.keys.begin(), item.keys.end()) ==
                          std::set<std::string>{"key", "value"};
    if (!pair) return Wrong(name, "expected a map with key and value, and nothing else");
    const size_t key_at = item.keys[0] == "key" ? 0 : 1;
    auto key = ReadText(name + ".key", item.items[key_at]);
    if (!key.ok()) return key.status();
    auto value = ReadText(name + ".value", item.items[1 - key_at]);
    if (!value.ok()) return value.status();
    parameters.emplace_back(*std::move(key), *std::move(value));
  }
  return parameters;
}

absl::Status CheckId(absl::string_view name, const std::optional<std::string>& id) {
  if (!id) return absl::OkStatus();
  if (id->empty()) return WrongValue(name, "", kExpectedId);
  return IsUtf8(*id) ? absl::OkStatus() : WrongValue(name, *id, "expected UTF-8");
}

absl::Status CheckParameters(const Parameters& parameters) {
  for (const auto& [key, value] : parameters) {
    if (key.empty()) return Wrong("parameters", "expected keys that are not empty");
    if (!IsUtf8(key) || !IsUtf8(value)) {
      return Wrong(absl::StrCat("parameters.", Excerpt(key)), "expected UTF-8");
    }
  }
  return absl::OkStatus();
}

// As a length and the bytes, so that no two lists of texts look alike.
void Add(std::string& all, absl::string_view text) {
  absl::StrAppend(&all, text.size(), ":", text);
}

void Add(std::string& all, const std::optional<std::string>& field) {
  if (field) return Add(all, absl::string_view(*field));
  all += '-';
}

}  // namespace

absl::StatusOr<int> ParseWholeNumber(absl::string_view text, int from, int to) {
  const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  int number = 0;
  const bool digits = !text.empty() && is_digit(text.front()) && is_digit(text.back());
  if (!digits || !absl::SimpleAtoi(text, &number) || number < from || number > to) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a whole number from ", from, " to ", to));
  }
  return number;
}

absl::StatusOr<RequestFields> ReadFields(const Document& document, IdField id) {
  if (document.kind != Kind::kMap) {
    return absl::InvalidArgumentError("expected an object with user_id, org_id, flow_id and so on");
  }
  RequestFields fields;
  std::set<std::string> seen;
  for (size_t i = 0; i < document.keys.size(); ++i) {
    const std::string& name = document.keys[i];
    if (!seen.insert(name).second) return Wrong(Excerpt(name), "expected this field only once");
    if (name == "parameters") {
      auto parameters = ReadParameters(document.items[i]);
      if (!parameters.ok()) return parameters.status();
      fields.parameters = *std::move(parameters);
      continue;
    }
    std::optional<std::string>* const field = FindField(fields, name, id);
    if (field == nullptr) {
      return Wrong(Excerpt(name),
                   absl::StrCat("unknown; expected ", id == IdField::kAllowed ? "id, " : "",
                                "user_id, org_id, flow_id, trigger_time or parameters"));
    }
    auto text = ReadText(name, document.items[i]);
    if (!text.ok()) return text.status();
    *field = *std::move(text);
  }
  return fields;
}

absl::StatusOr<Parameters> ReadParameters(const Document& document) {
  if (document.kind == Kind::kMap) return ReadParameterMap(document);
  if (document.kind == Kind::kList) return ReadParameterList(document);
  return Wrong("parameters", "expected a map of strings, or a list of {key, value}");
}

RequestFields WithDefaults(RequestFields fields, const RequestFields& defaults) {
  if (!fields.user_id) fields.user_id = defaults.user_id;
  if (!fields.org_id) fields.org_id = defaults.org_id;
  if (!fields.flow_id) fields.flow_id = defaults.flow_id;
  if (!fields.trigger_time) fields.trigger_time = defaults.trigger_time;
  if (!fields.parameters) fields.parameters = defaults.parameters;
  return fields;
}

absl::Status CheckFields(const RequestFields& fields, absl::Time now) {
  if (fields.id && fields.id->empty()) return WrongValue("id", "", "expected an id, or none");
  absl::Status status = CheckId("user_id", fields.user_id);
  if (status.ok()) status = CheckId("org_id", fields.org_id);
  if (!status.ok()) return status;
  if (fields.flow_id) {
    const auto number = ParseWholeNumber(*fields.flow_id, 1, std::numeric_limits<int32_t>::max());
    if (!number.ok()) return WrongValue("flow_id", *fields.flow_id, number.status().message());
  }
  if (fields.trigger_time) {
    const auto time = ParseTriggerTime(*fields.trigger_time, now);
    if (!time.ok()) {
      return WrongValue("trigger_time", *fields.trigger_time, time.status().message());
    }
  }
  return fields.parameters ? CheckParameters(*fields.parameters) : absl::OkStatus();
}

std::vector<std::string> MissingFields(const RequestFields& fields) {
  std::vector<std::string> missing;
  if (!fields.user_id) missing.emplace_back("user_id");
  if (!fields.org_id) missing.emplace_back("org_id");
  if (!fields.flow_id) missing.emplace_back("flow_id");
  return missing;
}

absl::StatusOr<FlowRequest> MakeRequest(const RequestFields& fields, absl::Time now) {
  const std::vector<std::string> missing = MissingFields(fields);
  if (!missing.empty()) return Wrong(absl::StrJoin(missing, ", "), "required, but not given");
  absl::Status status = CheckFields(fields, now);
  if (!status.ok()) return status;
  FlowRequest request;
  request.set_user_id(*fields.user_id);
  request.set_org_id(*fields.org_id);
  request.set_flow_id(*ParseWholeNumber(*fields.flow_id, 1, std::numeric_limits<int32_t>::max()));
  const absl::Time time = *ParseTriggerTime(fields.trigger_time.value_or("now"), now);
  SetTriggerTime(request, time);
  if (!fields.parameters) return request;
  for (const auto& [key, value] : *fields.parameters) {
    auto* const added = request.add_parameters();
    added->set_key(key);
    added->set_value(value);
  }
  return request;
}

void SetTriggerTime(FlowRequest& request, absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  request.mutable_trigger_time()->set_seconds(seconds);
  request.mutable_trigger_time()->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

std::string Fingerprint(const RequestFields& fields) {
  std::string all;
  for (const auto* field :
       {&fields.user_id, &fields.org_id, &fields.flow_id, &fields.trigger_time}) {
    Add(all, *field);
  }
  if (fields.parameters) {
    for (const auto& [key, value] : *fields.parameters) {
      Add(all, absl::string_view(key));
      Add(all, absl::string_view(value));
    }
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(all.data(), all.size(), digest, &size, EVP_sha256(), nullptr);
  constexpr size_t kBytes = 16;
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), size < kBytes ? size : kBytes));
}

}  // namespace enos::flow::cli
