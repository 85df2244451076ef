#include "server/config/values.h"

#include <gtest/gtest.h>

#include <string>

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;

struct AddressCase {
  const char* name;
  std::string text;
  std::optional<ListenAddress> address;
  bool loopback = false;
};

class ListenAddressTable : public testing::TestWithParam<AddressCase> {};

TEST_P(ListenAddressTable, IsReadOrRefused) {
  const auto address = ParseListenAddress(GetParam().text);
  EXPECT_EQ(address, GetParam().address);
  if (address) {
    EXPECT_EQ(address->IsLoopback(), GetParam().loopback);
    EXPECT_EQ(ParseListenAddress(address->ToString()), address);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ListenAddressTable,
    testing::Values(
        AddressCase{"Ipv4", "127.0.0.1:50051", ListenAddress{"127.0.0.1", 50051}, true},
        AddressCase{"OtherLoopback", "127.9.8.7:1", ListenAddress{"127.9.8.7", 1}, true},
        AddressCase{"Ipv6", "[::1]:50051", ListenAddress{"::1", 50051}, true},
        AddressCase{"LongIpv6", "[0:0:0:0:0:0:0:1]:5", ListenAddress{"0:0:0:0:0:0:0:1", 5}, true},
        AddressCase{"Localhost", "LocalHost:1", ListenAddress{"localhost", 1}, true},
        AddressCase{"ChosenPort", "127.0.0.1:0", ListenAddress{"127.0.0.1", 0}, true},
        AddressCase{"LastPort", "127.0.0.1:65535", ListenAddress{"127.0.0.1", 65535}, true},
        AddressCase{"All", ":50051", ListenAddress{"::", 50051}, false},
        AddressCase{"AllIpv4", "0.0.0.0:50051", ListenAddress{"0.0.0.0", 50051}, false},
        AddressCase{"AllIpv6", "[::]:50051", ListenAddress{"::", 50051}, false},
        AddressCase{"Other", "192.0.2.1:50051", ListenAddress{"192.0.2.1", 50051}, false},
        AddressCase{"MappedLoopback", "[::ffff:127.0.0.1]:1", ListenAddress{"::ffff:127.0.0.1", 1},
                    false},
        AddressCase{"Empty", "", std::nullopt}, AddressCase{"NoPort", "127.0.0.1", std::nullopt},
        AddressCase{"EmptyPort", "127.0.0.1:", std::nullopt},
        AddressCase{"PortTooLarge", "127.0.0.1:65536", std::nullopt},
        AddressCase{"PortNegative", "127.0.0.1:-1", std::nullopt},
        AddressCase{"PortNotANumber", "127.0.0.1:http", std::nullopt},
        AddressCase{"PortAlone", "50051", std::nullopt},
        AddressCase{"Space", " 127.0.0.1:1", std::nullopt},
        AddressCase{"Name", "example.com:1", std::nullopt},
        AddressCase{"ShortIpv4", "127.1:1", std::nullopt},
        AddressCase{"Ipv6WithoutBrackets", "::1:50051", std::nullopt},
        AddressCase{"Ipv4InBrackets", "[127.0.0.1]:1", std::nullopt},
        AddressCase{"EmptyBrackets", "[]:1", std::nullopt},
        AddressCase{"OpenBracket", "[::1:50051", std::nullopt},
        AddressCase{"AfterBracket", "[::1]x:1", std::nullopt},
        AddressCase{"Zone", "[fe80::1%eth0]:1", std::nullopt},
        AddressCase{"Nul", std::string("127.0.0.1\0:1", 12), std::nullopt},
        AddressCase{"Url", "http://127.0.0.1:1", std::nullopt}),
    [](const auto& param) { return param.param.name; });

struct UrlCase {
  const char* name;
  std::string text;
  std::string read;  // empty: refused
  bool loopback = false;
};

class BaseUrlTable : public testing::TestWithParam<UrlCase> {};

TEST_P(BaseUrlTable, IsReadOrRefused) {
  const auto url = ParseBaseUrl(GetParam().text);
  EXPECT_EQ(url ? url->ToString() : "", GetParam().read);
  if (url) {
    EXPECT_EQ(url->IsLoopback(), GetParam().loopback);
    EXPECT_EQ(ParseBaseUrl(url->ToString()), url);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BaseUrlTable,
    testing::Values(
        UrlCase{"Https", "https://apim.example.com", "https://apim.example.com"},
        UrlCase{"Slash", "https://apim.example.com/", "https://apim.example.com"},
        UrlCase{"Port", "https://apim.example.com:8443/", "https://apim.example.com:8443"},
        UrlCase{"OwnPort", "https://a.example:443", "https://a.example"},
        UrlCase{"HttpPort", "http://a.example:443", "http://a.example:443"},
        UrlCase{"Capitals", "HTTPS://APIM.Example.com", "https://apim.example.com"},
        UrlCase{"Underscore", "https://api_gw", "https://api_gw"},
        UrlCase{"Ipv4", "https://192.0.2.1", "https://192.0.2.1"},
        UrlCase{"Ipv6", "https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"},
        UrlCase{"Loopback", "http://127.0.0.2:8080", "http://127.0.0.2:8080", true},
        UrlCase{"Loopback6", "http://[::1]:80", "http://[::1]", true},
        UrlCase{"Localhost", "http://localhost:8080", "http://localhost:8080", true},
        UrlCase{"NotLocalhost", "http://localhost.example", "http://localhost.example", false},
        UrlCase{"NotLoopback", "http://127.0.0.1.example", "http://127.0.0.1.example", false},
        UrlCase{"LongestLabel", "https://" + std::string(63, 'a'),
                "https://" + std::string(63, 'a')},
        UrlCase{"LabelTooLong", "https://" + std::string(64, 'a'), ""}, UrlCase{"Empty", "", ""},
        UrlCase{"NoScheme", "apim.example.com", ""}, UrlCase{"OtherScheme", "ftp://a.example", ""},
        UrlCase{"OneSlash", "https:/a.example", ""}, UrlCase{"NoHost", "https://", ""},
        UrlCase{"OnlySlash", "https:///", ""}, UrlCase{"OnlyPort", "https://:443", ""},
        UrlCase{"Path", "https://a.example/path", ""},
        UrlCase{"TwoSlashes", "https://a.example//", ""},
        UrlCase{"Query", "https://a.example?x=1", ""},
        UrlCase{"SlashQuery", "https://a.example/?x=1", ""},
        UrlCase{"Fragment", "https://a.example#x", ""}, UrlCase{"User", "https://me@a.example", ""},
        UrlCase{"Password", "https://me:pw@a.example", ""},
        UrlCase{"Placeholder", "https://{apigw-address}", ""},
        UrlCase{"EmptyPort", "https://a.example:", ""},
        UrlCase{"PortZero", "https://a.example:0", ""},
        UrlCase{"PortTooLarge", "https://a.example:65536", ""},
        UrlCase{"EmptyLabel", "https://a..example", ""}, UrlCase{"Dot", "https://.", ""},
        UrlCase{"Space", "https://a example", ""}, UrlCase{"SpaceBefore", " https://a.example", ""},
        UrlCase{"LineBreak", "https://a.example\r\n", ""},
        UrlCase{"NotAscii", "https://größe.example", ""},
        UrlCase{"Ipv6WithoutBrackets", "https://::1", ""},
        UrlCase{"BadIpv6", "https://[::1::2]", ""}, UrlCase{"Percent", "https://a%2eexample", ""}),
    [](const auto& param) { return param.param.name; });

struct DurationCase {
  const char* name;
  std::string text;
  std::optional<milliseconds> duration;
};

class DurationTable : public testing::TestWithParam<DurationCase> {};

TEST_P(DurationTable, BetweenOneMillisecondAndAnHour_IsReadOrRefused) {
  EXPECT_EQ(ParseDurationBetween(GetParam().text, milliseconds(1), std::chrono::hours(1)),
            GetParam().duration);
}

INSTANTIATE_TEST_SUITE_P(
    All, DurationTable,
    testing::Values(DurationCase{"Seconds", "30s", milliseconds(30000)},
                    DurationCase{"Milliseconds", "500ms", milliseconds(500)},
                    DurationCase{"Mixed", "1m30s", milliseconds(90000)},
                    DurationCase{"Fraction", "1.5s", milliseconds(1500)},
                    DurationCase{"Least", "1ms", milliseconds(1)},
                    DurationCase{"Most", "1h", milliseconds(3600000)},
                    DurationCase{"TooShort", "0s", std::nullopt},
                    DurationCase{"TooLong", "1h1ms", std::nullopt},
                    DurationCase{"FinerThanMilliseconds", "1.5ms", std::nullopt},
                    DurationCase{"Nanosecond", "1ns", std::nullopt},
                    DurationCase{"Negative", "-5s", std::nullopt},
                    DurationCase{"Infinite", "inf", std::nullopt},
                    DurationCase{"NoUnit", "30", std::nullopt},
                    DurationCase{"UnknownUnit", "30d", std::nullopt},
                    DurationCase{"Space", "30 s", std::nullopt},
                    DurationCase{"SpaceBefore", " 30s", std::nullopt},
                    DurationCase{"SpaceAfter", "30s ", std::nullopt},
                    DurationCase{"Empty", "", std::nullopt},
                    DurationCase{"Huge", "99999999999999999999h", std::nullopt},
                    DurationCase{"Nul", std::string("30s\0", 4), std::nullopt},
                    DurationCase{"Word", "soon", std::nullopt}),
    [](const auto& param) { return param.param.name; });

TEST(Duration, ZeroWhereAllowed_IsRead) {
  EXPECT_EQ(ParseDurationBetween("0", milliseconds(0), milliseconds(1)), milliseconds(0));
  EXPECT_EQ(ParseDurationBetween("0s", milliseconds(0), milliseconds(1)), milliseconds(0));
}

struct IntegerCase {
  const char* name;
  std::string text;
  std::optional<int64_t> number;
};

class IntegerTable : public testing::TestWithParam<IntegerCase> {};

TEST_P(IntegerTable, BetweenOneAndAThousand_IsReadOrRefused) {
  EXPECT_EQ(ParseIntegerBetween(GetParam().text, 1, 1000), GetParam().number);
}

INSTANTIATE_TEST_SUITE_P(
    All, IntegerTable,
    testing::Values(
        IntegerCase{"Least", "1", 1}, IntegerCase{"Most", "1000", 1000},
        IntegerCase{"LeadingZeros", "0010", 10}, IntegerCase{"TooSmall", "0", std::nullopt},
        IntegerCase{"TooLarge", "1001", std::nullopt},
        IntegerCase{"Overflow", "99999999999999999999", std::nullopt},
        IntegerCase{"Sign", "+5", std::nullopt}, IntegerCase{"Negative", "-5", std::nullopt},
        IntegerCase{"Fraction", "5.0", std::nullopt}, IntegerCase{"Exponent", "1e2", std::nullopt},
        IntegerCase{"Hexadecimal", "0x10", std::nullopt}, IntegerCase{"Space", " 5", std::nullopt},
        IntegerCase{"Unit", "10k", std::nullopt}, IntegerCase{"Empty", "", std::nullopt}),
    [](const auto& param) { return param.param.name; });

TEST(Switch, OnlyTrueAndFalse_AreRead) {
  EXPECT_EQ(ParseSwitch("true"), true);
  EXPECT_EQ(ParseSwitch("false"), false);
  for (const char* text : {"", "1", "0", "yes", "TRUE", "true "})
    EXPECT_EQ(ParseSwitch(text), std::nullopt) << text;
}

TEST(KeyText, PrintableAsciiWithoutSpaces_IsAKey) {
  EXPECT_TRUE(IsKeyText("!"));
  EXPECT_TRUE(IsKeyText("ab\"c\\d~"));
  EXPECT_TRUE(IsKeyText(std::string(kMaxKeyBytes, 'k')));
  for (const std::string text : {"", "a b", "a\n", "\ta", "größe", "\x7f"})
    EXPECT_FALSE(IsKeyText(text)) << text;
  EXPECT_FALSE(IsKeyText(std::string_view("a\0b", 3)));
  EXPECT_FALSE(IsKeyText(std::string(kMaxKeyBytes + 1, 'k')));
}

}  // namespace
}  // namespace enos::gateway
