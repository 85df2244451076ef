#ifndef ENOS_TESTS_HOSTILE_KINDS_H_
#define ENOS_TESTS_HOSTILE_KINDS_H_

#include <functional>
#include <string>
#include <vector>

#include "tests/support/raw_http2.h"

namespace enos::hostile {

// What one hostile connection does until it is closed or `goes_on` returns false.
struct Kind {
  std::string name;
  std::string what;
  std::function<void(RawHttp2&, const std::function<bool()>& goes_on)> attack;
};

const std::vector<Kind>& Kinds();

}  // namespace enos::hostile

#endif  // ENOS_TESTS_HOSTILE_KINDS_H_
