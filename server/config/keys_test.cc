#include "server/config/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace enos::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct KeyCase {
  const char* name;
  std::map<std::string, std::string> environment;
  std::string key;    // what is read; empty: refused
  std::string error;  // then the line
};

constexpr char kMissing[] =
    "ENOS_SECRET_KEY (or ENOS_SECRET_KEY_FILE): missing, expected the application's SecretKey in "
    "one of these variables";
constexpr char kBoth[] =
    "ENOS_SECRET_KEY and ENOS_SECRET_KEY_FILE: both are set (not shown), expected only one of them";
constexpr char kBadValue[] =
    "ENOS_SECRET_KEY: the value (not shown) is not valid, expected 1 to 4096 printable ASCII "
    "characters without spaces";

std::string BadContent(const std::string& path) {
  return "ENOS_SECRET_KEY_FILE: the content of \"" + path +
         "\" (not shown) is not valid, expected 1 to 4096 printable ASCII characters without "
         "spaces";
}

absl::Status TooLarge(size_t limit) {
  return absl::UnavailableError("larger than " + std::to_string(limit) + " bytes");
}

// Files of the test, by path.
absl::StatusOr<Secret> ReadTestFile(const std::string& path, size_t limit) {
  static const auto& files = *new std::map<std::string, std::string>{
      {"/plain", "s3cr3t"},
      {"/newline", "s3cr3t\n"},
      {"/crlf", "s3cr3t\r\n"},
      {"./relative", "s3cr3t"},
      {"/two_newlines", "s3cr3t\n\n"},
      {"/two_lines", "s3cr3t\ns3cr3t"},
      {"/empty", ""},
      {"/only_newline", "\n"},
      {"/longest", std::string(4096, 's') + "\r\n"},
      {"/too_long", std::string(4097, 's')},
      {"/far_too_long", std::string(100000, 's')},
  };
  const auto file = files.find(path);
  if (file == files.end()) return absl::NotFoundError("No such file or directory");
  if (file->second.size() > limit) return TooLarge(limit);
  return Secret(file->second);
}

class SecretKeyTable : public testing::TestWithParam<KeyCase> {};

