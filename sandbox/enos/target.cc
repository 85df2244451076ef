#include "sandbox/enos/target.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace enos::sandbox {
namespace {

std::string Decode(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  int size = 0;
  // The handle is unused since libcurl 7.82.
  const std::unique_ptr<char, void (*)(void*)> decoded(
      curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &size), curl_free);
  // libcurl takes a length of 0 for "find it out yourself".
  if (text.empty() || decoded == nullptr) return text;
  return std::string(decoded.get(), static_cast<std::size_t>(size));
}

}  // namespace

Target ParseTarget(std::string_view target) {
  Target parsed;
  const std::size_t question = target.find('?');
  parsed.path = std::string(target.substr(0, question));
  if (question == std::string_view::npos) return parsed;
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    std::string name(pair.substr(0, equals));
    std::string value(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    parsed.query.emplace_back(Decode(std::move(name)), Decode(std::move(value)));
  }
  return parsed;
}

std::optional<std::string> FindParameter(const Query& query, std::string_view name) {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

}  // namespace enos::sandbox
