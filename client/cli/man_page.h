#ifndef ENOS_FLOW_CLI_MAN_PAGE_H_
#define ENOS_FLOW_CLI_MAN_PAGE_H_

#include <string>

namespace enos::flow::cli {

// enos-flow(1) in the man(7) macros, generated from the flag table. Identical for the same version:
// it has no date.
std::string ManPage();

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_MAN_PAGE_H_
