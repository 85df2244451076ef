#include "server/base/address.h"

#include <gtest/gtest.h>

#include <string>

namespace enos::gateway {
namespace {

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

}  // namespace
}  // namespace enos::gateway
