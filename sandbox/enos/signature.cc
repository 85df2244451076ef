#include "sandbox/enos/signature.h"

#include <map>

#include "sandbox/enos/sha256.h"

namespace enos::sandbox {

std::string ExpectedSignature(const SignedParts& parts, std::string_view secret_key) {
  // Of parameters with one name a multimap keeps the order sent, which EnOS does not define.
  std::multimap<std::string_view, std::string_view> sorted;
  for (const auto& [name, value] : parts.query) sorted.emplace(name, value);
  std::string text(parts.access_token);
  for (const auto& [name, value] : sorted) text.append(name).append(value);
  text.append(parts.body).append(parts.timestamp).append(secret_key);
  return Sha256Hex(text);
}

}  // namespace enos::sandbox
