#include "server/enos/instance_call.h"

#include <gtest/gtest.h>

#include <string>

namespace enos::gateway {
namespace {

using namespace std::string_literals;

const InstanceTarget kPlain = {"user-1", "org-1", "3377-20191122012300"};
const InstanceTarget kOdd = {"a b/ü", "o&=+%?", R"(7-"\#~)"};

// What is sent, and what the signature takes: names in ASCII order, values decoded.
struct QueryCase {
  const char* name;
  EnosQuery query;
  const char* sent;
  const char* is_signed;
};

class InstanceQuery : public testing::TestWithParam<QueryCase> {};

TEST_P(InstanceQuery, IsEncodedOnceAndSignedDecoded) {
  EXPECT_EQ(GetParam().query.query, GetParam().sent);
  EXPECT_EQ(GetParam().query.signed_query, GetParam().is_signed);
}

INSTANTIATE_TEST_SUITE_P(
    All, InstanceQuery,
    testing::Values(
        QueryCase{"Get", GetInstanceQuery(kPlain),
                  "action=get&flowInstId=3377-20191122012300&orgId=org-1&userId=user-1",
                  "actiongetflowInstId3377-20191122012300orgIdorg-1userIduser-1"},
        QueryCase{"GetOdd", GetInstanceQuery(kOdd),
                  "action=get&flowInstId=7-%22%5C%23~&orgId=o%26%3D%2B%25%3F&"
                  "userId=a%20b%2F%C3%BC",
                  R"(actiongetflowInstId7-"\#~orgIdo&=+%?userIda b/ü)"},
        QueryCase{"Cancel", CancelInstanceQuery(kPlain), "action=cancel&orgId=org-1&userId=user-1",
                  "actioncancelorgIdorg-1userIduser-1"},
        QueryCase{"CancelOdd", CancelInstanceQuery(kOdd),
                  "action=cancel&orgId=o%26%3D%2B%25%3F&userId=a%20b%2F%C3%BC",
                  "actioncancelorgIdo&=+%?userIda b/ü"},
        QueryCase{"TimeZone", TimeQuery("getTimeZone"), "action=getTimeZone", "actiongetTimeZone"},
        QueryCase{"CurrentTime", TimeQuery("getCurrentTime"), "action=getCurrentTime",
                  "actiongetCurrentTime"}),
    [](const auto& row) { return row.param.name; });

TEST(CancelInstanceBody, IsJsonWithTheId) {
  EXPECT_EQ(CancelInstanceBody(kPlain), R"({"flowInstId":"3377-20191122012300"})");
  EXPECT_EQ(CancelInstanceBody(kOdd), R"({"flowInstId":"7-\"\\#~"})");
  const std::string quotes(240, '"');
  EXPECT_EQ(CancelInstanceBody({"u", "o", "7-" + quotes}).size(),
            R"({"flowInstId":"7-"})"s.size() + 2 * quotes.size());
}

// Watchers share the polls of one target, so that each part of it must count.
TEST(InstanceTargets, DifferInEachPart) {
  const InstanceTarget base = {"u", "o", "7-1"};
  EXPECT_EQ(base, (InstanceTarget{"u", "o", "7-1"}));
  for (const InstanceTarget& other :
       {InstanceTarget{"v", "o", "7-1"}, InstanceTarget{"u", "p", "7-1"},
        InstanceTarget{"u", "o", "7-2"}, InstanceTarget{"o", "u", "7-1"}})
    EXPECT_FALSE(base == other);
}

}  // namespace
}  // namespace enos::gateway
