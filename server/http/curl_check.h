#ifndef ENOS_SERVER_HTTP_CURL_CHECK_H_
#define ENOS_SERVER_HTTP_CURL_CHECK_H_

#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace enos::gateway {

// libcurl calls that fail only when memory runs out or the program is wrong: there is nothing
// sensible left to do, and continuing without an option (say, the one that verifies certificates)
// would be worse than aborting.

inline void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "fatal: libcurl refused %s\n", what);
  std::abort();
}

template <typename Value>
void SetOption(CURL* easy, CURLoption option, Value value) {
  Require(curl_easy_setopt(easy, option, value) == CURLE_OK, "an option of a transfer");
}

template <typename Value>
void SetMultiOption(CURLM* multi, CURLMoption option, Value value) {
  Require(curl_multi_setopt(multi, option, value) == CURLM_OK, "an option of the connection pool");
}

// The list with `text` appended (libcurl copies the text).
inline curl_slist* AppendOrDie(curl_slist* list, const std::string& text) {
  curl_slist* longer = curl_slist_append(list, text.c_str());
  Require(longer != nullptr, "a list entry");
  return longer;
}

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_CURL_CHECK_H_
