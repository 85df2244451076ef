#ifndef ENOS_SERVER_CONFIG_VALUES_H_
#define ENOS_SERVER_CONFIG_VALUES_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace enos::gateway {

// The parsers of the settings' values: pure, strict (no spaces around, nothing left over), nullopt
// for anything that is not entirely valid. They do not say why; the table of settings says what is
// expected.

// Parses a duration in Abseil's format ("30s", "500ms", "1m30s", "0"), in whole milliseconds and
// within the limits (inclusive).
std::optional<std::chrono::milliseconds> ParseDurationBetween(std::string_view text,
                                                              std::chrono::milliseconds least,
                                                              std::chrono::milliseconds most);

// Parses a decimal number, digits only, within the limits (inclusive).
std::optional<int64_t> ParseIntegerBetween(std::string_view text, int64_t least, int64_t most);

// "true" or "false".
std::optional<bool> ParseSwitch(std::string_view text);

// The value of a variable, or of a file with a key: the text without one trailing line break.
std::string_view WithoutLineBreak(std::string_view text);

// Whether the text can be a key: 1 to 4096 printable ASCII characters except spaces.
bool IsKeyText(std::string_view text);

// Whether the text can name a database of idempotency keys.
bool IsStoreText(std::string_view text);

inline constexpr size_t kMaxKeyBytes = 4096;

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONFIG_VALUES_H_
