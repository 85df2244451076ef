#ifndef ENOS_SERVER_CONFIG_UNKNOWN_VARIABLE_H_
#define ENOS_SERVER_CONFIG_UNKNOWN_VARIABLE_H_

#include <optional>
#include <string>
#include <vector>

#include "server/base/secret_mask.h"

namespace enos::gateway {

// The error line (without the program's name) for the first of these environment variables that
// begins with ENOS_GATEWAY_ and is no setting, nor one that earlier versions had: a misspelt
// ENOS_GATEWAY_POLICY_FILE would leave the gateway open. It names the variable that this one
// resembles, if there is one. What Kubernetes sets for a Service whose name begins with
// "enos-gateway" is none of ours.
std::optional<std::string> FindUnknownVariable(const std::vector<std::string>& names,
                                               const SecretMask& keys);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONFIG_UNKNOWN_VARIABLE_H_
