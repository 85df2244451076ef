#include "server/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/testing/log_capture.h"

namespace enos::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

// Far longer than anything takes; only a broken log waits this long.
constexpr std::chrono::seconds kLong(30);

TEST(Log, Event_IsOneLineWithTimeLevelAndFields) {
  LogCapture capture;
  Log(LogLevel::kInfo, "call failed", {{"flow_id", 3377}, {"reason", "ENOS_TIMEOUT"}});
  EXPECT_THAT(capture.Text(),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "
                           "info  call failed flow_id=3377 reason=ENOS_TIMEOUT\n"));
}

TEST(Log, EveryLevel_IsNamed) {
  LogCapture capture(LogLevel::kTrace);
  for (LogLevel level :
       {LogLevel::kTrace, LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError})
    Log(level, "x");
  EXPECT_THAT(capture.Lines(),
              ElementsAre("trace x", "debug x", "info  x", "warning x", "error x"));
}

TEST(Log, BelowTheLevel_IsNotWritten) {
  LogCapture capture(LogLevel::kWarning);
  Log(LogLevel::kInfo, "quiet");
  Log(LogLevel::kWarning, "loud");
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  EXPECT_TRUE(LogEnabled(LogLevel::kWarning));
  EXPECT_THAT(capture.Lines(), ElementsAre("warning loud"));
}

TEST(Log, NotStarted_DropsLines) {
  EXPECT_FALSE(LogEnabled(LogLevel::kError));
  Log(LogLevel::kError, "nobody listens");
  EXPECT_TRUE(StopLog(kLong));
}

TEST(Log, EveryTypeOfField_IsWritten) {
  LogCapture capture;
  const std::string text = "a string";
  Log(LogLevel::kInfo, "x",
      {{"min", std::numeric_limits<int64_t>::min()},
       {"max", std::numeric_limits<uint64_t>::max()},
       {"small", uint8_t{7}},
       {"yes", true},
       {"literal", "word"},
       {"string", text},
       {"view", std::string_view(text).substr(2)}});
  EXPECT_THAT(capture.Lines(),
              ElementsAre("info  x min=-9223372036854775808 max=18446744073709551615 small=7 "
                          "yes=true literal=word string=\"a string\" view=string"));
}

TEST(Log, FieldsInAVector_AreWritten) {
  LogCapture capture;
  std::vector<LogField> fields = {{"flow_id", 1}};
  fields.emplace_back("reason", "X");
  Log(LogLevel::kInfo, "x", fields);
  EXPECT_THAT(capture.Lines(), ElementsAre("info  x flow_id=1 reason=X"));
}

TEST(Log, HostileValue_CannotForgeALineOrAField) {
  LogCapture capture;
  Log(LogLevel::kInfo, "call failed\nerror forged=1",
      {{"message", "x\n2026-11-22T21:00:00.123Z error forged"}, {"more", "a\" execution=OK"}});
  EXPECT_THAT(capture.Lines(), ElementsAre("info  call failed\\nerror forged\\u{3d}1 "
                                           "message=\"x\\n2026-11-22T21:00:00.123Z error forged\" "
                                           "more=\"a\\\" execution=OK\""));
}

TEST(Log, RegisteredSecret_IsMaskedHoweverItWouldBeEscapedOrCut) {
  const std::string secret = "s3cr\"t\\key-of-log-test";
  RegisterSecret(secret, SecretLife::kForever);
  LogCapture capture;
  Log(LogLevel::kInfo, "with " + secret, {{"value", secret}});
  Log(LogLevel::kInfo, "cut", {{"value", std::string(2040, 'x') + secret}});
  EXPECT_EQ(capture.Text().find("s3cr"), std::string::npos) << capture.Text();
  EXPECT_EQ(capture.Lines().front(), "info  with *** value=***");
}

// A writer that accepts lines only while it is open.
class Gate {
 public:
  void Write(std::string_view lines) {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_ += static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    for (size_t end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n')) {
      lines_.emplace_back(lines.substr(25, end - 25));
      lines.remove_prefix(end + 1);
    }
  }
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool WaitForArrivals(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, kLong, [&] { return arrived_ >= count; });
  }
  std::vector<std::string> Lines() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
  std::vector<std::string> lines_;
};

