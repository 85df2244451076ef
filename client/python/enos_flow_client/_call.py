"""One call, from connecting to what it came to."""

import threading
from typing import Any, List, Optional, Sequence, Tuple, Union

import grpc

from ._channel import read_token
from ._error import FlowError, error_from_rpc, own_error
from ._proto import flow_service_pb2 as pb

_SERVICE = "/enos.dataflow.v1.FlowService/"
_LONGEST_PROBE = 1.0
Metadata = Sequence[Tuple[str, Any]]


class Connection:
    """A channel, its methods, and the caller's token. Thread-safe."""

    def __init__(self, channel: grpc.Channel, token_file: Optional[str]) -> None:
        self.channel = channel
        self.has_token = bool(token_file)
        self._token_file = token_file
        self.trigger = self._unary("UpdateAndTriggerFlow", pb.UpdateAndTriggerFlowResponse)
        self.get = self._unary("GetFlowInstance", pb.GetFlowInstanceResponse)
        self.cancel = self._unary("CancelFlowInstance", pb.CancelFlowInstanceResponse)
        self.watch = channel.unary_stream(
            _SERVICE + "WatchFlowInstance", request_serializer=pb.WatchFlowInstanceRequest.SerializeToString,
            response_deserializer=pb.WatchFlowInstanceResponse.FromString)
        self._check_health = channel.unary_unary("/grpc.health.v1.Health/Check")

    def _unary(self, method: str, response: Any) -> grpc.UnaryUnaryMultiCallable:
        return self.channel.unary_unary(
            _SERVICE + method, request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString)

    def call(self, method: grpc.UnaryUnaryMultiCallable, message: Any, timeout: float,
             request_id: Optional[str]) -> Tuple[Union[Any, FlowError], Metadata, Metadata]:
        """Connects if need be, calls and waits: the answer or the error, initial and trailing metadata."""
        starts_flow = method is self.trigger
        metadata = self.prepare(timeout, request_id, starts_flow)
        if isinstance(metadata, FlowError):
            return metadata, (), ()
        try:
            response, call = method.with_call(message, timeout=timeout, metadata=metadata)
        except grpc.RpcError as error:
            failure = error_from_rpc(error, starts_flow)
            failure.request_id = failure.request_id or request_id or ""
            return failure, error.initial_metadata() or (), error.trailing_metadata() or ()
        return response, call.initial_metadata() or (), call.trailing_metadata() or ()

    def prepare(self, timeout: float, request_id: Optional[str], starts_flow: bool) -> Union[Metadata, FlowError]:
        """Connects, and returns the metadata of a call, or the error of one that is not sent."""
        failure = self._connect(timeout, starts_flow)
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

    def _connect(self, timeout: float, starts_flow: bool) -> Optional[FlowError]:
        """Before the call, because gRPC's own error does not tell a call that was never sent from one that was."""
        if timeout <= 0:
            return own_error(grpc.StatusCode.DEADLINE_EXCEEDED, "no time was left for the call; nothing was sent", starts_flow)
        decided = threading.Event()
        connected = False

        def on_state(state: grpc.ChannelConnectivity) -> None:
            nonlocal connected
            if state is grpc.ChannelConnectivity.READY:
                connected = True
                decided.set()
            elif state in (grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN):
                decided.set()

        self.channel.subscribe(on_state, try_to_connect=True)
        in_time = decided.wait(min(timeout, threading.TIMEOUT_MAX))
        self.channel.unsubscribe(on_state)
        if connected:
            return None
        if not in_time:
            return own_error(grpc.StatusCode.DEADLINE_EXCEEDED, "no connection to the gateway within the time-out", starts_flow,
                             "GATEWAY_UNREACHABLE")
        return own_error(grpc.StatusCode.UNAVAILABLE, "no connection to the gateway" + self._why(timeout), starts_flow,
                         "GATEWAY_UNREACHABLE")

    def _why(self, timeout: float) -> str:
        """A channel's state does not say why connecting failed; a failed call does, of which one without effects is sent in place
        of the real one."""
        try:
            self._check_health(b"", timeout=min(timeout, _LONGEST_PROBE))
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE and error.details():
                return f": {error.details()}"
        return ""


def request_id_of(metadata: Metadata, given: Optional[str]) -> str:
    """The gateway's word, else what was sent."""
    return dict(metadata).get("x-request-id", given or "")
