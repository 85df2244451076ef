"""When a call may be repeated, and how long to wait: the same rule in every client of this project."""

import random
import time
from dataclasses import dataclass
from typing import Callable, Optional, TypeVar, Union

import grpc

from ._error import Execution, FlowError, KeyState, Reason

Answer = TypeVar("Answer")

# Codes of which a repeat is refused again, whoever made the error.
_REFUSALS = frozenset((
    grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAUTHENTICATED))


@dataclass(frozen=True)
class Repeat:
    """How often, and with which delays, to repeat a call that cannot start the flow twice."""

    attempts: int = 3
    """Including the first call; 1: never repeat."""
    initial_backoff: float = 0.2
    """Where the gateway names no wait: a random time between 0 and a limit that starts here (seconds), doubles…"""
    max_backoff: float = 5.0
    """…and ends here."""
    on_repeat: Optional[Callable[[FlowError, float, int], None]] = None
    """Called before each wait: the error, the seconds, the number of the attempt that follows."""


@dataclass(frozen=True)
class Hooks:
    """Time and randomness, replaced in tests."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random


def backoff_wait(attempts_made: int, chance: float, repeat: Repeat) -> float:
    """Full jitter; `chance` is uniform in [0, 1)."""
    # Beyond 2^60 the limit is reached in any case.
    limit = max(repeat.initial_backoff, 0.0) * 2 ** min(attempts_made - 1, 60)
    return min(limit, max(repeat.max_backoff, 0.0)) * chance


def is_worth_repeating(error: FlowError) -> bool:
    """Calling again cannot start the flow twice, and may well succeed."""
    if not error.safe_to_repeat:
        return error.safe_to_repeat_with_same_key and error.code not in _REFUSALS
    return error.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)


def wait_before_repeat(error: FlowError, attempts_made: int, time_left: float, chance: float, repeat: Repeat) -> Optional[float]:
    """Seconds; None: there should be no other attempt."""
    if not is_worth_repeating(error) or attempts_made >= repeat.attempts:
        return None
    wait = error.retry_after if error.retry_after is not None else backoff_wait(attempts_made, chance, repeat)
    return wait if wait < time_left else None


class AttemptHistory:
    """What all attempts at one start came to. With a key an answer speaks of one call alone: after one that may have started
    the flow, only NOT_EXECUTED of a key that nothing holds, and not because it expired, says that none did."""

    def __init__(self) -> None:
        self.may_have_started = False
        self._likely_flow_instance_id = ""

    def add(self, error: FlowError) -> FlowError:
        """The error, as it stands for all attempts."""
        if not error.safe_to_repeat:
            self.may_have_started = True
            self._likely_flow_instance_id = error.likely_flow_instance_id or self._likely_flow_instance_id
        elif error.key_state is KeyState.NONE and error.reason is not Reason.IDEMPOTENCY_KEY_EXPIRED:
            self.may_have_started = False
        elif self.may_have_started:
            error.execution = Execution.UNKNOWN
            error.message += " That is said of the last call alone: an earlier one may have started the flow."
            error.likely_flow_instance_id = self._likely_flow_instance_id
        return error


def repeat_while_safe(attempt: Callable[[float, bool], Union[Answer, FlowError]], timeout: float, repeat: Repeat,
                      hooks: Hooks = Hooks()) -> Union[Answer, FlowError]:
    """Calls ``attempt(time left, whether an earlier one may have started the flow)`` until it succeeds, or another call would be
    wrong or useless."""
    deadline = hooks.now() + timeout
    history = AttemptHistory()
    attempts_made = 0
    time_left = timeout
    while True:
        answer = attempt(time_left, history.may_have_started)
        if not isinstance(answer, FlowError):
            return answer
        error = history.add(answer)
        attempts_made += 1
        wait = wait_before_repeat(error, attempts_made, deadline - hooks.now(), hooks.random(), repeat)
        if wait is None:
            return error
        if repeat.on_repeat is not None:
            repeat.on_repeat(error, wait, attempts_made + 1)
        if wait > 0:
            hooks.sleep(wait)
        time_left = deadline - hooks.now()
        if time_left <= 0:  # slept too long: the last answer stands
            return error
