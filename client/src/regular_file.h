#ifndef ENOS_FLOW_SRC_REGULAR_FILE_H_
#define ENOS_FLOW_SRC_REGULAR_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace enos::flow {

// A regular file, or the first `max_bytes` of it. Nothing else is read: a pipe would block the
// program until somebody writes. The message of an error says why, without the path: the system's
// text, or "not a regular file".
absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t max_bytes);

}  // namespace enos::flow

#endif  // ENOS_FLOW_SRC_REGULAR_FILE_H_
