// Takes a request's target apart.
#ifndef ENOS_SANDBOX_ENOS_TARGET_H_
#define ENOS_SANDBOX_ENOS_TARGET_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace enos::sandbox {

// Decoded names and values, in the order sent.
using Query = std::vector<std::pair<std::string, std::string>>;

struct Target {
  std::string path;  // as sent
  Query query;
};

// Decodes as a Java servlet does: "%41" is "A", "+" is a space, and a "%" that starts no such pair
// stays as it is.
Target ParseTarget(std::string_view target);

// The first value of that name.
std::optional<std::string> FindParameter(const Query& query, std::string_view name);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_ENOS_TARGET_H_
