"""What a failed call means."""

import enum
from dataclasses import dataclass, field
from typing import Dict, List, Optional

import grpc
from google.protobuf.message import DecodeError

from ._proto import error_details_pb2

_DOMAIN = "enos-flow-gateway"
_MAX_SECONDS = 365 * 24 * 3600  # beyond any wait; Python cannot wait for the longest google.protobuf.Duration


class Execution(enum.Enum):
    """Whether the flow may have been started."""

    NOT_EXECUTED = "NOT_EXECUTED"
    """Certainly not: calling again cannot start it twice."""
    UNKNOWN = "UNKNOWN"
    """It may be running: look for its run before you call again."""


class KeyState(enum.Enum):
    """What the gateway knows of the key of a call."""

    NONE = "NONE"
    """Nothing holds it."""
    RESERVED = "RESERVED"
    """A call is in progress, or its outcome is not known yet."""
    DOUBT = "DOUBT"
    """Final: a call may have started the flow, and no repeat will tell more."""
    REUSED = "REUSED"
    """It belongs to another request."""


class Reason(enum.Enum):
    """Why a call failed: ``ErrorReason`` of the proto, which says for each what to do."""

    UNSPECIFIED = 0
    INVALID_REQUEST = 1
    CALLER_UNAUTHENTICATED = 2
    CALLER_NOT_ALLOWED = 3
    ENOS_INVALID_ARGUMENT = 4
    ENOS_PERMISSION_DENIED = 5
    FLOW_HAS_NO_TASK = 6
    ENOS_LOCKED = 7
    ENOS_NOT_FOUND = 8
    ENOS_UNIMPLEMENTED = 9
    ENOS_ALREADY_EXISTS = 10
    ENOS_OUT_OF_RANGE = 11
    ENOS_CREDENTIALS_REFUSED = 12
    ENOS_RATE_LIMITED = 13
    ENOS_UNREACHABLE = 14
    ENOS_UNAVAILABLE = 15
    GATEWAY_OVERLOADED = 16
    GATEWAY_SHUTTING_DOWN = 17
    ENOS_INTERNAL = 18
    ENOS_TIMEOUT = 19
    ENOS_CONNECTION_LOST = 20
    ENOS_ERROR = 21
    ENOS_MALFORMED_RESPONSE = 22
    GATEWAY_UNREACHABLE = 23
    WATCH_TIMEOUT = 24
    IDEMPOTENCY_NOT_OFFERED = 25
    IDEMPOTENCY_KEY_REUSED = 26
    IDEMPOTENCY_KEY_EXPIRED = 27
    IDEMPOTENCY_STORE_UNAVAILABLE = 28
    IDEMPOTENCY_IN_PROGRESS = 29
    IDEMPOTENCY_IN_DOUBT = 30


@dataclass(frozen=True)
class FieldViolation:
    """One rule that the request breaks."""

    field: str
    """The path in the proto, for example ``parameters[3].key``."""
    description: str


@dataclass(eq=False)
class FlowError(Exception):
    """A failed call. The texts are as the gateway sent them."""

    code: grpc.StatusCode = grpc.StatusCode.UNKNOWN
    message: str = ""
    """For people: what happened, to what, what to do."""
    reason: Reason = Reason.UNSPECIFIED
    """UNSPECIFIED where this version does not know it, and of errors that a gRPC library or a proxy made."""
    reason_name: str = ""
    """The reason as the gateway sent it; empty if the error is not the gateway's."""
    execution: Optional[Execution] = Execution.UNKNOWN
    """None: the call was one that starts nothing."""
    key_state: Optional[KeyState] = None
    """None: there was no key, or it was not looked up."""
    enos_code: Optional[int] = None
    enos_message: str = ""
    http_status: Optional[int] = None
    enos_request_id: str = ""
    likely_flow_instance_id: str = ""
    """With UNKNOWN: the id that the run most likely has if it was started. A guess."""
    violations: List[FieldViolation] = field(default_factory=list)
    retry_after: Optional[float] = None
    """Seconds to wait before another call."""
    request_id: str = ""
    """The call's id in the gateway's log."""
    idempotency_key: Optional[str] = None
    """The key that the call was made with; keep it for a repeat of your own."""
    key_kept: bool = False
    """The gateway is known to keep that key."""

    @property
    def safe_to_repeat(self) -> bool:
        """The flow was certainly not started: calling again cannot start it twice, with or without a key. Whether it can help
        is another question: an invalid request is refused again."""
        return self.execution is not Execution.UNKNOWN

    @property
    def safe_to_repeat_with_same_key(self) -> bool:
        """The same request with the same ``idempotency_key`` cannot start the flow twice, and may tell more."""
        return self.safe_to_repeat or (self.key_kept and self.key_state is not KeyState.DOUBT)

    def __str__(self) -> str:
        execution = f", execution {self.execution.value}" if self.execution else ""
        request_id = f" (request id {self.request_id})" if self.request_id else ""
        return f"{self.code.name} ({self.reason_name or 'no reason'}){execution}: {self.message}{request_id}"


