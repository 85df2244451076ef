#include "server/enos/mend_json.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace enos::gateway {
namespace {

using namespace std::string_literals;

struct MendCase {
  std::string name;
  std::string json;
  std::string mended;
};

void PrintTo(const MendCase& c, std::ostream* out) { *out << c.name; }

class MendedJsonTest : public testing::TestWithParam<MendCase> {};

TEST_P(MendedJsonTest, IsThis) { EXPECT_EQ(MendJson(GetParam().json), GetParam().mended); }

TEST_P(MendedJsonTest, IsMendedOnce) { EXPECT_EQ(MendJson(GetParam().mended), GetParam().mended); }

INSTANTIATE_TEST_SUITE_P(
    Texts, MendedJsonTest,
    testing::Values(MendCase{"Controls", "[\"a\n\t\r\x1F\x01z\"]", "[\"a\x7F\x7F\x7F\x7F\x7Fz\"]"},
                    MendCase{"Nul", "[\"a\0b\"]"s, "[\"a\x7F\x62\"]"},
                    MendCase{"HighSurrogateAlone", R"(["\ud83d"])", "[\"\xEF\xBF\xBD\"]"},
                    MendCase{"HighSurrogateBeforeText", R"(["\uDBFFa"])", "[\"\xEF\xBF\xBD\x61\"]"},
                    MendCase{"HighSurrogateBeforeEscape", R"(["\ud800\n\ud800\u0041"])",
                             "[\"\xEF\xBF\xBD\\n\xEF\xBF\xBD\\u0041\"]"},
                    MendCase{"HighSurrogateBeforePair", R"(["\ud83d\ud83d\ude00"])",
                             "[\"\xEF\xBF\xBD\\ud83d\\ude00\"]"},
                    MendCase{"NoEscape", R"(["\x41\'\8"])",
                             "[\"\xEF\xBF\xBDx41\xEF\xBF\xBD'\xEF\xBF\xBD\x38\"]"},
                    MendCase{"NoUnicodeEscape", R"(["\u12g4\U0041\u-123"])",
                             "[\"\xEF\xBF\xBDu12g4\xEF\xBF\xBDU0041\xEF\xBF\xBDu-123\"]"},
                    MendCase{"ControlAfterBackslash", "[\"\\\n\"]", "[\"\xEF\xBF\xBD\x7F\"]"},
                    MendCase{"NumbersTooBig", "[1e999,-1E+309 ,1.5e400]", "[null,null ,null]"},
                    MendCase{"NumberOfManyDigits", "[" + std::string(400, '9') + "]", "[null]"}),
    [](const auto& param_info) { return param_info.param.name; });

class KeptTextTest : public testing::TestWithParam<std::string> {};

TEST_P(KeptTextTest, StaysAsItIs) { EXPECT_EQ(MendJson(GetParam()), GetParam()); }

INSTANTIATE_TEST_SUITE_P(ValidJson, KeptTextTest,
                         testing::Values("", "{}", R"("\"\\\/\b\f\n\r\t\u00fc\ud83d\ude00")",
                                         R"(["\udc00"])", R"(["\\ud83d","\\x","\\"])",
                                         R"(["1e999"])", "[1e308,-0,0.5E-3,1e-999,0.0e+1]",
                                         "{\r\n\t\"a\" : [ true, null ] }\n", "[\"ü\x7F\"]",
                                         "\xEF\xBB\xBF{}"));

INSTANTIATE_TEST_SUITE_P(BrokenJson, KeptTextTest,
                         testing::Values("\"", "\"\\", "\"\\\"", "{\"a\":1e999.5}", "[1e999e1]",
                                         "[01e999]", "[-]", "[1e]", "[.5]", "[1.]", "<html>\n",
                                         "{'a':1}", "\xFF\xFE{", std::string("{\0}", 3),
                                         "[NaN,Infinity]", "[\"\xFF\"]"));

TEST(MendJsonTest, GrowsToTwiceItsLengthAtMost) {
  std::string json = "\"";
  for (int i = 0; i < 100'000; ++i) json += "\\x";
  EXPECT_LE(MendJson(json).size(), 2 * json.size());
}

}  // namespace
}  // namespace enos::gateway