std::shared_ptr<Gate> StartLogWithGate(size_t queue_lines) {
  auto gate = std::make_shared<Gate>();
  LogOptions options;
  options.queue_lines = queue_lines;
  options.writer = [gate](std::string_view line) { gate->Write(line); };
  StartLog(std::move(options));
  return gate;
}

TEST(Log, StuckReader_CallerGoesOnAndOldestLinesAreLostAndCounted) {
  const auto gate = StartLogWithGate(4);
  Log(LogLevel::kInfo, "first");
  ASSERT_TRUE(gate->WaitForArrivals(1));
  for (int i = 0; i < 10; ++i) Log(LogLevel::kInfo, "line", {{"i", i}});
  EXPECT_EQ(LostLogLines(), 6U);
  gate->Open();
  ASSERT_TRUE(gate->WaitForArrivals(6));  // the first, the four newest, and "log lines lost"
  EXPECT_TRUE(StopLog(kLong));
  EXPECT_THAT(gate->Lines(),
              ElementsAre("info  first", "warning log lines lost count=6", "info  line i=6",
                          "info  line i=7", "info  line i=8", "info  line i=9"));
}

TEST(Log, StuckReaderAtTheEnd_StopComesBackAnyway) {
  const auto gate = StartLogWithGate(4);
  Log(LogLevel::kInfo, "first");
  ASSERT_TRUE(gate->WaitForArrivals(1));
  EXPECT_FALSE(StopLog(std::chrono::milliseconds(0)));
  gate->Open();
}

TEST(Log, Stop_WritesEverythingThatWasQueued) {
  const auto gate = StartLogWithGate(8192);
  for (int i = 0; i < 1000; ++i) Log(LogLevel::kInfo, "line", {{"i", i}});
  gate->Open();
  EXPECT_TRUE(StopLog(kLong));
  EXPECT_THAT(gate->Lines(), SizeIs(1000));
}

TEST(Log, ManyThreads_EveryLineIsWhole) {
  const auto gate = StartLogWithGate(8192);
  gate->Open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i) {
        RegisterSecret("rotating-" + std::to_string(t * 1000 + i));
        Log(LogLevel::kInfo, "line", {{"thread", t}, {"i", i}, {"text", "some words"}});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(StopLog(kLong));
  const std::vector<std::string> lines = gate->Lines();
  EXPECT_THAT(lines, SizeIs(800));
  EXPECT_THAT(lines,
              testing::Each(MatchesRegex("info  line thread=[0-3] i=[0-9]+ text=\"some words\"")));
}

TEST(Log, Replaced_NewLinesGoToTheNewWriter) {
  const auto old = StartLogWithGate(16);
  old->Open();
  LogCapture capture;
  Log(LogLevel::kInfo, "new");
  EXPECT_THAT(capture.Lines(), ElementsAre("info  new"));
  EXPECT_THAT(old->Lines(), IsEmpty());
}

TEST(Log, Json_IsOneObjectALine) {
  std::string text;
  LogOptions options;
  options.format = LogFormat::kJson;
  options.synchronous = true;
  options.writer = [&text](std::string_view lines) { text += lines; };
  StartLog(std::move(options));
  Log(LogLevel::kInfo, "call failed", {{"flow_id", 3377}, {"reason", "ENOS_TIMEOUT"}});
  EXPECT_TRUE(StopLog(kLong));
  EXPECT_THAT(text, MatchesRegex(R"(\{"time":"[0-9T:.-]+Z","level":"info","event":"call failed",)"
                                 R"("flow_id":3377,"reason":"ENOS_TIMEOUT"\})"
                                 "\n"));
}

TEST(Log, LevelThatIsChanged_HoldsFromThenOn) {
  LogCapture capture(LogLevel::kInfo);
  Log(LogLevel::kDebug, "before");
  SetLogLevel(LogLevel::kDebug);
  Log(LogLevel::kDebug, "between");
  SetLogLevel(LogLevel::kInfo);
  Log(LogLevel::kDebug, "after");
  EXPECT_THAT(capture.Lines(), ElementsAre("debug between"));
}

TEST(Log, LevelThatIsChangedWithoutALog_StartsNone) {
  SetLogLevel(LogLevel::kTrace);
  EXPECT_FALSE(LogEnabled(LogLevel::kError));
}

}  // namespace
}  // namespace enos::gateway
