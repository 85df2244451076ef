"""One call, from connecting to what it came to."""

import time
from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

import grpc

from ._channel import read_token
from ._error import FlowError, Reason, error_from_rpc, own_error
from ._proto import flow_service_pb2 as pb

_SERVICE = "/enos.dataflow.v1.FlowService/"
_CLOSED = "no connection to the gateway: the client is closed"
Metadata = Sequence[Tuple[str, Any]]


class Connection:
    """A channel, its methods, and the caller's token. Thread-safe."""

    def __init__(self, channel: grpc.Channel, token_file: Optional[str]) -> None:
        self.channel = channel
        self.has_token = bool(token_file)
        self.was_connected = False
        self.closed = False
        self._token_file = token_file
        self.trigger = self._unary("UpdateAndTriggerFlow", pb.UpdateAndTriggerFlowResponse)
        self.get = self._unary("GetFlowInstance", pb.GetFlowInstanceResponse)
        self.cancel = self._unary("CancelFlowInstance", pb.CancelFlowInstanceResponse)
        self.watch = channel.unary_stream(
            _SERVICE + "WatchFlowInstance", request_serializer=pb.WatchFlowInstanceRequest.SerializeToString,
            response_deserializer=pb.WatchFlowInstanceResponse.FromString)
        self._check_health = channel.unary_unary("/grpc.health.v1.Health/Check")

    def close(self) -> None:
        self.closed = True  # first: the calls that this ends ask
        self.channel.close()

    def _unary(self, method: str, response: Any) -> grpc.UnaryUnaryMultiCallable:
        return self.channel.unary_unary(
            _SERVICE + method, request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString)

    def call(self, method: grpc.UnaryUnaryMultiCallable, message: Any, timeout: float,
             request_id: Optional[str]) -> Tuple[Union[Any, FlowError], Metadata, Metadata]:
        """Connects if need be, calls and waits: the answer or the error, initial and trailing metadata."""
        starts_flow = method is self.trigger
        deadline = time.monotonic() + timeout
        metadata = self.prepare(timeout, request_id, starts_flow)
        if isinstance(metadata, FlowError):
            return metadata, (), ()
        try:
            response, call = method.with_call(message, timeout=max(deadline - time.monotonic(), 0.001), metadata=metadata)
        except ValueError:  # closed since
            return own_error(grpc.StatusCode.UNAVAILABLE, _CLOSED, starts_flow, Reason.GATEWAY_UNREACHABLE.name), (), ()
        except grpc.RpcError as error:
            failure = error_from_rpc(error, starts_flow)
            failure.request_id = failure.request_id or request_id or ""
            return failure, error.initial_metadata() or (), error.trailing_metadata() or ()
        return response, call.initial_metadata() or (), call.trailing_metadata() or ()

    def prepare(self, timeout: float, request_id: Optional[str], starts_flow: bool,
                on_call: Optional[Callable[[Any], None]] = None) -> Union[Metadata, FlowError]:
        """Connects, and returns the metadata of a call, or the error of one that is not sent. `on_call` gets what can be cancelled."""
        failure = self._connect(timeout, starts_flow, on_call)
        self.was_connected = self.was_connected or failure is None
        metadata = failure or self.metadata(request_id, starts_flow)
        if isinstance(metadata, FlowError):
            metadata.request_id = request_id or ""
        return metadata

    def metadata(self, request_id: Optional[str], starts_flow: bool) -> Union[Metadata, FlowError]:
        metadata: List[Tuple[str, str]] = [("x-request-id", request_id)] if request_id else []
        if self._token_file:
            try:  # read anew, so that a token that was replaced in time is never missed
                metadata.append(("authorization", f"Bearer {read_token(self._token_file)}"))
            except ValueError as error:
                return own_error(grpc.StatusCode.UNAUTHENTICATED, str(error), starts_flow, "TOKEN_FILE_UNUSABLE")
        return metadata

    def _connect(self, timeout: float, starts_flow: bool, on_call: Optional[Callable[[Any], None]]) -> Optional[FlowError]:
        """Before the call, because gRPC's own error does not tell a call that was never sent from one that was. A health check,
        which has no effects, goes first: that also finds a connection that broke while nothing was sent. (To subscribe to the channel's
        state takes a thread that may outlive the channel.) Any answer will do, a refusal as well."""
        if timeout <= 0:
            return own_error(grpc.StatusCode.DEADLINE_EXCEEDED, "no time was left for the call; nothing was sent", starts_flow)
        deadline = time.monotonic() + timeout
        for _ in range(2):  # the first may only have found that the last connection is broken
            try:
                call = self._check_health.future(b"", timeout=max(deadline - time.monotonic(), 0.001))
            except ValueError:
                return own_error(grpc.StatusCode.UNAVAILABLE, _CLOSED, starts_flow, Reason.GATEWAY_UNREACHABLE.name)
            if on_call is not None:
                on_call(call)
            code = call.code()
            if code is grpc.StatusCode.DEADLINE_EXCEEDED:
                return own_error(code, "no connection to the gateway within the time-out", starts_flow, Reason.GATEWAY_UNREACHABLE.name)
            if code is grpc.StatusCode.CANCELLED:
                return own_error(code, "cancelled before there was a connection to the gateway", starts_flow, Reason.GATEWAY_UNREACHABLE.name)
            if code is not grpc.StatusCode.UNAVAILABLE:
                return None
        return own_error(grpc.StatusCode.UNAVAILABLE, f"no connection to the gateway: {call.details()}", starts_flow,
                         Reason.GATEWAY_UNREACHABLE.name)


def request_id_of(metadata: Metadata, given: Optional[str]) -> str:
    """The gateway's word, else what was sent."""
    return dict(metadata).get("x-request-id", given or "")
