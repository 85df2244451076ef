#include "server/enos/flow_call.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "server/enos/signature.h"

namespace enos::gateway {
namespace {

using namespace std::string_literals;
using dataflow::v1::UpdateAndTriggerFlowRequest;

// The lines "name: text" of a golden file; tests/golden/README.md describes it.
std::map<std::string, std::string> ReadGolden(const std::string& name) {
  std::ifstream file(ENOS_GOLDEN_DIR "/flow_call/" + name + ".golden", std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  std::map<std::string, std::string> lines;
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (colon == std::string::npos) {
      ADD_FAILURE() << name << ": a line without a name";
      break;
    }
    lines[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return lines;
}

struct GoldenCase {
  std::string name;
  std::string user_id;
  std::string org_id;
  int32_t flow_id;
  int64_t seconds;
  int32_t nanos;
  std::vector<std::pair<std::string, std::string>> parameters;
  ParametersAs parameters_as = ParametersAs::kArray;
};

void PrintTo(const GoldenCase& c, std::ostream* out) { *out << c.name; }

UpdateAndTriggerFlowRequest RequestOf(const GoldenCase& c) {
  UpdateAndTriggerFlowRequest request;
  request.set_user_id(c.user_id);
  request.set_org_id(c.org_id);
  request.set_flow_id(c.flow_id);
  request.mutable_trigger_time()->set_seconds(c.seconds);
  request.mutable_trigger_time()->set_nanos(c.nanos);
  for (const auto& [key, value] : c.parameters) {
    auto* parameter = request.add_parameters();
    parameter->set_key(key);
    parameter->set_value(value);
  }
  return request;
}

FlowCall Encoded(const GoldenCase& c) { return EncodeFlowCall(RequestOf(c), c.parameters_as); }

class FlowCallGolden : public testing::TestWithParam<GoldenCase> {};

TEST_P(FlowCallGolden, IsEncodedAndSignedToTheByte) {
  auto golden = ReadGolden(GetParam().name);
  const FlowCall call = Encoded(GetParam());
  EXPECT_EQ(call.query, golden["query"]);
  EXPECT_EQ(call.signed_query, golden["signed_query"]);
  EXPECT_EQ(call.body, golden["body"]);
  EXPECT_EQ("access-token" + call.signed_query + call.body + "1572574909697secret-key",
            golden["signed_text"]);
  EXPECT_EQ(SignCall("access-token", call.signed_query, call.body, 1572574909697, "secret-key"),
            golden["signature"]);
}

constexpr int64_t kSample = 1574385824;

INSTANTIATE_TEST_SUITE_P(
    Requests, FlowCallGolden,
    testing::Values(
        GoldenCase{"documented_sample", "user-1", "org-1", 3377, kSample, 0, {{"REPLACE", "ddee"}}},
        GoldenCase{
            "other_scripts", "a b/ü", "组织 😀", 1, kSample, 0, {{"密钥", "值😀"}, {"naïve", "é"}}},
        GoldenCase{"reserved_characters",
                   "a&b=c+d%20/?#[]@:;,$",
                   "~-._ !*'()|\\\"<>^`{}",
                   1,
                   kSample,
                   0,
                   {{"a&b=c", "100% + 1/2"}, {"orgId=x&", "?#"}}},
        GoldenCase{"quotes_and_controls",
                   "tab\there",
                   "del\x7f",
                   1,
                   kSample,
                   0,
                   {{"\"quoted\"", "back\\slash"},
                    {"controls", "\0\x01\b\t\n\v\f\r\x1f\x7f"s},
                    {"</script>", "'"}}},
        GoldenCase{"no_parameters", "user-1", "org-1", 3377, kSample, 0, {}},
        GoldenCase{"order_and_duplicates",
                   "user-1",
                   "org-1",
                   3377,
                   kSample,
                   0,
                   {{"k", "2"}, {"a", "1"}, {"k", "2"}, {"k", ""}, {"A", "3"}}},
        GoldenCase{"largest_numbers", "user-1", "org-1", 2147483647, 253402300799, 999'999'999, {}},
        GoldenCase{"smallest_numbers", "user-1", "org-1", 1, 0, 0, {}},
        GoldenCase{"text_sample",
                   "user-1",
                   "org-1",
                   3377,
                   kSample,
                   0,
                   {{"REPLACE", "ddee"}},
                   ParametersAs::kString},
        GoldenCase{
            "text_no_parameters", "user-1", "org-1", 3377, kSample, 0, {}, ParametersAs::kString},
        GoldenCase{"text_quotes_and_controls",
                   "user-1",
                   "org-1",
                   1,
                   kSample,
                   0,
                   {{"\"quoted\"", "back\\slash"},
                    {"controls", "\0\x01\b\t\n\v\f\r\x1f\x7f"s},
                    {"</script>", "'"},
                    {"密钥", "值😀"}},
                   ParametersAs::kString}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(SignatureGolden, WorkedExampleOfTheSigningRule) {
  auto golden = ReadGolden("worked_example");
  EXPECT_EQ(SignCall("xxxxaaaxxxx", golden["signed_query"], golden["body"], 1572574909697,
                     "xxxappSecretxxx"),
            golden["signature"]);
  EXPECT_EQ(Sha256Hex({golden["signed_text"]}), golden["signature"]);
}

struct TimeCase {
  int64_t seconds;
  int32_t nanos;
  std::string milliseconds;
};

class TriggerTimeTest : public testing::TestWithParam<TimeCase> {};

TEST_P(TriggerTimeTest, IsInMillisecondsRoundedDown) {
  const FlowCall call = Encoded({"", "u", "o", 1, GetParam().seconds, GetParam().nanos, {}});
  EXPECT_EQ(call.body,
            R"({"flowId":1,"triggerTime":)" + GetParam().milliseconds + R"(,"parameters":[]})");
}

INSTANTIATE_TEST_SUITE_P(Times, TriggerTimeTest,
                         testing::Values(TimeCase{0, 0, "0"}, TimeCase{0, 999'999, "0"},
                                         TimeCase{0, 1'000'000, "1"},
                                         TimeCase{0, 999'999'999, "999"}, TimeCase{1, 0, "1000"},
                                         TimeCase{1, 1'999'999, "1001"},
                                         TimeCase{1574385824, 123'456'789, "1574385824123"}));

TEST(EncodeFlowCallTest, EveryByteOfAnIdIsEitherKeptOrPercentEncoded) {
  std::string id;
  std::string expected;
  for (int byte = 1; byte < 128; ++byte) {
    const char c = static_cast<char>(byte);
    id.push_back(c);
    const bool kept = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      "-._~"s.find(c) != std::string::npos;
    constexpr char kHex[] = "0123456789ABCDEF";
    expected += kept ? std::string(1, c) : "%"s + kHex[byte / 16] + kHex[byte % 16];
  }
  const FlowCall call = Encoded({"", id, "o", 1, 0, 0, {}});
  EXPECT_EQ(call.query, "action=updateAndTrigger&orgId=o&userId=" + expected);
  EXPECT_EQ(call.signed_query, "actionupdateAndTriggerorgIdouserId" + id);
}

// Escapes make the body up to six times as long as was estimated for it.
TEST(EncodeFlowCallTest, BodyGrowsBeyondTheEstimate) {
  const std::string value(60'000, '\x01');
  const FlowCall call = Encoded({"", "u", "o", 1, 0, 0, {{"k", value}}});
  std::string escaped;
  for (size_t i = 0; i < value.size(); ++i) escaped += "\\u0001";
  EXPECT_EQ(call.body, R"({"flowId":1,"triggerTime":0,"parameters":[{"key":"k","value":")" +
                           escaped + "\"}]}");
}

TEST(EncodeFlowCallTest, TenThousandParametersKeepTheirOrder) {
  GoldenCase c{"", "u", "o", 1, 0, 0, {}};
  std::string expected = R"({"flowId":1,"triggerTime":0,"parameters":[)";
  for (int i = 0; i < 10'000; ++i) {
    c.parameters.emplace_back("k" + std::to_string(i), "v");
    expected += (i == 0 ? "" : ",") + R"({"key":"k)"s + std::to_string(i) + R"(","value":"v"})";
  }
  EXPECT_EQ(Encoded(c).body, expected + "]}");
}

}  // namespace
}  // namespace enos::gateway
