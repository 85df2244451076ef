"""The rule of repeats, with a clock that only sleeping and calling advance."""

import unittest

import grpc

from enos_flow_client import Execution, FlowError, KeyState, Reason, Repeat
from enos_flow_client._key import KeptKeys, make_idempotency_key
from enos_flow_client._repeat import AttemptHistory, Hooks, is_worth_repeating, repeat_while_safe, wait_before_repeat

CODE = grpc.StatusCode


def error(code, execution, **more):
    return FlowError(code, "it failed.", execution=execution, **more)


def busy(**more):
    return error(CODE.UNAVAILABLE, Execution.NOT_EXECUTED, **more)


def lost(**more):
    return error(CODE.UNKNOWN, Execution.UNKNOWN, **more)


class IsWorthRepeatingTest(unittest.TestCase):
    def test_without_a_key_only_what_was_not_executed_and_may_pass(self):
        for code in CODE:
            may_pass = code in (CODE.UNAVAILABLE, CODE.RESOURCE_EXHAUSTED)
            self.assertEqual(is_worth_repeating(error(code, Execution.NOT_EXECUTED)), may_pass, code)
            self.assertFalse(is_worth_repeating(error(code, Execution.UNKNOWN)), code)

    def test_with_a_kept_key(self):
        for failure, worth in (
                (lost(), True),
                (error(CODE.UNAVAILABLE, Execution.UNKNOWN), True),
                (error(CODE.ABORTED, Execution.UNKNOWN, key_state=KeyState.RESERVED), True),
                (lost(key_state=KeyState.DOUBT), False),
                (error(CODE.PERMISSION_DENIED, Execution.UNKNOWN), False),
                (busy(), True),
                (error(CODE.NOT_FOUND, Execution.NOT_EXECUTED, key_state=KeyState.NONE), False)):
            with self.subTest(failure=str(failure), key_state=failure.key_state):
                failure.key_kept = True
                self.assertEqual(is_worth_repeating(failure), worth)
                failure.key_kept = False
                self.assertEqual(is_worth_repeating(failure), worth and failure.safe_to_repeat)


class WaitBeforeRepeatTest(unittest.TestCase):
    def test_rows(self):
        repeat = Repeat(attempts=5, initial_backoff=0.1, max_backoff=0.35)
        for name, failure, made, left, chance, expected in (
                ("first", busy(), 1, 60, 0.5, 0.05), ("doubles", busy(), 2, 60, 0.5, 0.1), ("capped", busy(), 3, 60, 0.5, 0.175),
                ("stays capped", busy(), 4, 60, 0.5, 0.175), ("at once", busy(), 1, 60, 0.0, 0.0), ("last", busy(), 5, 60, 0.5, None),
                ("RetryInfo", busy(retry_after=7.0), 1, 60, 0.5, 7.0), ("RetryInfo of 0", busy(retry_after=0.0), 1, 60, 0.5, 0.0),
                ("too long", busy(retry_after=7.0), 1, 7.0, 0.5, None), ("no time", busy(retry_after=0.0), 1, 0, 0.0, None),
                ("may have run", lost(retry_after=0.1), 1, 60, 0.5, None)):
            with self.subTest(name):
                self.assertEqual(wait_before_repeat(failure, made, left, chance, repeat), expected)

    def test_many_attempts_do_not_overflow(self):
        self.assertEqual(wait_before_repeat(busy(), 9999, 60, 0.5, Repeat(attempts=10**5)), 2.5)


