#ifndef ENOS_SERVER_ENOS_ENOS_QUERY_H_
#define ENOS_SERVER_ENOS_ENOS_QUERY_H_

#include <string>
#include <string_view>

namespace enos::gateway {

// The query of a call, in the two forms that a signed call needs.
struct EnosQuery {
  // Percent-encoded, without "?": action=get&flowInstId=...
  std::string query;
  // Decoded, as the signature takes it: names in ASCII order, each followed by its value, all
  // concatenated. The body follows it in the signed text.
  std::string signed_query;

  // Parameters are added in the ASCII order of their names: so the signature wants them.
  void Add(std::string_view name, std::string_view value);
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_ENOS_QUERY_H_
