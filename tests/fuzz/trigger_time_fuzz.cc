// Feeds any bytes to the parser of --trigger_time: it must neither crash nor let a time through
// that a request cannot carry.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cli/trigger_time.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::Time now = absl::FromUnixMillis(1'700'000'000'123);
  const auto time = enos::flow::cli::ParseTriggerTime(text, now);
  if (!time.ok()) {
    if (time.status().message().empty()) std::abort();
    return 0;
  }
  const absl::Time end = absl::FromUnixSeconds(253'402'300'800);  // the year 10000
  if (*time < absl::UnixEpoch() || *time >= end) std::abort();
  return 0;
}
