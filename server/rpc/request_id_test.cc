#include "server/rpc/request_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace enos::gateway {
namespace {

using ::testing::MatchesRegex;

struct RequestIdCase {
  const char* name;
  std::string from_caller;
  bool is_taken;
};

class RequestIdTable : public testing::TestWithParam<RequestIdCase> {};

TEST_P(RequestIdTable, IsTakenOrReplaced) {
  IdSource ids([] { return 0.5; });
  const std::string id = RequestIdFor(GetParam().from_caller, ids);
  if (GetParam().is_taken) {
    EXPECT_EQ(id, GetParam().from_caller);
  } else {
    EXPECT_THAT(id, MatchesRegex("[0-9a-f]{32}"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, RequestIdTable,
    testing::Values(RequestIdCase{"None", "", false}, RequestIdCase{"OneCharacter", "x", true},
                    RequestIdCase{"Uuid", "7d444840-9dc0-11d1-b245-5ffdce74fad2", true},
                    RequestIdCase{"AllPrintable", "!~ \"\\,;=", true},
                    RequestIdCase{"Longest", std::string(128, 'a'), true},
                    RequestIdCase{"TooLong", std::string(129, 'a'), false},
                    RequestIdCase{"LineBreak", "a\nb", false}, RequestIdCase{"Tab", "a\tb", false},
                    RequestIdCase{"Nul", std::string("a\0b", 3), false},
                    RequestIdCase{"Delete", "a\x7f", false},
                    RequestIdCase{"NotAscii", "a\xc3\xbc", false},
                    RequestIdCase{"BlankFirst", " a", false},
                    RequestIdCase{"BlankLast", "a ", false}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace enos::gateway
