#include "sandbox/http/reason_phrase.h"

#include <boost/beast/http/status.hpp>
#include <ostream>  // Beast 1.74 prints a status without including it

namespace enos::sandbox {

std::string ReasonPhrase(int status) {
  namespace http = boost::beast::http;
  if (status < 0) return "Unknown";
  const auto words = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  return words == "<unknown-status>" ? "Unknown" : std::string(words);
}

}  // namespace enos::sandbox