def error_from_rpc(error: grpc.RpcError, starts_flow: bool) -> FlowError:
    """Unpacks the details. Only an ErrorInfo of the gateway's domain can say NOT_EXECUTED: a library or a proxy cannot know
    whether the flow was started."""
    trailers = dict(error.trailing_metadata() or ())
    failure = FlowError(error.code(), error.details() or "", request_id=trailers.get("x-request-id", ""))
    _unpack(trailers.get("grpc-status-details-bin", b""), failure)
    failure.enos_request_id = failure.enos_request_id or trailers.get("enos-request-id", "")
    if not starts_flow:
        failure.execution = None
        failure.likely_flow_instance_id = ""
    return failure


def own_error(code: grpc.StatusCode, message: str, starts_flow: bool, reason_name: str = "") -> FlowError:
    """An error of this package's own, of a call that was not sent."""
    return FlowError(code, message, _reason(reason_name), reason_name, Execution.NOT_EXECUTED if starts_flow else None)


def _unpack(details: bytes, failure: FlowError) -> None:
    try:
        status = error_details_pb2.Status.FromString(details)
    except DecodeError:
        return
    for detail in status.details:
        try:
            _unpack_detail(detail.type_url.rpartition("/")[2], detail.value, failure)
        except DecodeError:
            continue  # one that is damaged says nothing


def _unpack_detail(name: str, value: bytes, failure: FlowError) -> None:
    if name == "google.rpc.ErrorInfo":
        info = error_details_pb2.ErrorInfo.FromString(value)
        if info.domain == _DOMAIN and not failure.reason_name:  # the first of ours; a proxy may have added its own
            failure.reason_name = info.reason
            failure.reason = _reason(info.reason)
            _unpack_metadata(dict(info.metadata), failure)
    elif name == "google.rpc.RetryInfo":
        retry = error_details_pb2.RetryInfo.FromString(value)
        if retry.HasField("retry_delay"):
            seconds = min(max(retry.retry_delay.seconds, 0), _MAX_SECONDS)
            failure.retry_after = seconds + min(max(retry.retry_delay.nanos, 0), 999_999_999) / 1e9
    elif name == "google.rpc.BadRequest":
        request = error_details_pb2.BadRequest.FromString(value)
        failure.violations += [FieldViolation(one.field, one.description) for one in request.field_violations]


def _unpack_metadata(metadata: Dict[str, str], failure: FlowError) -> None:
    if metadata.get("execution") == "NOT_EXECUTED":
        failure.execution = Execution.NOT_EXECUTED
    failure.key_state = KeyState.__members__.get(metadata.get("key_state", ""))
    failure.enos_code = _integer(metadata.get("enos_code", ""))
    http_status = _integer(metadata.get("http_status", ""))
    failure.http_status = http_status if http_status and 100 <= http_status <= 599 else None
    failure.enos_message = metadata.get("enos_message", "")
    failure.enos_request_id = metadata.get("enos_request_id", "")
    failure.likely_flow_instance_id = metadata.get("likely_flow_instance_id", "")


def _reason(name: str) -> Reason:
    return Reason.__members__.get(name, Reason.UNSPECIFIED)


def _integer(text: str) -> Optional[int]:
    try:
        number = int(text)
    except ValueError:
        return None
    return number if -(2**63) <= number < 2**63 else None
