#include "server/keystore/sql_key_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/base/text.h"
#include "server/keystore/sqlite_database.h"
#include "server/testing/store_rig.h"
#include "tests/support/files.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// What happens to the next batches.
struct Faults {
  enum Fault { kLoseBefore, kLoseAfter };  // the answer, before or after the commit

  void Next(std::vector<Fault> faults) {
    const std::lock_guard lock(mutex);
    next = std::move(faults);
  }
  // Batches that come from now on wait.
  void Hold() {
    const std::lock_guard lock(mutex);
    held = true;
  }
  void Release() {
    const std::lock_guard lock(mutex);
    held = false;
    changed.notify_all();
  }
  void AwaitHeld() {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, kGuard, [this] { return waits; }));
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Fault> next;
  bool held = false;
  bool waits = false;
  std::string refused;  // changes with this value
  SqlEnd refusal = SqlEnd::kRefused;
  bool down = false;
  std::atomic<int> batches{0};
  std::atomic<int> connects{0};
};

class FaultyDatabase final : public Database {
 public:
  FaultyDatabase(std::string path, Faults& faults)
      : real_(std::move(path), SqliteDatabase::Use::kOwn), faults_(faults) {}

  const SqlDialect& dialect() const override { return real_.dialect(); }
  const char* kind() const override { return "faulty"; }
  bool exclusive() const override { return false; }
  SqlResult Connect() override {
    ++faults_.connects;
    {
      const std::lock_guard lock(faults_.mutex);
      if (faults_.down) return {SqlEnd::kLost, {}, "nobody there"};
    }
    return real_.Connect();
  }
  SqlResult Run(const std::string& sql) override { return real_.Run(sql); }
  SqlResult Run(const SqlBatch& batch) override {
    std::unique_lock lock(faults_.mutex);
    faults_.waits = faults_.held;
    faults_.changed.notify_all();
    faults_.changed.wait(lock, [this] { return !faults_.held; });
    faults_.waits = false;
    if (faults_.down) return {SqlEnd::kLost, {}, "gone"};
    ++faults_.batches;
    if (IsRefused(batch)) return {faults_.refusal, {}, "refused"};
    if (faults_.next.empty()) return real_.Run(batch);
    const Faults::Fault fault = faults_.next.front();
    faults_.next.erase(faults_.next.begin());
    if (fault == Faults::kLoseAfter) {
      EXPECT_EQ(real_.Run(batch).end, SqlEnd::kDone);
    }
    return {SqlEnd::kLost, {}, "lost"};
  }

 private:
  bool IsRefused(const SqlBatch& batch) const {
    for (const SqlStep& change : batch.changes)
      for (size_t i = 0; i < change.values.size(); ++i)
        if (change.values[i] == SqlValues::Value(faults_.refused)) return true;
    return false;
  }

  SqliteDatabase real_;
  Faults& faults_;
};

class SqlKeyStoreTest : public testing::Test {
 protected:
  std::unique_ptr<Database> Faulty() {
    return std::make_unique<FaultyDatabase>(folder_.path("keys.db"), faults_);
  }
  // Has one look wait in the database, and what is asked meanwhile behind it.
  StoreRig::Finding Occupy(StoreRig& rig) {
    faults_.Hold();
    auto look = rig.Look(AttemptAt(999, 1).key);
    faults_.AwaitHeld();
    return look;
  }

  TempFolder folder_;
  Faults faults_;
};

TEST_F(SqlKeyStoreTest, WhatComesWhileItIsBusyIsOneTransaction) {
  StoreRig rig(Faulty());
  auto look = Occupy(rig);
  std::vector<StoreRig::Finding> findings;
  for (int i = 0; i < 64; ++i) findings.push_back(rig.Reserve(AttemptAt(i, 1)));
  rig.AwaitAsked();
  faults_.Release();
  for (auto& finding : findings) EXPECT_EQ(Await(finding).state, KeyState::kMine);
  EXPECT_EQ(faults_.batches, 2);
}

TEST_F(SqlKeyStoreTest, ACommitWhoseAnswerIsLostIsReadBack) {
  StoreRig rig(Faulty());
  faults_.Next({Faults::kLoseAfter});
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(1, 1))).state, KeyState::kMine);
  faults_.Next({Faults::kLoseBefore});
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(2, 1))).state, KeyState::kMine);
  faults_.Next({Faults::kLoseAfter});
  EXPECT_EQ(Await(rig.Started(AttemptAt(1, 1), "i-1")).state, KeyState::kStarted);
  faults_.Next({Faults::kLoseAfter});
  EXPECT_EQ(Await(rig.Remove(AttemptAt(2, 1))).state, KeyState::kNone);
}

TEST_F(SqlKeyStoreTest, AnUnclearCommitThatCannotBeReadBackIsUnavailable) {
  StoreRig rig(Faulty());
  rig.SetPatience(milliseconds(50));
  faults_.Next(std::vector<Faults::Fault>(1000, Faults::kLoseAfter));
  const KeyFinding found = Await(rig.Reserve(AttemptAt(1, 1)));
  EXPECT_EQ(found.state, KeyState::kUnavailable);
  EXPECT_FALSE(found.why.empty());
}

