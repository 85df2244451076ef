#include "server/reload/file_watcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>

#include "server/testing/mounted_files.h"

namespace enos::gateway {
namespace {

using Contents = MountedFiles::Contents;

constexpr std::chrono::seconds kPatience{30};

TEST(FileWatcher, SwapOfOneSetOfTwo_TellsItsReceiver) {
  MountedFiles first(Contents{{"a", "1"}});
  const MountedFiles second(Contents{{"b", "1"}});
  std::promise<std::string> told;
  FileWatcher watcher(std::chrono::milliseconds(1));
  WatchedFileSet set;
  set.paths = {first.path("a")};
  set.on_change = [&](const FileContents& contents) {
    told.set_value(std::string(contents.at(0).Reveal()));
  };
  const auto known_first = ReadFilesTogether(set.paths, 9);
  watcher.Watch(set, &known_first.value());
  set.paths = {second.path("b")};
  set.on_change = [](const FileContents&) { ADD_FAILURE() << "nothing changed"; };
  const auto known_second = ReadFilesTogether(set.paths, 9);
  watcher.Watch(set, &known_second.value());
  watcher.Start();
  first.Swap({{"a", "2"}});
  auto answer = told.get_future();
  ASSERT_EQ(answer.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(answer.get(), "2");
  watcher.Stop();
}

TEST(FileWatcher, Stopped_NeverCallsBackAgain) {
  MountedFiles files(Contents{{"a", "1"}});
  std::atomic<int> calls{0};
  WatchedFileSet set;
  set.paths = {files.path("a")};
  set.on_change = [&](const FileContents&) { ++calls; };
  FileWatcher watcher(std::chrono::hours(1));  // Stop must not wait for it
  watcher.Watch(set, nullptr);
  watcher.Start();
  watcher.Stop();
  files.Swap({{"a", "2"}});
  watcher.Stop();
  EXPECT_EQ(calls, 0);
}

TEST(FileWatcher, NothingToWatch_StartsAndStops) {
  FileWatcher watcher(std::chrono::milliseconds(1));
  watcher.Start();
  watcher.Stop();
}

}  // namespace
}  // namespace enos::gateway
