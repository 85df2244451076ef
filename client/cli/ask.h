#ifndef ENOS_FLOW_CLI_ASK_H_
#define ENOS_FLOW_CLI_ASK_H_

#include <vector>

#include "console.h"
#include "resume_plan.h"

namespace enos::flow::cli {

// Asks the person at the terminal which of these lines to send again: all, none, or one by one.
// Anything but a clear yes is a no, and so is the end of the input.
std::vector<const BatchLine*> AskAboutDoubtful(const std::vector<DoubtfulLine>& doubtful,
                                               Console& console);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_ASK_H_
