#ifndef ENOS_SERVER_CONFIG_HELP_H_
#define ENOS_SERVER_CONFIG_HELP_H_

#include <string>

namespace enos::gateway {

// What --help prints: generated from the table of settings, at most 80 columns wide.
std::string HelpText();

// What --version prints: "enos-flow-gateway 0.1.0" and a line break.
std::string VersionText();

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONFIG_HELP_H_
