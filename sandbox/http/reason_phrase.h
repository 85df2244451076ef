// The usual words behind an HTTP status number.
#ifndef ENOS_SANDBOX_HTTP_REASON_PHRASE_H_
#define ENOS_SANDBOX_HTTP_REASON_PHRASE_H_

#include <string>

namespace enos::sandbox {

// Beast's table ("Not Found" for 404); "Unknown" for numbers it does not know.
std::string ReasonPhrase(int status);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_HTTP_REASON_PHRASE_H_
