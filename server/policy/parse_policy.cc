#include "server/policy/parse_policy.h"

#include <absl/status/status.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/base/text.h"
#include "server/json/strict_json.h"

namespace enos::gateway {
namespace {

using Error = std::optional<std::string>;

constexpr size_t kMaxIdBytes = 256;  // the contract's limit
constexpr int32_t kLastFlowId = std::numeric_limits<int32_t>::max();
constexpr std::string_view kListExpected = "expected a list that is not empty";

std::string At(const std::string& path, std::string_view what) {
  return path + ": " + std::string(what);
}

std::string Item(const std::string& path, size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

// An object with all of `required` and nothing else except of `optional`.
Error CheckMembers(json_t* value, const std::string& path,
                   std::initializer_list<const char*> required,
                   std::initializer_list<std::string_view> optional = {}) {
  std::string expected = "expected";
  for (const std::string_view name : required) expected += " \"" + std::string(name) + "\"";
  if (!JsonIs(JSON_OBJECT, value))
    return At(path, "not an object, expected one with" + expected.substr(8));
  for (void* it = json_object_iter(value); it != nullptr; it = json_object_iter_next(value, it)) {
    const std::string_view name = json_object_iter_key(it);
    bool known = std::find(optional.begin(), optional.end(), name) != optional.end();
    for (const std::string_view one : required) known = known || name == one;
    if (!known) return At(path, "unknown member " + ShownText(name) + ", " + expected);
  }
  for (const char* const name : required) {
    if (json_object_get(value, name) == nullptr)
      return At(path, "member \"" + std::string(name) + "\" is missing, " + expected);
  }
  return std::nullopt;
}

// Calls `read(item, path)` for each item of a list, until one of them has an error.
template <typename Read>
Error ReadList(const json_t* list, const std::string& path, Read read) {
  const size_t size = json_array_size(list);  // 0 if it is not a list
  if (size == 0) return At(path, kListExpected);
  for (size_t i = 0; i < size; ++i) {
    const json_t* item = json_array_get(list, i);
    if (JsonText(item) == "*" && size > 1)
      return At(Item(path, i), R"("*" beside others, expected "*" alone or a list without it)");
    if (Error error = read(item, Item(path, i))) return error;
  }
  return std::nullopt;
}

Error ReadCallers(const json_t* list, const std::string& path, PolicyRule* rule) {
  return ReadList(list, path, [rule](const json_t* item, const std::string& at) -> Error {
    const auto text = JsonText(item);
    auto pattern = text ? ParseCallerPattern(*text) : std::nullopt;
    if (!pattern) {
      const std::string shown = text ? ShownText(*text) : "this";
      return At(at, shown + " is not a caller, expected " + std::string(kCallerPatternExpected));
    }
    rule->callers.push_back(*std::move(pattern));
    return std::nullopt;
  });
}

Error ReadIds(const json_t* list, const std::string& path, IdSet* ids) {
  return ReadList(list, path, [ids](const json_t* item, const std::string& at) -> Error {
    const auto id = JsonText(item);
    if (!id) return At(at, R"(not a string, expected an id or "*")");
    if (id == "*") {
      ids->any = true;
    } else if (id->empty() || id->size() > kMaxIdBytes || Contains(*id, "*")) {
      return At(at, ShownText(*id) +
                        R"( is not an id, expected 1 to 256 bytes without "*", or "*" for all)");
    } else {
      ids->ids.emplace(*id);
    }
    return std::nullopt;
  });
}

std::optional<int32_t> ParseFlowId(std::string_view text) {
  int32_t id = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc() || stop != end || id < 1) return std::nullopt;
  return id;
}

std::optional<FlowRange> ParseFlows(const json_t* item) {
  if (JsonIs(JSON_INTEGER, item)) {
    const json_int_t id = json_integer_value(item);
    if (id < 1 || id > kLastFlowId) return std::nullopt;
    return FlowRange{static_cast<int32_t>(id), static_cast<int32_t>(id)};
  }
  const auto text = JsonText(item);
  if (!text) return std::nullopt;
  if (text == "*") return FlowRange{1, kLastFlowId};
  const size_t dash = text->find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = ParseFlowId(text->substr(0, dash));
  const auto last = ParseFlowId(text->substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return FlowRange{*first, *last};
}

Error ReadFlows(const json_t* list, const std::string& path, PolicyRule* rule) {
  return ReadList(list, path, [rule](const json_t* item, const std::string& at) -> Error {
    const auto range = ParseFlows(item);
    if (!range) {
      return At(
          at,
          "not a flow id, expected a number from 1 to 2147483647, a range like \"4000-4999\", "
          "or \"*\" for all");
    }
    rule->flow_ids.push_back(*range);
    return std::nullopt;
  });
}

Error ReadMethods(const json_t* list, const std::string& path, PolicyRule* rule) {
  rule->methods.reset();
  return ReadList(list, path, [rule](const json_t* item, const std::string& at) -> Error {
    const auto name = JsonText(item);
    if (name == "*") {
      rule->methods.set();
      return std::nullopt;
    }
    const auto found = std::find(kRpcMethodNames.begin(), kRpcMethodNames.end(), name.value_or(""));
    if (found == kRpcMethodNames.end()) {
      std::string expected = R"( is not a method, expected "*" or one of)";
      for (const std::string_view known : kRpcMethodNames) expected += Concat(" ", known);
      return At(at, Concat(name ? ShownText(*name) : "this", expected));
    }
    rule->methods.set(static_cast<size_t>(found - kRpcMethodNames.begin()));
    return std::nullopt;
  });
}

Error ReadRule(json_t* value, const std::string& path, PolicyRule* rule) {
  if (Error error = CheckMembers(value, path, {"callers", "org_ids", "user_ids", "flow_ids"},
                                 {"description", "methods"}))
    return error;
  const json_t* description = json_object_get(value, "description");
  if (description != nullptr && !JsonIs(JSON_STRING, description))
    return At(path + ".description", "not a string, expected a description");
  if (Error error = ReadCallers(json_object_get(value, "callers"), path + ".callers", rule))
    return error;
  if (Error error = ReadIds(json_object_get(value, "org_ids"), path + ".org_ids", &rule->org_ids))
    return error;
  if (Error error =
          ReadIds(json_object_get(value, "user_ids"), path + ".user_ids", &rule->user_ids))
    return error;
  if (const json_t* methods = json_object_get(value, "methods")) {
    if (Error error = ReadMethods(methods, path + ".methods", rule)) return error;
  }
  return ReadFlows(json_object_get(value, "flow_ids"), path + ".flow_ids", rule);
}

}  // namespace

absl::StatusOr<Policy> ParsePolicy(std::string_view text) {
  if (text.size() > kMaxPolicyBytes)
    return absl::InvalidArgumentError("larger than 4 MiB, expected a policy");
  const auto document = ParseStrictJson(text, JsonIntegers::kExact);
  if (!document.ok()) return document.status();
  if (Error error = CheckMembers(document->get(), "$", {"rules"}))
    return absl::InvalidArgumentError(*error);
  const json_t* list = json_object_get(document->get(), "rules");
  if (!JsonIs(JSON_ARRAY, list))
    return absl::InvalidArgumentError("$.rules: not a list, expected a list of rules");
  std::vector<PolicyRule> rules(json_array_size(list));
  for (size_t i = 0; i < rules.size(); ++i) {
    if (Error error = ReadRule(json_array_get(list, i), Item("$.rules", i), &rules[i]))
      return absl::InvalidArgumentError(*error);
  }
  return Policy(std::move(rules));
}

}  // namespace enos::gateway
