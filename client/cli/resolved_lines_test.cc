#include "resolved_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace enos::flow::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadResolvedTest : public ::testing::Test {
 protected:
  // Lines 1 to 5; all but the last may have been started.
  ReadResolvedTest() {
    const std::vector<std::string> ids = {"", "a", "with space", "1", "done"};
    for (const std::string& id : ids) {
      BatchLine line;
      line.number = static_cast<int64_t>(lines_.size()) + 1;
      line.id = id;
      lines_.push_back(line);
    }
    for (size_t i = 0; i < 4; ++i) doubtful_.push_back({&lines_[i], true, ""});
  }

  ResolvedLines Read(const std::string& text) const {
    return ReadResolved(text, lines_, doubtful_);
  }
  // "3 started" and so on, by number.
  std::vector<std::string> Verdicts(const std::string& text) const {
    std::vector<std::string> verdicts;
    for (const Verdict& verdict : Read(text).verdicts) {
      verdicts.push_back(std::to_string(verdict.line->number) + (verdict.started ? " yes" : " no"));
    }
    return verdicts;
  }

  std::vector<BatchLine> lines_;
  std::vector<DoubtfulLine> doubtful_;
};

TEST_F(ReadResolvedTest, IdsAndNumbers_EachItsVerdict) {
  const std::string text = "a started\n\n3\tnot_started\r\n4  started\n";
  EXPECT_THAT(Read(text).problems, IsEmpty());
  EXPECT_THAT(Verdicts(text), ElementsAre("2 yes", "3 no", "4 yes"));
  EXPECT_THAT(Verdicts("with space not_started"), ElementsAre("3 no"));
  EXPECT_THAT(Verdicts(""), IsEmpty());
}

TEST_F(ReadResolvedTest, AnythingElse_ProblemsByLine) {
  EXPECT_THAT(
      Read("a\na maybe\na Started\nb started\ndone started\n5 not_started\na started\n2 started\n"
           "1 started\n6 started\n")
          .problems,
      ElementsAre(
          "line 1: a: expected an id or a line number, then started or not_started",
          "line 2: a maybe: expected an id or a line number, then started or not_started",
          "line 3: a Started: expected an id or a line number, then started or not_started",
          "line 4: b: expected the id or the number of a line of the batch",
          "line 5: done: expected a line that may have been started, and that no key can tell",
          "line 6: 5: expected a line that may have been started, and that no key can tell",
          "line 8: 2: expected each line only once",
          "line 9: 1: expected one line, but it is the id of line 4 and the number of another one",
          "line 10: 6: expected the id or the number of a line of the batch"));
}

}  // namespace
}  // namespace enos::flow::cli
