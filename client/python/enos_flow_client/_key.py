"""Idempotency keys, and whether the gateway keeps them."""

import os
import time
from typing import Optional, Sequence, Tuple

from ._error import Execution, FlowError

# Reasons of refusals before a key is looked up and headers are sent, by a gateway that stores keys or by an older one.
_REFUSED_EARLY = ("GATEWAY_", "CALLER_", "IDEMPOTENCY_", "INVALID_REQUEST", "TOKEN_FILE_UNUSABLE")


def new_idempotency_key() -> str:
    """A new key for ``FlowRequest.idempotency_key``: a UUIDv7, which contains its time, so that a gateway refuses it once
    it is too old. Generate one for each run that you want to start, and save it with the whole request for as long as you may
    repeat the call."""
    return make_idempotency_key(time.time_ns() // 1_000_000, os.urandom(10))


def make_idempotency_key(millis: int, random: bytes) -> str:
    """The same of a given time and 10 random bytes. RFC 9562: 48 bits of time, version, 12 bits, variant, 62 bits."""
    low = int.from_bytes(random, "big")
    number = (millis & (1 << 48) - 1) << 80 | 7 << 76 | (low >> 62 & 0xFFF) << 64 | 2 << 62 | low & (1 << 62) - 1
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class KeptKeys:
    """Whether the gateway stores keys, according to the most recent initial metadata of a call with a key."""

    def __init__(self) -> None:
        self.newest: Optional[bool] = None
        # A call was refused for its key: keys that the caller did not ask for are not sent any more.
        self.not_offered = False

    def learn(self, metadata: Sequence[Tuple[str, object]], error: Optional[FlowError]) -> bool:
        """Notes what a call with a key was told, and returns whether its key is kept."""
        said = dict(metadata).get("enos-idempotency")
        if said is not None or error is None or metadata:
            kept = said == "1"  # an older gateway ignores the key and says nothing
            self.newest = kept
            return kept  # whatever another thread has been told since
        return self.newest is True and _says_nothing_of_keys(error)


def _says_nothing_of_keys(error: FlowError) -> bool:
    """Of an error without initial metadata: the key may be kept all the same. Python's gRPC does not tell empty initial
    metadata, as an older gateway sends it before it calls EnOS, from none. So only an error that is certainly not one of an
    older gateway after its headers counts; one without details does not."""
    if error.key_state is not None or error.reason_name.startswith(_REFUSED_EARLY):
        return True
    return error.execution is Execution.NOT_EXECUTED and not error.reason_name  # not sent at all
