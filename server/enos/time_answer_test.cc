#include "server/enos/time_answer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ostream>
#include <string>

namespace enos::gateway {
namespace {

constexpr auto kMalformed = Reason::ENOS_MALFORMED_RESPONSE;

// An answer, and the reason why it tells nothing; no reason: what it tells.
struct Case {
  std::string name;
  int http_status;
  std::string body;
  std::optional<Reason> refused;
  int64_t value = 0;  // the zone's seconds, or Unix milliseconds
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class ZoneAnswer : public testing::TestWithParam<Case> {};

TEST_P(ZoneAnswer, IsTheZoneOrARefusal) {
  std::optional<absl::TimeZone> zone;
  const auto refused = ReadZoneAnswer(GetParam().http_status, GetParam().body, {}, &zone);
  ASSERT_EQ(refused.has_value(), GetParam().refused.has_value());
  EXPECT_EQ(zone.has_value(), !refused.has_value());
  if (refused) {
    EXPECT_EQ(refused->error.reason, *GetParam().refused);
  } else {
    EXPECT_EQ(zone->At(absl::UnixEpoch()).offset, GetParam().value);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ZoneAnswer,
    testing::Values(
        Case{"V20", 200, R"({"status":0,"msg":"Success","data":"GMT+8"})", {}, 28'800},
        Case{"V21", 200, R"({"code":0,"msg":"OK","data":"UTC"})", {}, 0},
        Case{"ByteOrderMark", 200, "\xEF\xBB\xBF{\"code\":0,\"data\":\"GMT-1\"}", {}, -3600},
        Case{"WithSpoiltText",
             200,
             "{\"code\":0,\"msg\":\"a\nb\xFF\",\"data\":\"GMT+8\"}",
             {},
             28'800},
        Case{"NoData", 200, R"({"code":0})", kMalformed},
        Case{"DataNull", 200, R"({"code":0,"data":null})", kMalformed},
        Case{"DataObject", 200, R"({"code":0,"data":{"zone":"GMT+8"}})", kMalformed},
        Case{"UnknownZone", 200, R"({"code":0,"data":"Nowhere"})", kMalformed},
        Case{"Html", 200, "<html>", kMalformed}, Case{"Empty", 200, "", kMalformed},
        Case{"SuccessUnder500", 500, R"({"code":0,"data":"GMT+8"})", kMalformed},
        Case{"Refused", 200, R"({"code":99403,"data":"GMT+8"})", Reason::ENOS_PERMISSION_DENIED},
        Case{"Unavailable", 503, "", Reason::ENOS_UNAVAILABLE}),
    [](const auto& row) { return row.param.name; });

class CurrentTimeAnswer : public testing::TestWithParam<Case> {};

TEST_P(CurrentTimeAnswer, IsTheTimeOrARefusal) {
  std::optional<WallTime> time;
  const auto refused = ReadCurrentTimeAnswer(GetParam().http_status, GetParam().body, {}, &time);
  ASSERT_EQ(refused.has_value(), GetParam().refused.has_value());
  EXPECT_EQ(time.has_value(), !refused.has_value());
  if (refused) {
    EXPECT_EQ(refused->error.reason, *GetParam().refused);
  } else {
    EXPECT_EQ(*time, WallTime(std::chrono::milliseconds(GetParam().value)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, CurrentTimeAnswer,
    testing::Values(
        Case{"Number", 200, R"({"code":0,"data":1574385824123})", {}, 1'574'385'824'123},
        Case{"Text", 200, R"({"status":0,"data":"1574385824123"})", {}, 1'574'385'824'123},
        Case{"Zero", 200, R"({"code":0,"data":0})", {}, 0},
        Case{"Negative", 200, R"({"code":0,"data":-1})", kMalformed},
        Case{"Fraction", 200, R"({"code":0,"data":1574385824.5})", kMalformed},
        Case{"Microseconds", 200, R"({"code":0,"data":1574385824123000})", kMalformed},
        Case{"Largest", 200, R"({"code":0,"data":9223372036854775807})", kMalformed},
        Case{"TooLarge", 200, R"({"code":0,"data":1e999})", kMalformed},
        Case{"Words", 200, R"({"code":0,"data":"now"})", kMalformed},
        Case{"NoData", 200, R"({"code":0})", kMalformed},
        Case{"Refused", 200, R"({"code":1203})", Reason::ENOS_CREDENTIALS_REFUSED},
        Case{"RateLimited", 429, "", Reason::ENOS_RATE_LIMITED}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace enos::gateway
