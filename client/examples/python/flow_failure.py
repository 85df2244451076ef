"""What the gateway says about a call that failed, and whether the call may be repeated."""

import random
from dataclasses import dataclass, field
from typing import Optional

import grpc
from google.protobuf.message import DecodeError

from google.rpc import error_details_pb2, status_pb2

DOMAIN = "enos-flow-gateway"
NOT_EXECUTED = "NOT_EXECUTED"  # a promise: the flow was not started
UNKNOWN = "UNKNOWN"  # it may have been started


@dataclass
class FlowFailure:
    code: grpc.StatusCode
    message: str
    reason: str = "no reason"
    execution: str = UNKNOWN
    metadata: dict = field(default_factory=dict)  # enos_code, enos_message and so on
    violations: list = field(default_factory=list)
    retry_after: Optional[float] = None  # seconds

    @classmethod
    def from_error(cls, error: grpc.RpcError) -> "FlowFailure":
        """Unpacks the details. An error without the gateway's ErrorInfo came from a library or a proxy on the way, which
        cannot know whether the flow was started."""
        failure = cls(error.code(), error.details())
        trailers = dict(error.trailing_metadata() or ())
        status = status_pb2.Status()
        try:
            status.ParseFromString(trailers.get("grpc-status-details-bin", b""))
        except DecodeError:
            return failure  # unreadable details are ignored: UNKNOWN
        info, bad_request, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        for detail in status.details:
            if detail.Unpack(info) and info.domain == DOMAIN:
                failure.reason = info.reason
                failure.metadata = dict(info.metadata)
                if info.metadata.get("execution") == NOT_EXECUTED:
                    failure.execution = NOT_EXECUTED
            elif detail.Unpack(bad_request):
                failure.violations = list(bad_request.field_violations)
            elif detail.Unpack(retry):
                failure.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
        return failure

    def wait(self, attempt: int, time_left: float) -> Optional[float]:
        """Seconds to wait before the call may be repeated; None: it must not be, or that would not help. Only what was certainly
        not started may be repeated; only these two codes may be temporary."""
        if self.execution != NOT_EXECUTED:
            return None
        if self.code not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
            return None
        wait = self.retry_after
        if wait is None:  # back off, with full jitter
            wait = random.uniform(0, min(5, 0.2 * 2 ** (attempt - 1)))
        return wait if wait < time_left else None

    def __str__(self) -> str:
        lines = [f"{self.code.name} ({self.reason}), execution {self.execution}: {self.message}"]
        lines += [f"  field {violation.field}: {violation.description}" for violation in self.violations]
        if "enos_code" in self.metadata:
            lines.append(f"  EnOS code {self.metadata['enos_code']}: {self.metadata.get('enos_message', '')}")
        return "\n".join(lines)
