#ifndef ENOS_FLOW_CLI_ASK_H_
#define ENOS_FLOW_CLI_ASK_H_

#include <vector>

#include "console.h"
#include "resume_plan.h"

namespace enos::flow::cli {

// Asks the person at the terminal which of these lines to send again and which were started: all,
// none, or one by one. Anything else is no answer, and so is the end of the input: such a line is
// left alone.
std::vector<Verdict> AskAboutDoubtful(const std::vector<DoubtfulLine>& doubtful, Console& console);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_ASK_H_
