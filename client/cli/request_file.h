#ifndef ENOS_FLOW_CLI_REQUEST_FILE_H_
#define ENOS_FLOW_CLI_REQUEST_FILE_H_

#include <iosfwd>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "flags.h"
#include "request_fields.h"

namespace enos::flow::cli {

// The part of a request that the command line gives: the flags, and the files of --request_file and
// --params_file. A typed flag overrides the request file, which overrides the environment and the
// settings file. Parameters: those of a file, then those of --param; a key in both is an error,
// because nobody can tell whether it was meant to appear twice. Errors are one line that names the
// flag and what is expected.
absl::StatusOr<RequestFields> ReadRequest(const CommandLine& line, absl::Time now,
                                          std::istream& standard_input);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_REQUEST_FILE_H_
