"""The rule of repeats, with a clock that only sleeping and calling advance."""

import os
import unittest

import grpc

from enos_flow_client import Execution, FlowError, KeyState, Reason, Repeat
from enos_flow_client._key import KeptKeys, make_idempotency_key
from enos_flow_client._repeat import Hooks, is_worth_repeating, repeat_while_safe, wait_before_repeat

CODE = grpc.StatusCode


def error(code, execution, **more):
    return FlowError(code, "it failed.", execution=execution, **more)


def busy(**more):
    return error(CODE.UNAVAILABLE, Execution.NOT_EXECUTED, **more)


def lost(**more):
    return error(CODE.UNKNOWN, Execution.UNKNOWN, **more)


def answer_of(text):
    """An answer of client/testing/repeat_cases.txt."""
    code, execution, *more = text.split()
    given = dict(word.partition("=")[::2] for word in more)
    failure = error(CODE[code], Execution(execution), key_kept="kept" in given, likely_flow_instance_id=given.pop("likely", ""))
    given.pop("kept", None)
    if "key_state" in given:
        failure.key_state = KeyState(given.pop("key_state"))
    if "reason" in given:
        failure.reason = Reason[given.pop("reason")]
    if "retry_after" in given:
        failure.retry_after = int(given.pop("retry_after")) / 1000
    assert not given, text
    return failure


class IsWorthRepeatingTest(unittest.TestCase):
    def test_without_a_key_only_what_was_not_executed_and_may_pass(self):
        for code in CODE:
            may_pass = code in (CODE.UNAVAILABLE, CODE.RESOURCE_EXHAUSTED)
            self.assertEqual(is_worth_repeating(error(code, Execution.NOT_EXECUTED)), may_pass, code)
            self.assertFalse(is_worth_repeating(error(code, Execution.UNKNOWN)), code)


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

    def test_what_each_attempt_is_told(self):
        self.assertEqual(self.run_attempts(busy(), busy(retry_after=0.3), lost(key_kept=True), "1-2", each_takes=0.05, repeat=Repeat(attempts=4)),
                         "1-2")
        self.assertEqual(self.asked, [(10.0, False), (9.85, False), (9.5, False), (9.05, True)])

    def test_a_wait_longer_than_the_time_left_is_not_begun(self):
        self.run_attempts(busy(retry_after=0.9), timeout=1.0, each_takes=0.2)
        self.assertEqual((self.sleeps, len(self.asked)), ([], 1))

    def test_the_rule_of_all_clients(self):
        with open(os.environ["ENOS_REPEAT_CASES"], encoding="utf-8") as cases:
            lines = [line.strip() for line in cases if line.strip() and not line.startswith("#")]
        self.assertTrue(lines)
        for line in lines:
            name, rest = line.split(": ", 1)
            answers, expected = rest.split(" => ")
            with self.subTest(name):
                end = self.run_attempts(*map(answer_of, answers.split("; ")), *["1-2"] * 3)
                got = f"calls={len(self.asked)} waits={','.join(str(round(wait * 1000)) for wait in self.sleeps)} end="
                if end == "1-2":
                    got += "OK"
                else:
                    got += end.execution.value + (f" likely={end.likely_flow_instance_id}" if end.likely_flow_instance_id else "")
                self.assertEqual(got, expected)


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
