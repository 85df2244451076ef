#include "request_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace enos::flow::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using ::testing::Pair;

const absl::Time kNow = absl::FromUnixMillis(1'700'000'000'123);

absl::StatusOr<RequestFields> Read(const std::string& json, IdField id = IdField::kAllowed) {
  return ReadFields(ParseJson(json).value(), id);
}

std::string Problem(const std::string& json) {
  const auto fields = Read(json);
  if (!fields.ok()) return std::string(fields.status().message());
  return std::string(MakeRequest(*fields, kNow).status().message());
}

TEST(ReadFieldsTest, AllFields_Request) {
  const auto fields =
      Read(R"({"id":"a","user_id":"u","org_id":7,"flow_id":3377,"trigger_time":1574385824000,)"
           R"("parameters":{"N":1.50,"B":true,"T":"x"}})");
  ASSERT_TRUE(fields.ok()) << fields.status();
  EXPECT_EQ(fields->id, "a");
  const auto request = MakeRequest(*fields, kNow);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->ShortDebugString(),
            "user_id: \"u\" org_id: \"7\" flow_id: 3377 trigger_time { seconds: 1574385824 } "
            "parameters { key: \"N\" value: \"1.50\" } parameters { key: \"B\" value: \"true\" } "
            "parameters { key: \"T\" value: \"x\" }");
}

TEST(ReadFieldsTest, ParametersAsList_OrderAndDuplicatesKept) {
  const auto fields = Read(
      R"({"parameters":[{"key":"B","value":1},{"value":"2","key":"A"},{"key":"B","value":""}]})");
  ASSERT_TRUE(fields.ok()) << fields.status();
  EXPECT_THAT(*fields->parameters, ElementsAre(Pair("B", "1"), Pair("A", "2"), Pair("B", "")));
}

TEST(ReadFieldsTest, IdInASingleRequest_Refused) {
  EXPECT_EQ(Read(R"({"id":"a"})", IdField::kRefused).status().message(),
            "id: unknown; expected user_id, org_id, flow_id, trigger_time or parameters");
}

struct BadCase {
  const char* name;
  const char* json;
  const char* problem;
};

class BadFieldsTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadFieldsTest, Fields_OneLineThatSaysWhatIsExpected) {
  EXPECT_EQ(Problem(GetParam().json), GetParam().problem);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadFieldsTest,
    ::testing::Values(
        BadCase{"not_an_object", "[1]",
                "expected an object with user_id, org_id, flow_id and so on"},
        BadCase{"unknown", R"({"flowId":1})",
                "flowId: unknown; expected id, user_id, org_id, flow_id, trigger_time or "
                "parameters"},
        BadCase{"twice", R"({"user_id":"a","user_id":"b"})",
                "user_id: expected this field only once"},
        BadCase{"null", R"({"user_id":null})", "user_id: expected a string, found null"},
        BadCase{"nested", R"({"user_id":{"a":1}})",
                "user_id: expected a string, found a list or a map"},
        BadCase{"nested_parameter", R"({"parameters":{"A":[1]}})",
                "parameters.A: expected a string, found a list or a map"},
        BadCase{"parameter_twice", R"({"parameters":{"A":1,"A":2}})",
                "parameters.A: expected each key once; a list of {key, value} may repeat one"},
        BadCase{"parameters_a_text", R"({"parameters":"A=1"})",
                "parameters: expected a map of strings, or a list of {key, value}"},
        BadCase{"item_without_value", R"({"parameters":[{"key":"A"}]})",
                "parameters[0]: expected a map with key and value, and nothing else"},
        BadCase{"item_with_key_twice", R"({"parameters":[{"key":"A","key":"B"}]})",
                "parameters[0]: expected a map with key and value, and nothing else"},
        BadCase{"no_user", R"({"org_id":"o"})", "user_id, flow_id: required, but not given"},
        BadCase{"empty_user", R"({"user_id":"","org_id":"o","flow_id":1})",
                "user_id=: expected an id; it is required"},
        BadCase{"flow_not_whole", R"({"user_id":"u","org_id":"o","flow_id":1.0})",
                "flow_id=1.0: expected a whole number from 1 to 2147483647"},
        BadCase{"flow_zero", R"({"user_id":"u","org_id":"o","flow_id":0})",
                "flow_id=0: expected a whole number from 1 to 2147483647"},
        BadCase{"time_in_seconds",
                R"({"user_id":"u","org_id":"o","flow_id":1,"trigger_time":1574385824})",
                "trigger_time=1574385824: this looks like seconds; expected Unix milliseconds, for "
                "example 1574385824000"},
        BadCase{"empty_key", R"({"user_id":"u","org_id":"o","flow_id":1,"parameters":{"":"x"}})",
                "parameters: expected keys that are not empty"}),
    [](const auto& row) { return row.param.name; });

TEST(WithDefaultsTest, GivenFields_BeatDefaults) {
  RequestFields given;
  given.user_id = "mine";
  given.parameters.emplace();
  RequestFields defaults;
  defaults.user_id = "theirs";
  defaults.org_id = "o";
  defaults.parameters = Parameters{{"A", "1"}};
  const RequestFields all = WithDefaults(given, defaults);
  EXPECT_EQ(all.user_id, "mine");
  EXPECT_EQ(all.org_id, "o");
  EXPECT_TRUE(all.parameters->empty()) << "an empty list is a list";
}

TEST(FingerprintTest, EveryField_ChangesIt) {
  RequestFields fields;
  fields.user_id = "u";
  fields.org_id = "o";
  fields.flow_id = "1";
  std::set<std::string> prints = {Fingerprint(fields)};
  EXPECT_THAT(*prints.begin(), MatchesRegex("[0-9a-f]{32}"));
  const auto add = [&](auto change) {
    RequestFields changed = fields;
    change(changed);
    prints.insert(Fingerprint(changed));
  };
  add([](auto& f) { f.user_id = "u2"; });
  add([](auto& f) { f.org_id = "o2"; });
  add([](auto& f) { f.user_id = "uo", f.org_id = ""; });
  add([](auto& f) { f.flow_id = "2"; });
  add([](auto& f) { f.trigger_time = "now"; });
  add([](auto& f) { f.trigger_time = ""; });
  add([](auto& f) { f.parameters = Parameters{{"A", "1"}, {"B", "2"}}; });
  add([](auto& f) { f.parameters = Parameters{{"B", "2"}, {"A", "1"}}; });
  add([](auto& f) { f.parameters = Parameters{{"A1", ""}, {"B", "2"}}; });
  EXPECT_EQ(prints.size(), 10U);
  add([](auto& f) { f.id = "another name for the same"; });
  EXPECT_EQ(prints.size(), 10U);
}

}  // namespace
}  // namespace enos::flow::cli
