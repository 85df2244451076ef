#include "server/idempotency/keyed_trigger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing/keyed_rig.h"
#include "server/testing/log_capture.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Test;
using End = FakeKeyStore::End;
using Names = std::vector<std::string>;

class KeyedTriggerTest : public Test {
 protected:
  // Up to the send.
  KeyedRig::Call& StartAndReserve(KeyedRig& process, const std::string& key = "key") {
    KeyedRig::Call& call = process.Start(key);
    process.store.DoAll();
    process.http.MarkSent(process.FlowTransfer());
    return call;
  }
  void OpenBreaker() {
    do {
      rig.breaker.Failed(rig.breaker.Begin(), CallError(), rig.scheduler.Now());
    } while (!rig.breaker.Rest(rig.scheduler.Now()));
  }
  // Another one's record.
  void Hold(KeyedRig& process) {
    process.Start();
    process.store.Do();
  }
  void PassTime(KeyedRig& process, Duration time) {
    database.now += std::chrono::duration_cast<milliseconds>(time);
    process.scheduler.Advance(time);
  }

  // Early headers are not sent before the test says so.
  static KeyedRig::Options HeadersWait() {
    KeyedRig::Options options;
    options.early_headers_wait = true;
    return options;
  }

  KeyDatabase database;
  KeyedRig rig{database};
  KeyedRig other{database};
};

// -- Rule 1: nothing is sent before the record is committed with the attempt's own nonce.

TEST_F(KeyedTriggerTest, NotCommitted_NothingIsSentAndNothingAnnounced) {
  const auto& call = rig.Start();
  EXPECT_EQ(rig.store.pending(), Names{"reserve"});
  EXPECT_EQ(rig.Sends(), 0U);
  EXPECT_FALSE(call.was_announced);
  rig.store.Do();
  EXPECT_TRUE(call.was_announced);
  EXPECT_EQ(rig.Sends(), 1U);
}

