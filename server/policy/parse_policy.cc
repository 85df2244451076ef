#include "server/policy/parse_policy.h"

#include <charconv>
#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>

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

// An object with all of `required` and nothing else except `optional`.
Error CheckMembers(const JsonValue& value, const std::string& path,
                   std::initializer_list<std::string_view> required,
                   std::string_view optional = "") {
  std::string expected = "expected";
  for (const std::string_view name : required) expected += " \"" + std::string(name) + "\"";
  if (value.members() == nullptr)
    return At(path, "not an object, expected one with" + expected.substr(8));
  for (const auto& [name, member] : *value.members()) {
    bool known = !optional.empty() && name == optional;
    for (const std::string_view one : required) known = known || name == one;
    if (!known) return At(path, "unknown member " + ShownText(name) + ", " + expected);
  }
  for (const std::string_view name : required) {
    if (value.Find(name) == nullptr)
      return At(path, "member \"" + std::string(name) + "\" is missing, " + expected);
  }
  return std::nullopt;
}

// Calls `read(item, path)` for each item of a list, until one of them has an error.
template <typename Read>
Error ReadList(const JsonValue& list, const std::string& path, Read read) {
  const JsonValue::Items* items = list.items();
  if (items == nullptr || items->empty()) return At(path, kListExpected);
  for (size_t i = 0; i < items->size(); ++i) {
    const JsonValue& item = items->at(i);
    const bool is_star = item.string() != nullptr && *item.string() == "*";
    if (is_star && items->size() > 1)
      return At(Item(path, i), R"("*" beside others, expected "*" alone or a list without it)");
    if (Error error = read(item, Item(path, i))) return error;
  }
  return std::nullopt;
}

Error ReadCallers(const JsonValue& list, const std::string& path, PolicyRule* rule) {
  return ReadList(list, path, [rule](const JsonValue& item, const std::string& at) -> Error {
    const std::string* text = item.string();
    auto pattern = text != nullptr ? ParseCallerPattern(*text) : std::nullopt;
    if (!pattern) {
      const std::string shown = text != nullptr ? ShownText(*text) : "this";
      return At(at, shown + " is not a caller, expected " + std::string(kCallerPatternExpected));
    }
    rule->callers.push_back(*std::move(pattern));
    return std::nullopt;
  });
}

Error ReadIds(const JsonValue& list, const std::string& path, IdSet* ids) {
  return ReadList(list, path, [ids](const JsonValue& item, const std::string& at) -> Error {
    if (item.string() == nullptr) return At(at, R"(not a string, expected an id or "*")");
    const std::string& id = *item.string();
    if (id == "*") {
      ids->any = true;
    } else if (id.empty() || id.size() > kMaxIdBytes || id.find('*') != std::string::npos) {
      return At(at, ShownText(id) +
                        R"( is not an id, expected 1 to 256 bytes without "*", or "*" for all)");
    } else {
      ids->ids.emplace(id);
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

std::optional<FlowRange> ParseFlows(const JsonValue& item) {
  if (const int64_t* id = item.integer()) {
    if (*id < 1 || *id > kLastFlowId) return std::nullopt;
    return FlowRange{static_cast<int32_t>(*id), static_cast<int32_t>(*id)};
  }
  if (item.string() == nullptr) return std::nullopt;
  const std::string_view text = *item.string();
  if (text == "*") return FlowRange{1, kLastFlowId};
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = ParseFlowId(text.substr(0, dash));
  const auto last = ParseFlowId(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return FlowRange{*first, *last};
}

Error ReadFlows(const JsonValue& list, const std::string& path, PolicyRule* rule) {
  return ReadList(list, path, [rule](const JsonValue& item, const std::string& at) -> Error {
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

Error ReadRule(const JsonValue& value, const std::string& path, PolicyRule* rule) {
  if (Error error =
          CheckMembers(value, path, {"callers", "org_ids", "user_ids", "flow_ids"}, "description"))
    return error;
  if (value.Find("description") != nullptr && value.FindString("description") == nullptr)
    return At(path + ".description", "not a string, expected a description");
  if (Error error = ReadCallers(*value.Find("callers"), path + ".callers", rule)) return error;
  if (Error error = ReadIds(*value.Find("org_ids"), path + ".org_ids", &rule->org_ids))
    return error;
  if (Error error = ReadIds(*value.Find("user_ids"), path + ".user_ids", &rule->user_ids))
    return error;
  return ReadFlows(*value.Find("flow_ids"), path + ".flow_ids", rule);
}

}  // namespace

std::variant<Policy, std::string> ParsePolicy(std::string_view text) {
  if (text.size() > kMaxPolicyBytes) return "larger than 4 MiB, expected a policy";
  const auto parsed = ParseStrictJson(text);
  if (const auto* error = std::get_if<std::string>(&parsed)) return *error;
  const auto& document = std::get<JsonValue>(parsed);
  if (Error error = CheckMembers(document, "$", {"rules"})) return *std::move(error);
  const JsonValue::Items* list = document.Find("rules")->items();
  if (list == nullptr) return At("$.rules", "not a list, expected a list of rules");
  std::vector<PolicyRule> rules(list->size());
  for (size_t i = 0; i < list->size(); ++i) {
    if (Error error = ReadRule(list->at(i), Item("$.rules", i), &rules[i]))
      return *std::move(error);
  }
  return Policy(std::move(rules));
}

}  // namespace enos::gateway