class RepeatWhileSafeTest(unittest.TestCase):
    def run_attempts(self, *outcomes, timeout=10.0, each_takes=0.0, repeat=Repeat()):
        self.now, self.sleeps, self.asked = 1000.0, [], []
        outcomes = list(outcomes)

        def attempt(time_left, may_have_started):
            self.asked.append((round(time_left, 3), may_have_started))
            self.now += each_takes
            return outcomes.pop(0)

        def sleep(seconds):
            self.sleeps.append(seconds)
            self.now += seconds

        return repeat_while_safe(attempt, timeout, repeat, Hooks(lambda: self.now, sleep, lambda: 0.5))

    def test_busy_twice_is_repeated_within_the_same_time(self):
        self.assertEqual(self.run_attempts(busy(), busy(retry_after=0.3), "1-2", each_takes=0.05), "1-2")
        self.assertEqual(self.sleeps, [0.1, 0.3])
        self.assertEqual(self.asked, [(10.0, False), (9.85, False), (9.5, False)])

    def test_always_busy_stops_at_the_limit_with_the_last_answer(self):
        self.assertEqual(self.run_attempts(busy(), busy(), busy(retry_after=9.0)).retry_after, 9.0)

    def test_what_may_have_run_is_never_repeated(self):
        self.assertIs(self.run_attempts(lost()).execution, Execution.UNKNOWN)
        self.assertIs(self.run_attempts(busy(), lost()).execution, Execution.UNKNOWN)
        self.assertEqual(len(self.asked), 2)

    def test_a_wait_longer_than_the_time_left_is_not_begun(self):
        self.run_attempts(busy(retry_after=0.9), timeout=1.0, each_takes=0.2)
        self.assertEqual((self.sleeps, len(self.asked)), ([], 1))

    def test_what_may_have_run_is_repeated_with_a_kept_key(self):
        in_progress = error(CODE.ABORTED, Execution.UNKNOWN, key_kept=True, key_state=KeyState.RESERVED, retry_after=0.3)
        self.assertEqual(self.run_attempts(lost(key_kept=True), in_progress, "1-2"), "1-2")
        self.assertEqual([started for _, started in self.asked], [False, True, True])

    def test_busy_after_one_that_may_have_run_stays_unknown(self):
        last = self.run_attempts(lost(key_kept=True), busy(key_kept=True), busy(key_kept=True))
        self.assertIs(last.execution, Execution.UNKNOWN)
        self.assertEqual(len(self.asked), 3)

    def test_and_is_not_repeated_where_keys_are_not_kept(self):
        self.assertIs(self.run_attempts(lost(key_kept=True), busy()).execution, Execution.UNKNOWN)
        self.assertEqual(len(self.asked), 2)


class AttemptHistoryTest(unittest.TestCase):
    def test_only_a_key_that_nothing_holds_undoes_an_unknown(self):
        none = {"key_state": KeyState.NONE}
        for last, expected in (
                (error(CODE.NOT_FOUND, Execution.NOT_EXECUTED, **none), Execution.NOT_EXECUTED),
                (busy(), Execution.UNKNOWN),
                (error(CODE.INVALID_ARGUMENT, Execution.NOT_EXECUTED, key_state=KeyState.REUSED), Execution.UNKNOWN),
                (error(CODE.INVALID_ARGUMENT, Execution.NOT_EXECUTED, reason=Reason.IDEMPOTENCY_KEY_EXPIRED, **none),
                 Execution.UNKNOWN)):
            with self.subTest(key_state=last.key_state, reason=last.reason):
                history = AttemptHistory()
                self.assertIs(AttemptHistory().add(last).execution, Execution.NOT_EXECUTED)
                history.add(lost(likely_flow_instance_id="1-2"))
                self.assertIs(history.add(last).execution, expected)
                self.assertEqual(last.likely_flow_instance_id, "1-2" if expected is Execution.UNKNOWN else "")


class KeptKeysTest(unittest.TestCase):
    KEPT = (("enos-idempotency", "1"),)

    def test_the_newest_initial_metadata_counts(self):
        for name, metadata, failure, kept, newest in (
                ("an answer", KeptKeysTest.KEPT, None, True, True),
                ("an error after headers", KeptKeysTest.KEPT, lost(), True, True),
                ("an older gateway's answer", (), None, False, False),
                ("another word", (("enos-idempotency", "0"),), None, False, False),
                ("refused at the door", (), busy(reason_name="GATEWAY_OVERLOADED"), True, True),
                ("the key is known", (), lost(reason_name="ENOS_ERROR", key_state=KeyState.DOUBT), True, True),
                ("not sent", (), error(CODE.DEADLINE_EXCEEDED, Execution.NOT_EXECUTED), True, True),
                ("perhaps an older gateway", (), lost(reason_name="ENOS_ERROR"), False, True),
                ("perhaps one that died", (), error(CODE.UNAVAILABLE, Execution.UNKNOWN), False, True)):
            with self.subTest(name):
                keys = KeptKeys()
                keys.learn(KeptKeysTest.KEPT, None)
                self.assertEqual((keys.learn(metadata, failure), keys.newest), (kept, newest))

    def test_nothing_is_kept_before_a_gateway_said_so(self):
        self.assertFalse(KeptKeys().learn((), busy(reason_name="GATEWAY_OVERLOADED")))


class IdempotencyKeyTest(unittest.TestCase):
    def test_layout(self):
        self.assertEqual(make_idempotency_key(0x0123456789AB, b"\xff" * 10), "01234567-89ab-7fff-bfff-ffffffffffff")
        self.assertEqual(make_idempotency_key(0, b"\0" * 10), "00000000-0000-7000-8000-000000000000")


if __name__ == "__main__":
    unittest.main()
