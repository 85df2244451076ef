#ifndef ENOS_FLOW_CLI_COMPLETION_H_
#define ENOS_FLOW_CLI_COMPLETION_H_

#include <string>

namespace enos::flow::cli {

// Scripts that teach a shell the commands, the flags and their possible values, generated from the
// flag table. Each is self-contained.
std::string BashCompletion();
std::string ZshCompletion();

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_COMPLETION_H_
