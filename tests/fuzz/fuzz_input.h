#ifndef ENOS_TESTS_FUZZ_FUZZ_INPUT_H_
#define ENOS_TESTS_FUZZ_FUZZ_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace enos::gateway {

// An HTTP answer made of a fuzzer's bytes: the first one picks the status ('0' is 200, '1' is 201,
// and so on through the list), the rest is the body.
struct FuzzAnswer {
  int http_status = 200;
  std::string_view body;
};

inline FuzzAnswer ToAnswer(const uint8_t* data, size_t size) {
  constexpr int kStatuses[] = {200, 201, 302, 400, 401, 403, 404, 429, 500, 502, 503, 504, 100, 0};
  if (size == 0) return {};
  const size_t pick = static_cast<uint8_t>(data[0] - '0') % std::size(kStatuses);
  return {kStatuses[pick], {reinterpret_cast<const char*>(data) + 1, size - 1}};
}

}  // namespace enos::gateway

#endif  // ENOS_TESTS_FUZZ_FUZZ_INPUT_H_