TEST_P(SecretKeyTable, IsReadOrRefusedWithoutShowingIt) {
  const EnvLookup environment = [](std::string_view name) -> std::optional<std::string> {
    const auto found = GetParam().environment.find(std::string(name));
    if (found == GetParam().environment.end()) return std::nullopt;
    return found->second;
  };
  Settings settings;
  const auto error = ReadKey(KeyTable()[1], environment, &ReadTestFile, &settings);
  EXPECT_EQ(error.value_or(""), GetParam().error);
  EXPECT_THAT(error.value_or(""), Not(HasSubstr("s3cr3t")));
  if (GetParam().error.empty()) {
    EXPECT_EQ(settings.secret_key.Reveal(), GetParam().key);
  }
  EXPECT_TRUE(settings.access_key.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, SecretKeyTable,
    testing::Values(
        KeyCase{"Value", {{"ENOS_SECRET_KEY", "s3cr3t"}}, "s3cr3t", ""},
        KeyCase{"File", {{"ENOS_SECRET_KEY_FILE", "/plain"}}, "s3cr3t", ""},
        KeyCase{"FileWithNewline", {{"ENOS_SECRET_KEY_FILE", "/newline"}}, "s3cr3t", ""},
        KeyCase{"FileWithCrlf", {{"ENOS_SECRET_KEY_FILE", "/crlf"}}, "s3cr3t", ""},
        KeyCase{"RelativeFile", {{"ENOS_SECRET_KEY_FILE", "./relative"}}, "s3cr3t", ""},
        KeyCase{"LongestFile", {{"ENOS_SECRET_KEY_FILE", "/longest"}}, std::string(4096, 's'), ""},
        KeyCase{"Missing", {}, "", kMissing},
        KeyCase{"OtherKeyOnly", {{"ENOS_ACCESS_KEY", "s3cr3t"}}, "", kMissing},
        KeyCase{
            "Both", {{"ENOS_SECRET_KEY", "s3cr3t"}, {"ENOS_SECRET_KEY_FILE", "/plain"}}, "", kBoth},
        KeyCase{"BothButOneEmpty",
                {{"ENOS_SECRET_KEY", ""}, {"ENOS_SECRET_KEY_FILE", "/plain"}},
                "",
                kBoth},
        KeyCase{"EmptyValue", {{"ENOS_SECRET_KEY", ""}}, "", kBadValue},
        KeyCase{"Space", {{"ENOS_SECRET_KEY", "s3cr3t x"}}, "", kBadValue},
        KeyCase{"NewlineInValue", {{"ENOS_SECRET_KEY", "s3c\nr3t"}}, "", kBadValue},
        KeyCase{"TooLongValue", {{"ENOS_SECRET_KEY", std::string(4097, 's')}}, "", kBadValue},
        KeyCase{"EmptyFile", {{"ENOS_SECRET_KEY_FILE", "/empty"}}, "", BadContent("/empty")},
        KeyCase{"OnlyNewline",
                {{"ENOS_SECRET_KEY_FILE", "/only_newline"}},
                "",
                BadContent("/only_newline")},
        KeyCase{"TwoNewlines",
                {{"ENOS_SECRET_KEY_FILE", "/two_newlines"}},
                "",
                BadContent("/two_newlines")},
        KeyCase{"TwoLines", {{"ENOS_SECRET_KEY_FILE", "/two_lines"}}, "", BadContent("/two_lines")},
        KeyCase{
            "TooLongFile", {{"ENOS_SECRET_KEY_FILE", "/too_long"}}, "", BadContent("/too_long")},
        KeyCase{"FarTooLongFile",
                {{"ENOS_SECRET_KEY_FILE", "/far_too_long"}},
                "",
                "ENOS_SECRET_KEY_FILE: \"/far_too_long\" cannot be read (larger than 4098 bytes), "
                "expected a file with the application's SecretKey"},
        KeyCase{"NoSuchFile",
                {{"ENOS_SECRET_KEY_FILE", "/none"}},
                "",
                "ENOS_SECRET_KEY_FILE: \"/none\" cannot be read (No such file or directory), "
                "expected a file with the application's SecretKey"},
        KeyCase{"KeyInTheFilesVariable",
                {{"ENOS_SECRET_KEY_FILE", "s3cr3t"}},
                "",
                "ENOS_SECRET_KEY_FILE: the file name (not shown: it has no directory) cannot be "
                "read (No such file or directory), expected a file with the application's "
                "SecretKey"}),
    [](const auto& param) { return param.param.name; });

TEST(StoreSetting, IsADatabaseOrNothing) {
  const KeyInfo& store = KeyTable()[2];
  const auto read = [&](const std::string& value, std::string& found) {
    const EnvLookup environment = [&](std::string_view name) -> std::optional<std::string> {
      if (name != "ENOS_GATEWAY_IDEMPOTENCY_STORE") return std::nullopt;
      return value;
    };
    Settings settings;
    const auto error = ReadKey(store, environment, &ReadTestFile, &settings);
    found = settings.idempotency_store.Reveal();
    return error.value_or("");
  };
  std::string found;
  for (const std::string text : {"", "sqlite:/var/lib/x/keys.db", "postgresql://u:p@h:5432/d"}) {
    EXPECT_EQ(read(text, found), "");
    EXPECT_EQ(found, text);
  }
  for (const char* text : {"sqlite:keys.db", "sqlite:/", "sqlite:/dir/", "mysql://u:p4ss@h/d",
                           "postgresql:/h", "postgresql://u:p 4ss@h/d"}) {
    const std::string error = read(text, found);
    EXPECT_THAT(error, HasSubstr("expected sqlite:/PATH or postgresql://...")) << text;
    EXPECT_THAT(error, Not(HasSubstr("4ss")));
  }
}

TEST(StoreSetting, IsNamedByItsSourceAndShownWithoutAPassword) {
  Settings settings;
  settings.idempotency_store = Secret("sqlite:/dir");
  EXPECT_EQ(StoreVariable(settings), "ENOS_GATEWAY_IDEMPOTENCY_STORE");
  EXPECT_EQ(WrongStore(settings, "a file").status, 2);
  EXPECT_EQ(WrongStore(settings, "a file").text,
            "enos-flow-gateway: ENOS_GATEWAY_IDEMPOTENCY_STORE: \"sqlite:/dir\" is not valid, "
            "expected a file\n");
  settings.idempotency_store = Secret("postgresql://u:p4ss?w@h");
  EXPECT_EQ(WrongStore(settings, "a URL").text,
            "enos-flow-gateway: ENOS_GATEWAY_IDEMPOTENCY_STORE: the value (not shown) is not "
            "valid, expected a URL\n");

  settings.idempotency_store_file = "/run/store";
  EXPECT_EQ(StoreVariable(settings), "ENOS_GATEWAY_IDEMPOTENCY_STORE_FILE");
  EXPECT_EQ(WrongStore(settings, "a URL").text,
            "enos-flow-gateway: ENOS_GATEWAY_IDEMPOTENCY_STORE_FILE: the content of "
            "\"/run/store\" (not shown) is not valid, expected a URL\n");
  settings.idempotency_store = Secret("sqlite:/dir");
  EXPECT_EQ(WrongStore(settings, "a file").text,
            "enos-flow-gateway: ENOS_GATEWAY_IDEMPOTENCY_STORE_FILE: the content of "
            "\"/run/store\", \"sqlite:/dir\", is not valid, expected a file\n");
}

}  // namespace
}  // namespace enos::gateway
