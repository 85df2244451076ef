#include "request_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/files.h"

namespace enos::flow::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Pair;

const absl::Time kNow = absl::FromUnixMillis(1'700'000'000'123);

class RequestFileTest : public ::testing::Test {
 protected:
  std::string File(const std::string& name, const std::string& text) const {
    return folder_.Write(name, text);
  }
  // `values` as if typed, `environment` as if from there.
  absl::StatusOr<RequestFields> Read(const FlagValues& values, const FlagValues& environment = {}) {
    CommandLine line;
    line.values = values;
    line.values.insert(environment.begin(), environment.end());
    for (const auto& [name, texts] : values) line.typed.insert(name);
    std::istringstream in(input_);
    return ReadRequest(line, kNow, in);
  }
  std::string Problem(const FlagValues& values) {
    return std::string(Read(values).status().message());
  }

  const TempFolder folder_;
  std::string input_;
};

TEST_F(RequestFileTest, YamlParameters_TextsAsWrittenInOrder) {
  const auto fields = Read({{"params_file", {File("p.yaml", "B: 007\nA: yes\nC: 1.50\nD: ''\n")}}});
  ASSERT_TRUE(fields.ok()) << fields.status();
  EXPECT_THAT(*fields->parameters,
              ElementsAre(Pair("B", "007"), Pair("A", "yes"), Pair("C", "1.50"), Pair("D", "")));
}

TEST_F(RequestFileTest, JsonListFromStandardInput_DuplicatesKept) {
  input_ = R"( [{"key":"A","value":1},{"key":"A","value":"\ud83d\ude80"}])";
  const auto fields = Read({{"params_file", {"-"}}});
  ASSERT_TRUE(fields.ok()) << fields.status();
  EXPECT_THAT(*fields->parameters, ElementsAre(Pair("A", "1"), Pair("A", "\U0001F680")));
}

TEST_F(RequestFileTest, YamlThatLooksLikeJson_ReadByItsName) {
  const auto fields = Read({{"params_file", {File("p.yml", "{A: x}")}}});
  ASSERT_TRUE(fields.ok()) << fields.status();
  EXPECT_THAT(*fields->parameters, ElementsAre(Pair("A", "x")));
}

TEST_F(RequestFileTest, ParamFlags_AfterThoseOfTheFile) {
  const auto fields =
      Read({{"params_file", {File("p", "A: x\n")}}, {"param", {"C=1", "B=2", "C=1"}}});
  ASSERT_TRUE(fields.ok()) << fields.status();
  EXPECT_THAT(*fields->parameters,
              ElementsAre(Pair("A", "x"), Pair("C", "1"), Pair("B", "2"), Pair("C", "1")));
}

TEST_F(RequestFileTest, RequestFile_BetweenTypedFlagsAndTheEnvironment) {
  const std::string file = File(
      "r.yaml", "user_id: file\norg_id: file\nflow_id: 7\nparameters:\n  - {key: A, value: 1}\n");
  const auto fields = Read({{"request_file", {file}}, {"flow_id", {"8"}}, {"param", {"B=2"}}},
                           {{"user_id", {"environment"}}, {"trigger_time", {"now"}}});
  ASSERT_TRUE(fields.ok()) << fields.status();
  EXPECT_EQ(fields->user_id, "file");
  EXPECT_EQ(fields->org_id, "file");
  EXPECT_EQ(fields->flow_id, "8");
  EXPECT_EQ(fields->trigger_time, "now");
  EXPECT_THAT(*fields->parameters, ElementsAre(Pair("A", "1"), Pair("B", "2")));
}

TEST_F(RequestFileTest, BadFiles_OneLineWithFlagFileAndProblem) {
  EXPECT_EQ(Problem({{"request_file", {"/none"}}}),
            "--request_file=/none: cannot be read (No such file or directory)");
  EXPECT_THAT(Problem({{"request_file", {File("a", "flow_id: x\n")}}}),
              EndsWith("/a: flow_id=x: expected a whole number from 1 to 2147483647"));
  EXPECT_THAT(Problem({{"request_file", {File("b", "id: x\n")}}}),
              EndsWith("/b: id: unknown; expected user_id, org_id, flow_id, trigger_time or "
                       "parameters"));
  EXPECT_THAT(Problem({{"params_file", {File("c", "A: {B: 1}\n")}}}),
              EndsWith("/c: parameters.A: expected a string, found a list or a map"));
  EXPECT_THAT(Problem({{"params_file", {File("d", "A:\n")}}}),
              EndsWith("/d: parameters.A: expected a string, found null"));
  EXPECT_THAT(Problem({{"params_file", {File("e.json", "{A: 1}")}}}),
              ::testing::HasSubstr("/e.json: not JSON"));
}

TEST_F(RequestFileTest, SameKeyInFileAndFlag_RefusedBecauseItIsUnclear) {
  EXPECT_EQ(Problem({{"params_file", {File("p", "A: 1\n")}}, {"param", {"A=2"}}}),
            "--param=A=2: expected a key that is not in the file as well");
}

TEST_F(RequestFileTest, ParametersInBothFiles_Refused) {
  EXPECT_THAT(Problem({{"request_file", {File("r", "parameters: {A: 1}\n")}},
                       {"params_file", {File("p", "B: 1\n")}}}),
              EndsWith("expected the parameters in one file only, and one file from standard "
                       "input"));
}

}  // namespace
}  // namespace enos::flow::cli
