#ifndef ENOS_SERVER_BASE_READ_FILE_H_
#define ENOS_SERVER_BASE_READ_FILE_H_

#include <absl/status/statusor.h>

#include <cstddef>
#include <string>
#include <vector>

#include "server/base/secret.h"

namespace enos::gateway {

// Reads a whole regular file by its path, following symbolic links, and leaves no copy of it in
// freed memory, because it may hold a key. All files named by settings are read with it, at the
// start and later: a pipe without a writer, a socket or a device is refused at once, and never
// blocks the reader. The message of an error says why, without the path or any of the content: the
// system's text ("No such file or directory"), "not a regular file", "larger than N bytes", "being
// written". Blocks as long as the file system does. Thread-safe.
absl::StatusOr<Secret> ReadWholeFile(const std::string& path, size_t max_bytes);

// The contents of several files, in the order of their paths.
using FileContents = std::vector<Secret>;

// Reads files that belong together, all or none of them. The message of an error begins with the
// path of the first one that cannot be read, in quotes.
absl::StatusOr<FileContents> ReadFilesTogether(const std::vector<std::string>& paths,
                                               size_t max_bytes);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_READ_FILE_H_
