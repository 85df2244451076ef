#ifndef ENOS_SERVER_CONFIG_ERROR_LINE_H_
#define ENOS_SERVER_CONFIG_ERROR_LINE_H_

#include <string>
#include <string_view>

#include "server/base/secret_mask.h"
#include "server/config/setting_table.h"

namespace enos::gateway {

// The one line that a wrong setting stops the start with:
// enos-flow-gateway: --drain_delay (ENOS_GATEWAY_DRAIN_DELAY): "x" is not valid, expected ...

inline constexpr std::string_view kProgramName = "enos-flow-gateway";

// Where a setting's value came from. What the user wrote is named first.
enum class Origin { kFlag, kVariable, kDefault };

// "--listen (ENOS_GATEWAY_LISTEN)", or the other way round for a value from the variable.
std::string NameOf(const SettingInfo& setting, Origin origin);

// A value to show, in quotes: keys are masked, and in a URL whatever may be a password (before "@"
// and after "?"); escaped so that it stays on one line, and truncated after about 200 bytes.
std::string Quoted(std::string_view value, const SecretMask& keys);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONFIG_ERROR_LINE_H_