TEST_F(KeyedTriggerTest, CommitFailed_StoreUnavailableAndNeverSent) {
  const auto& call = rig.Start();
  rig.store.Do(End::kFailed);
  EXPECT_EQ(call.reason(), Reason::IDEMPOTENCY_STORE_UNAVAILABLE);
  EXPECT_EQ(call.error().code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  EXPECT_EQ(call.error().key_held, KeyHeld::kNotLookedUp);
  rig.store.DoAll();
  EXPECT_EQ(rig.Sends(), 0U);
}

// Else what waits for a store that is away would grow by each call that it refuses.
TEST_F(KeyedTriggerTest, StoreThatTakesNoMore_NothingToRemove) {
  const auto& call = rig.Start();
  rig.store.Do(End::kNeverAsked);
  EXPECT_EQ(call.reason(), Reason::IDEMPOTENCY_STORE_UNAVAILABLE);
  EXPECT_EQ(rig.store.pending(), Names{});
  EXPECT_EQ(rig.Sends(), 0U);
}

TEST_F(KeyedTriggerTest, UnclearCommit_NotSentAndItsRecordRemoved) {
  const auto& call = rig.Start();
  rig.store.Do(End::kUnclear);
  EXPECT_EQ(call.reason(), Reason::IDEMPOTENCY_STORE_UNAVAILABLE);
  EXPECT_EQ(database.records.size(), 1U);
  EXPECT_EQ(rig.store.pending(), Names{"remove"});
  rig.store.DoAll();
  EXPECT_TRUE(database.records.empty());
  EXPECT_EQ(rig.Sends(), 0U);
}

TEST_F(KeyedTriggerTest, HeadersNotSentYet_NothingIsSent) {
  KeyedRig slow(database, HeadersWait());
  auto& call = slow.Start();
  slow.store.DoAll();
  EXPECT_EQ(slow.Sends(), 0U);
  call.headers_sent();
  EXPECT_EQ(slow.Sends(), 1U);
}

TEST_F(KeyedTriggerTest, CommitAfterTheCallersTime_RemovedAndNeverSent) {
  const auto& call = rig.Start();
  PassTime(rig, seconds(10));
  EXPECT_EQ(call.reason(), Reason::IDEMPOTENCY_STORE_UNAVAILABLE);
  rig.store.DoAll();
  EXPECT_TRUE(database.records.empty());
  EXPECT_EQ(rig.Sends(), 0U);
}

TEST_F(KeyedTriggerTest, CallerGoneWhileReserving_RemovedAndNeverSent) {
  const auto& call = rig.Start();
  EXPECT_FALSE(rig.keyed.CallerGone(call.id));
  rig.store.DoAll();
  EXPECT_TRUE(database.records.empty());
  EXPECT_EQ(rig.Sends(), 0U);
  EXPECT_FALSE(call.is_done());
}

TEST_F(KeyedTriggerTest, CallerGoneWhileHeadersAreSent_RemovedAndNeverSent) {
  KeyedRig slow(database, HeadersWait());
  auto& call = slow.Start();
  slow.store.DoAll();
  slow.keyed.CallerGone(call.id);
  call.headers_sent();
  slow.store.DoAll();
  EXPECT_TRUE(database.records.empty());
  EXPECT_EQ(slow.Sends(), 0U);
}

TEST_F(KeyedTriggerTest, HeadersNotTakenInTime_NotExecutedAndRemoved) {
  KeyedRig slow(database, HeadersWait());
  auto& call = slow.Start();
  slow.store.DoAll();
  slow.scheduler.Advance(seconds(10));
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  EXPECT_EQ(call.error().key_held, KeyHeld::kReserved);
  call.headers_sent();
  slow.store.DoAll();
  EXPECT_TRUE(database.records.empty());
  EXPECT_EQ(slow.Sends(), 0U);
}

// -- Results

TEST_F(KeyedTriggerTest, Started_NotedBeforeItIsAnswered) {
  const auto& call = StartAndReserve(rig);
  rig.Succeed("3377-7");
  EXPECT_FALSE(call.is_done());
  EXPECT_EQ(rig.store.pending(), Names{"started"});
  rig.store.Do();
  EXPECT_EQ(call.instance_id(), "3377-7");
  EXPECT_FALSE(call.replayed());
  EXPECT_EQ(rig.results, std::vector{KeyResult::kExecuted});
}

TEST_F(KeyedTriggerTest, StartedAndNotNotedInTime_AnsweredByTheDeadlineAndNotedLater) {
  const auto& call = StartAndReserve(rig);
  rig.Succeed("3377-7");
  PassTime(rig, seconds(10));
  EXPECT_EQ(call.instance_id(), "3377-7");
  rig.store.DoAll();
  EXPECT_EQ(database.records.begin()->second.state, KeyState::kStarted);
}

TEST_F(KeyedTriggerTest, RepeatAfterStarted_SameIdAndNothingSent) {
  StartAndReserve(rig);
  rig.Succeed("3377-7");
  rig.store.DoAll();
  for (KeyedRig* process : {&rig, &other}) {
    const auto& repeat = process->Start();
    process->store.DoAll();
    EXPECT_EQ(repeat.instance_id(), "3377-7");
    EXPECT_TRUE(repeat.replayed());
    EXPECT_FALSE(repeat.was_announced);
  }
  EXPECT_EQ(rig.Sends(), 1U);
  EXPECT_EQ(other.Sends(), 0U);
}

TEST_F(KeyedTriggerTest, Unknown_InDoubtForGood) {
  const auto& call = StartAndReserve(rig);
  rig.http.Fail(rig.FlowTransfer(), TransferEnd::kConnectionLost, true);
  rig.store.DoAll();
  EXPECT_EQ(call.reason(), Reason::ENOS_CONNECTION_LOST);
  EXPECT_EQ(call.error().key_held, KeyHeld::kDoubt);
  const auto& repeat = other.Start();
  other.store.DoAll();
  EXPECT_EQ(repeat.reason(), Reason::ENOS_CONNECTION_LOST);
  EXPECT_EQ(repeat.error().code, call.error().code);
  EXPECT_EQ(repeat.error().execution, Execution::kUnknown);
  EXPECT_EQ(repeat.error().key_held, KeyHeld::kDoubt);
  EXPECT_EQ(other.Sends(), 0U);
}

TEST_F(KeyedTriggerTest, UnknownThatCannotBeNoted_SaysReserved) {
  const auto& call = StartAndReserve(rig);
  rig.AnswerFlow(504);
  rig.store.Do(End::kFailed);
  EXPECT_EQ(call.reason(), Reason::ENOS_TIMEOUT);
  EXPECT_EQ(call.error().key_held, KeyHeld::kReserved);
}

TEST_F(KeyedTriggerTest, Refused_RemovedThenAnsweredAndARepeatIsExecuted) {
  const auto& call = StartAndReserve(rig);
  rig.AnswerFlow(200, FlowErrorJson(62104));
  EXPECT_FALSE(call.is_done());
  rig.store.DoAll();
  EXPECT_EQ(call.reason(), Reason::FLOW_HAS_NO_TASK);
  EXPECT_EQ(call.error().key_held, KeyHeld::kNone);
  EXPECT_TRUE(database.records.empty());
  StartAndReserve(other);
  EXPECT_EQ(other.Sends(), 1U);
}

TEST_F(KeyedTriggerTest, RefusedAndNotRemoved_SaysReserved) {
  const auto& call = StartAndReserve(rig);
  rig.AnswerFlow(200, FlowErrorJson(62104));
  rig.store.Do(End::kFailed);
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  EXPECT_EQ(call.error().key_held, KeyHeld::kReserved);
}

// -- Rule 2: only the owner removes, only on certainty.

TEST_F(KeyedTriggerTest, CallerGoneAfterTheSend_ResultIsNotedAllTheSame) {
  const auto& call = StartAndReserve(rig);
  EXPECT_TRUE(rig.keyed.CallerGone(call.id));
  rig.Succeed("3377-7");
  rig.store.DoAll();
  EXPECT_EQ(database.records.begin()->second.state, KeyState::kStarted);
  EXPECT_EQ(database.records.begin()->second.started.flow_instance_id, "3377-7");
  EXPECT_FALSE(call.is_done());
}

// Where the store never takes it, the log is all that knows the run.
TEST_F(KeyedTriggerTest, CallerGoneWhileTheResultIsNoted_ItIsLogged) {
  const auto& call = StartAndReserve(rig);
  rig.Succeed("3377-7");
  const LogCapture log;
  EXPECT_TRUE(rig.keyed.CallerGone(call.id));
  EXPECT_THAT(log.Text(), AllOf(HasSubstr("flow started after its caller was gone"),
                                HasSubstr("flow_instance_id=3377-7")));
}

TEST_F(KeyedTriggerTest, AnswerAfterTheCallersTime_ToldUnknownThenNoted) {
  const auto& call = StartAndReserve(rig);
  PassTime(rig, seconds(10));
  EXPECT_EQ(call.reason(), Reason::ENOS_TIMEOUT);
  EXPECT_EQ(call.error().key_held, KeyHeld::kReserved);
  const auto& repeat = rig.Start();
  rig.Succeed("3377-7");
  rig.store.DoAll();
  EXPECT_EQ(repeat.instance_id(), "3377-7");
  EXPECT_TRUE(repeat.replayed());
}

TEST_F(KeyedTriggerTest, NoAnswerByTheEndOfTheTransfer_Doubt) {
  StartAndReserve(rig);
  PassTime(rig, seconds(30));
  EXPECT_EQ(rig.store.pending(), Names{"doubt"});
  rig.store.DoAll();
  EXPECT_EQ(database.records.begin()->second.state, KeyState::kDoubt);
}

// -- Rule 3: a lease that has ended never sends.

TEST_F(KeyedTriggerTest, LeaseOfADeadProcess_WaitsThenInDoubtAndNeverSent) {
  Hold(other);
  const auto& call = rig.Start("key", 3377, seconds(60), seconds(60));
  rig.store.DoAll();
  EXPECT_FALSE(call.is_done());
  PassTime(rig, seconds(34));
  rig.store.DoAll();
  EXPECT_FALSE(call.is_done());
  PassTime(rig, seconds(2));
  rig.store.DoAll();
  EXPECT_EQ(call.reason(), Reason::IDEMPOTENCY_IN_DOUBT);
  EXPECT_EQ(call.error().code, absl::StatusCode::kUnknown);
  EXPECT_EQ(call.error().execution, Execution::kUnknown);
  EXPECT_EQ(call.error().key_held, KeyHeld::kDoubt);
  EXPECT_EQ(rig.Sends(), 0U);
}

TEST_F(KeyedTriggerTest, LeaseEndedBeforeTheCall_InDoubtAtOnceAndNeverSent) {
  Hold(other);
  database.now += seconds(36);
  const auto& call = rig.Start();
  rig.store.DoAll();
  EXPECT_EQ(call.reason(), Reason::IDEMPOTENCY_IN_DOUBT);
  EXPECT_EQ(rig.Sends(), 0U);
}

TEST_F(KeyedTriggerTest, RefusedAfterTheLease_StaysInDoubtAsOthersWereTold) {
  const auto& call = StartAndReserve(rig);
  database.now += seconds(36);
  const auto& elsewhere = other.Start();
  other.store.DoAll();
  EXPECT_EQ(elsewhere.error().key_held, KeyHeld::kDoubt);
  rig.AnswerFlow(200, FlowErrorJson(62104));
  rig.store.DoAll();
  EXPECT_EQ(call.reason(), Reason::FLOW_HAS_NO_TASK);
  EXPECT_EQ(call.error().key_held, KeyHeld::kDoubt);
  const auto& repeat = other.Start();
  other.store.DoAll();
  EXPECT_EQ(repeat.reason(), Reason::IDEMPOTENCY_IN_DOUBT);
  EXPECT_EQ(other.Sends(), 0U);
}

// -- Waiting

TEST_F(KeyedTriggerTest, RepeatInTheSameProcess_WaitsWithoutTheStore) {
  StartAndReserve(rig);
  const auto& repeat = rig.Start();
  EXPECT_TRUE(rig.store.pending().empty());
  EXPECT_EQ(rig.keyed.waiting(), 1U);
  rig.Succeed("3377-7");
  rig.store.DoAll();
  EXPECT_EQ(repeat.instance_id(), "3377-7");
  EXPECT_TRUE(repeat.replayed());
  EXPECT_EQ(rig.keyed.waiting(), 0U);
}

TEST_F(KeyedTriggerTest, RefusalAnswersAllWhoWaited_WhoCameLaterIsExecuted) {
  const auto& call = StartAndReserve(rig);
  const auto& waited = rig.Start();
  rig.AnswerFlow(200, FlowErrorJson(62104));
  const auto& later = rig.Start();
  rig.store.DoAll();
  EXPECT_EQ(call.reason(), Reason::FLOW_HAS_NO_TASK);
  EXPECT_EQ(waited.reason(), Reason::FLOW_HAS_NO_TASK);
  EXPECT_EQ(waited.error().key_held, KeyHeld::kNone);
  EXPECT_FALSE(later.is_done());
  EXPECT_EQ(rig.Sends(), 2U);
}

TEST_F(KeyedTriggerTest, DeadlineWhileWaiting_InProgress) {
  StartAndReserve(rig);
  const auto& repeat = rig.Start("key", 3377, seconds(1));
  PassTime(rig, seconds(1));
  EXPECT_EQ(repeat.reason(), Reason::IDEMPOTENCY_IN_PROGRESS);
  EXPECT_EQ(repeat.error().code, absl::StatusCode::kAborted);
  EXPECT_EQ(repeat.error().execution, Execution::kUnknown);
  EXPECT_EQ(repeat.error().key_held, KeyHeld::kReserved);
  EXPECT_TRUE(repeat.error().retry_after);
}

TEST_F(KeyedTriggerTest, HeldByAnotherProcess_OneLookAtATimeForAllWhoWait) {
  StartAndReserve(other);
  const auto& first = rig.Start();
  rig.store.DoAll();
  const auto& second = rig.Start();
  PassTime(rig, milliseconds(500));
  EXPECT_EQ(rig.store.pending(), Names{"look"});
  PassTime(rig, seconds(2));
  EXPECT_EQ(rig.store.pending(), Names{"look"});
  other.Succeed("3377-7");
  other.store.DoAll();
  rig.store.DoAll();
  EXPECT_EQ(first.instance_id(), "3377-7");
  EXPECT_EQ(second.instance_id(), "3377-7");
  EXPECT_TRUE(first.replayed());
  EXPECT_EQ(rig.Sends(), 0U);
}

TEST_F(KeyedTriggerTest, RemovedByAnotherProcess_OneOfThoseWhoWaitIsExecuted) {
  StartAndReserve(other);
  rig.Start();
  rig.store.DoAll();
  rig.Start();
  other.AnswerFlow(200, FlowErrorJson(62104));
  other.store.DoAll();
  PassTime(rig, milliseconds(500));
  rig.store.DoAll();
  EXPECT_EQ(rig.Sends(), 1U);
  EXPECT_EQ(rig.keyed.waiting(), 1U);
}

TEST_F(KeyedTriggerTest, HeldByAnotherProcessAndTheStoreFails_LooksAgain) {
  StartAndReserve(other);
  const auto& call = rig.Start();
  rig.store.DoAll();
  PassTime(rig, milliseconds(500));
  rig.store.Do(End::kFailed);
  EXPECT_FALSE(call.is_done());
  other.Succeed("3377-7");
  other.store.DoAll();
  PassTime(rig, milliseconds(500));
  rig.store.DoAll();
  EXPECT_EQ(call.instance_id(), "3377-7");
}

TEST_F(KeyedTriggerTest, MoreThanAHundredOfOneKey_InProgressAtOnce) {
  StartAndReserve(rig);
  for (int i = 0; i < 1000; ++i) rig.Start();
  EXPECT_EQ(rig.keyed.waiting(), KeyedTrigger::kMostWaitingPerKey);
  EXPECT_EQ(rig.calls.back().reason(), Reason::IDEMPOTENCY_IN_PROGRESS);
  EXPECT_EQ(rig.Sends(), 1U);
  EXPECT_TRUE(rig.store.pending().empty());
}

TEST_F(KeyedTriggerTest, AsManyWaitAsMay_InProgressAtOnceWhateverTheKey) {
  KeyedRig::Options options;
  options.most_waiting = 1;
  KeyedRig small(database, options);
  Hold(other);
  other.Start("key 2");
  other.store.Do();
  const auto& first = small.Start();
  const auto& second = small.Start("key 2");
  small.store.DoAll();
  EXPECT_FALSE(first.is_done());
  EXPECT_EQ(second.reason(), Reason::IDEMPOTENCY_IN_PROGRESS);
}

TEST_F(KeyedTriggerTest, WaiterGone_Forgotten) {
  StartAndReserve(rig);
  const auto& repeat = rig.Start();
  EXPECT_FALSE(rig.keyed.CallerGone(repeat.id));
  EXPECT_EQ(rig.keyed.waiting(), 0U);
  rig.Succeed();
  rig.store.DoAll();
  EXPECT_FALSE(repeat.is_done());
}

TEST_F(KeyedTriggerTest, OwnerGoneBeforeTheSend_OneOfThoseWhoWaitIsExecuted) {
  const auto& call = rig.Start();
  const auto& waits = rig.Start();
  rig.keyed.CallerGone(call.id);
  rig.store.DoAll();
  rig.Succeed("3377-7");
  rig.store.DoAll();
  EXPECT_EQ(waits.instance_id(), "3377-7");
  EXPECT_FALSE(waits.replayed());
  EXPECT_EQ(rig.Sends(), 1U);
}

// -- Keys that cannot be used

TEST_F(KeyedTriggerTest, OtherFieldsWithTheSameKey_Reused) {
  StartAndReserve(rig);
  const auto& here = rig.Start("key", 3378);
  const auto& elsewhere = other.Start("key", 3378);
  other.store.DoAll();
  for (const auto* call : {&here, &elsewhere}) {
    EXPECT_EQ(call->reason(), Reason::IDEMPOTENCY_KEY_REUSED);
    EXPECT_EQ(call->error().code, absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(call->error().execution, Execution::kNotExecuted);
    EXPECT_EQ(call->error().key_held, KeyHeld::kReused);
  }
}

TEST_F(KeyedTriggerTest, OtherFieldsWhileTheFirstIsReserving_ReusedOnceThatIsKnown) {
  rig.Start();
  const auto& second = rig.Start("key", 3378);
  EXPECT_FALSE(second.is_done());
  rig.store.DoAll();
  EXPECT_EQ(second.reason(), Reason::IDEMPOTENCY_KEY_REUSED);
  EXPECT_EQ(rig.Sends(), 1U);
}

// -- EnOS is down

TEST_F(KeyedTriggerTest, BreakerOpen_RefusedWithoutARecord) {
  OpenBreaker();
  const auto& call = rig.Start();
  EXPECT_EQ(rig.store.pending(), Names{"look"});
  rig.store.DoAll();
  EXPECT_EQ(call.reason(), Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(call.error().key_held, KeyHeld::kNone);
  EXPECT_TRUE(database.records.empty());
}

// A record that was removed by its age may have been that of a flow that was started: "there is
// none" would permit a new key.
TEST_F(KeyedTriggerTest, BreakerOpenAndKeyOutOfTheWindow_Expired) {
  OpenBreaker();
  database.oldest = "~";
  const auto& call = rig.Start();
  rig.store.DoAll();
  EXPECT_EQ(call.reason(), Reason::IDEMPOTENCY_KEY_EXPIRED);
  EXPECT_NE(call.error().key_held, KeyHeld::kNone);
}

TEST_F(KeyedTriggerTest, NoToken_RefusedWithoutARecord) {
  KeyedRig::Options options;
  options.with_token = false;
  KeyedRig tokenless(database, options);
  const auto& call = tokenless.Start();
  EXPECT_TRUE(tokenless.store.pending().empty());
  tokenless.scheduler.Advance(seconds(10));
  EXPECT_TRUE(call.is_done());
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  EXPECT_EQ(call.error().key_held, KeyHeld::kNotLookedUp);
  EXPECT_TRUE(database.records.empty());
}

TEST_F(KeyedTriggerTest, WaitForATokenIsCountedAsSuch) {
  KeyedRig::Options options;
  options.with_token = false;
  KeyedRig tokenless(database, options);
  const auto& call = tokenless.Start();
  tokenless.scheduler.Advance(milliseconds(300));
  tokenless.GiveToken("T1");
  EXPECT_EQ(tokenless.store.pending(), Names{"reserve"});
  EXPECT_EQ(call.record->token, milliseconds(300));
}

// -- The drain

TEST_F(KeyedTriggerTest, DrainBegins_WhoWaitsIsAnsweredAndTheOwnerGoesOn) {
  const auto& call = StartAndReserve(rig);
  const auto& waits = rig.Start();
  rig.keyed.StopWaiting();
  EXPECT_EQ(waits.reason(), Reason::IDEMPOTENCY_IN_PROGRESS);
  EXPECT_EQ(rig.Start().reason(), Reason::IDEMPOTENCY_IN_PROGRESS);
  rig.Succeed("3377-7");
  rig.store.DoAll();
  EXPECT_EQ(call.instance_id(), "3377-7");
}

TEST_F(KeyedTriggerTest, DrainEnds_AllAreAnsweredAndDoubtIsNoted) {
  const auto& sent = StartAndReserve(rig);
  const auto& reserving = rig.Start("key 2");
  rig.trigger.EndAll();
  rig.keyed.EndAll();
  EXPECT_EQ(sent.reason(), Reason::ENOS_TIMEOUT);
  EXPECT_EQ(reserving.reason(), Reason::GATEWAY_SHUTTING_DOWN);
  EXPECT_EQ(rig.Start("key 3").reason(), Reason::GATEWAY_SHUTTING_DOWN);
  bool is_idle = false;
  rig.keyed.WhenIdle([&] { is_idle = true; });
  EXPECT_FALSE(is_idle);
  rig.store.DoAll();
  EXPECT_TRUE(is_idle);
  EXPECT_EQ(database.records.size(), 1U);
  EXPECT_EQ(database.records.begin()->second.state, KeyState::kDoubt);
}

}  // namespace
}  // namespace enos::gateway