TEST_F(SqlKeyStoreTest, NobodyWaitsLongerThanItsTimeForADatabaseThatHangs) {
  StoreRig rig(Faulty());
  auto look = Occupy(rig);
  rig.SetPatience(milliseconds(10));
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(1, 1))).state, KeyState::kUnavailable);
  faults_.Release();
  EXPECT_EQ(Await(look).state, KeyState::kNone);
  rig.SetPatience(kGuard);
  EXPECT_EQ(Await(rig.Look(AttemptAt(1, 1).key)).state, KeyState::kNone)
      << "what nobody waits for any more is not done";
}

TEST_F(SqlKeyStoreTest, OneThatIsRefusedSpoilsItForNobodyElse) {
  StoreRig rig(Faulty());
  auto look = Occupy(rig);
  std::vector<StoreRig::Finding> findings;
  for (int i = 0; i < 10; ++i) findings.push_back(rig.Reserve(AttemptAt(i, 1)));
  rig.AwaitAsked();
  faults_.refused = Digest(1004);
  faults_.Release();
  for (size_t i = 0; i < findings.size(); ++i)
    EXPECT_EQ(Await(findings[i]).state, i == 4 ? KeyState::kUnavailable : KeyState::kMine);
}

TEST_F(SqlKeyStoreTest, WhatIsLockedIsTriedAgainAndHoldsUpNobody) {
  StoreRig rig(Faulty());
  {
    const std::lock_guard lock(faults_.mutex);
    faults_.refused = Digest(1001);
    faults_.refusal = SqlEnd::kAgain;
  }
  auto locked = rig.Reserve(AttemptAt(1, 1));
  auto behind = rig.Look(AttemptAt(1, 1).key);
  EXPECT_EQ(Await(rig.Reserve(AttemptAt(2, 1))).state, KeyState::kMine);
  {
    const std::lock_guard lock(faults_.mutex);
    faults_.refused.clear();
  }
  EXPECT_EQ(Await(locked).state, KeyState::kMine);
  EXPECT_EQ(Await(behind).state, KeyState::kReserved) << "in the order in which they were asked";
}

TEST_F(SqlKeyStoreTest, ItComesBackWithTheDatabase) {
  StoreRig rig(Faulty());
  EXPECT_EQ(rig.why(), "");
  {
    const std::lock_guard lock(faults_.mutex);
    faults_.down = true;
  }
  auto reserve = rig.Reserve(AttemptAt(1, 1));
  EXPECT_TRUE(WaitUntil([&] { return rig.why() == "nobody there"; }));
  {
    const std::lock_guard lock(faults_.mutex);
    faults_.down = false;
  }
  EXPECT_EQ(Await(reserve).state, KeyState::kMine);
  EXPECT_EQ(rig.why(), "");
}

TEST_F(SqlKeyStoreTest, ItStartsWithoutTheDatabase) {
  faults_.down = true;
  StoreRig rig(Faulty());
  EXPECT_TRUE(rig.started().ok());
  EXPECT_EQ(rig.why(), "nobody there");
  rig.SetPatience(milliseconds(10));
  EXPECT_EQ(Await(rig.Look(AttemptAt(1, 1).key)).state, KeyState::kUnavailable);
  const std::lock_guard lock(faults_.mutex);
  faults_.down = false;
}

TEST_F(SqlKeyStoreTest, ItsQueueIsBounded) {
  SqlKeyStoreOptions options = StoreRig::Options();
  options.most_waiting = 3;
  StoreRig rig(Faulty(), options);
  auto look = Occupy(rig);
  auto second = rig.Look(AttemptAt(1, 1).key);
  auto third = rig.Look(AttemptAt(2, 1).key);
  const KeyFinding refused = Await(rig.Look(AttemptAt(3, 1).key));
  EXPECT_EQ(refused.state, KeyState::kUnavailable);
  EXPECT_THAT(refused.why, HasSubstr("too many"));
  EXPECT_TRUE(refused.never_asked);
  EXPECT_TRUE(Await(rig.Reserve(AttemptAt(3, 1))).never_asked);
  faults_.Release();
  EXPECT_EQ(Await(third).state, KeyState::kNone);
}

// Else a database that returns would not learn what came of calls that were let in.
TEST_F(SqlKeyStoreTest, WhatEndsACallIsTakenWhateverWaits) {
  SqlKeyStoreOptions options = StoreRig::Options();
  options.most_waiting = 2;
  StoreRig rig(Faulty(), options);
  const KeyAttempt started = AttemptAt(1, 1);
  const KeyAttempt lost = AttemptAt(2, 1);
  const KeyAttempt refused = AttemptAt(3, 1);
  for (const KeyAttempt& attempt : {started, lost, refused}) Await(rig.Reserve(attempt));
  auto look = Occupy(rig);
  auto noted = rig.Started(started, "i-1");
  auto doubted = rig.Doubt(lost, Lost("x"));
  auto removed = rig.Remove(refused);
  rig.AwaitAsked();
  faults_.Release();
  EXPECT_EQ(Await(noted).state, KeyState::kStarted);
  EXPECT_EQ(Await(doubted).state, KeyState::kDoubt);
  EXPECT_EQ(Await(removed).state, KeyState::kNone);
}

TEST_F(SqlKeyStoreTest, WhatWasAskedForIsDoneBeforeItStops) {
  {
    StoreRig rig(Faulty());
    auto look = Occupy(rig);
    rig.Reserve(AttemptAt(1, 1));
    faults_.Release();
    Await(look);
  }
  StoreRig rig(Faulty());
  EXPECT_EQ(Await(rig.Look(AttemptAt(1, 1).key)).state, KeyState::kReserved);
}

}  // namespace
}  // namespace enos::gateway
