#include "batch_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace enos::flow::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixMillis(1'700'000'000'123);

BatchInput Read(const std::string& text) {
  RequestFields defaults;
  defaults.user_id = "u";
  defaults.org_id = "o";
  return ReadBatch(text, defaults, kNow);
}

TEST(ReadBatchTest, LinesOfAnyKind_NumbersOfTheFile) {
  const BatchInput input =
      Read("\xEF\xBB\xBF{\"flow_id\":1,\"id\":\"a\"}\r\n\n  \n{\"flow_id\":2,\"user_id\":\"v\"}");
  ASSERT_THAT(input.problems, IsEmpty());
  ASSERT_EQ(input.lines.size(), 2U);
  EXPECT_EQ(input.lines[0].number, 1);
  EXPECT_EQ(input.lines[0].id, "a");
  EXPECT_EQ(input.lines[0].request.user_id(), "u");
  EXPECT_EQ(input.lines[1].number, 4);
  EXPECT_EQ(input.lines[1].request.user_id(), "v");
  EXPECT_EQ(input.lines[1].request.flow_id(), 2);
}

TEST(ReadBatchTest, NothingThere_NoLines) {
  EXPECT_THAT(Read("").lines, IsEmpty());
  EXPECT_THAT(Read("\n\n").problems, IsEmpty());
}

TEST(ReadBatchTest, BadLines_AllReportedWithTheirNumbers) {
  const BatchInput input = Read(
      "{\"flow_id\":1}\n{\"flow_id\":\"x\"}\nno json\n{\"flow\":1}\n{\"flow_id\":4,\"id\":\"a\"}\n"
      "{\"flow_id\":5,\"id\":\"a\"}\n");
  EXPECT_THAT(
      input.problems,
      ElementsAre("line 2: flow_id=x: expected a whole number from 1 to 2147483647",
                  "line 3: not JSON: Invalid value. At byte 2",
                  "line 4: flow: unknown; expected id, user_id, org_id, flow_id, trigger_time or "
                  "parameters",
                  "line 6: id=a: expected a unique id; line 5 already has it"));
}

TEST(ReadBatchTest, OtherDefaults_OtherFingerprint) {
  RequestFields other;
  other.user_id = "u";
  other.org_id = "another";
  const std::string text = "{\"flow_id\":1}";
  EXPECT_NE(Read(text).lines[0].fingerprint, ReadBatch(text, other, kNow).lines[0].fingerprint);
  EXPECT_EQ(Read(text).lines[0].fingerprint,
            Read("{ \"org_id\": \"o\", \"flow_id\": \"1\" }").lines[0].fingerprint)
      << "it is what is started that counts";
}

}  // namespace
}  // namespace enos::flow::cli
