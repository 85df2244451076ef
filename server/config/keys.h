#ifndef ENOS_SERVER_CONFIG_KEYS_H_
#define ENOS_SERVER_CONFIG_KEYS_H_

#include <optional>
#include <string>

#include "server/base/secret_mask.h"
#include "server/config/parse_settings.h"
#include "server/config/setting_table.h"

namespace enos::gateway {

// Reads one key from its variable, or from the file that its other variable names (a trailing line
// break is removed), into the field. Returns the error line (without the program's name) if it is
// required and missing, given both ways, unreadable or not a key. The key itself is never in the
// line; neither is a file name that does not look like one, because it may be a key in the wrong
// variable.
std::optional<std::string> ReadKey(const KeyInfo& key, const EnvLookup& environment,
                                   const FileReader& read_file, Settings* settings);

// The error line for a key that was read into its field and is not one. `shown`: the value, quoted,
// or nothing if it must not be shown.
std::string NotAKey(const KeyInfo& key, const Settings& settings, std::string_view shown,
                    std::string_view expected);

// The variable that the key was set by: its own, or the one that names a file.
std::string_view SourceOf(const KeyInfo& key, const Settings& settings);

// Registers for masking whatever is in the keys' variables, so that no error line shows it.
void RegisterKeyVariables(const EnvLookup& environment, SecretMask* mask);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONFIG_KEYS_H_
