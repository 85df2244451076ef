#ifndef ENOS_SERVER_KEYSTORE_OPEN_KEY_STORE_H_
#define ENOS_SERVER_KEYSTORE_OPEN_KEY_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/keystore/database.h"

namespace enos::gateway {

// "sqlite", "postgresql", or "off" for an empty setting (config/setting_table.h).
const char* StoreKind(std::string_view setting);

// What a valid setting would be, and why this one, which is not empty, is not: a URL that cannot be
// read, or a path that cannot be the file. No password is in it, and the URL's are known as secrets
// from then on. Asks no server and makes nothing.
std::optional<std::string> FindStoreProblem(std::string_view setting);

// The database that it names, not connected yet; the setting is not empty.
std::unique_ptr<Database> OpenDatabase(std::string_view setting);

// What --check says of a store, by a connection of its own, which changes nothing: what is in it,
// or, as the error, why it would not work.
absl::StatusOr<std::string> DescribeStore(std::string_view setting, const std::string& enos);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_KEYSTORE_OPEN_KEY_STORE_H_
