#ifndef ENOS_FLOW_CLI_READ_FILE_H_
#define ENOS_FLOW_CLI_READ_FILE_H_

#include <iosfwd>
#include <string>

#include "absl/status/statusor.h"

namespace enos::flow::cli {

// The whole content of a file; of `standard_input` if `path` is "-". NOT_FOUND if there is no such
// file; messages say why it "cannot be read (...)", without the file's name. A pipe is read until
// its writer closes it, so that a shell's <(...) works; the connection's files must be regular ones
// (regular_file.h).
absl::StatusOr<std::string> ReadFile(const std::string& path, std::istream& standard_input);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_READ_FILE_H_
