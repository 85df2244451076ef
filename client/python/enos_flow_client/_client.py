"""The client."""

import re
import weakref
from typing import Any, Optional, Union

import grpc

from ._call import Connection, Metadata, request_id_of
from ._channel import Target, check_token_use, make_channel
from ._error import Execution, FlowError, Reason, own_error
from ._key import KeptKeys, new_idempotency_key
from ._model import AUTO, FlowInstance, FlowRequest, Run, TriggeredFlow, instance_from_message, request_to_message
from ._proto import flow_service_pb2 as pb
from ._repeat import Repeat, repeat_while_safe
from ._watch import Watch

_ONCE = Repeat(attempts=1)


class FlowClient:
    """Starts flows through a gateway, and reads, watches and cancels their runs. Make one per gateway and keep it: it is the
    connection. Thread-safe. Create it after a fork, not before.

    address: host:port, or gRPC's own forms ("dns:///host:port", "unix:/path").
    plaintext: None: TLS, but for a loopback address without TLS settings; True: without TLS, so that what is sent can be read and
        changed on the way; False: TLS always.
    ca_file, cert_file, key_file: PEM files: the authorities to trust (None: gRPC's own roots), and this client's certificate.
    server_name: the name in the gateway's certificate, if it is not the host of the address.
    token_file: a file with a bearer token, read anew for each attempt.

    ValueError if one of them is wrong; its message begins with the name."""

    def __init__(self, address: str = "127.0.0.1:50051", *, plaintext: Optional[bool] = None, ca_file: Optional[str] = None,
                 cert_file: Optional[str] = None, key_file: Optional[str] = None, server_name: Optional[str] = None,
                 token_file: Optional[str] = None) -> None:
        target = Target(address, plaintext, ca_file, cert_file, key_file, server_name)
        if token_file:
            check_token_use(token_file, target)
        self._connection = Connection(make_channel(target), token_file)
        # A channel that is still open when the interpreter ends can keep it from ending.
        self._close = weakref.finalize(self, self._connection.close)
        self._keys = KeptKeys()

    def __enter__(self) -> "FlowClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection and ends all calls in progress."""
        self._close()

    def trigger(self, request: FlowRequest, *, timeout: float = 30.0, attempt_timeout: Optional[float] = None,
                repeat: Optional[Repeat] = Repeat(), request_id: Optional[str] = None) -> TriggeredFlow:
        """Starts a flow, once at most.

        timeout: seconds for everything; attempt_timeout: for each call (None: what is left).
        repeat: None: one call only. Else the call is repeated as long as that cannot start the flow twice and may help.
        request_id: 1 to 128 printable ASCII characters; the gateway logs the call under it.

        FlowError says whether the flow may have been started, of all calls that were made here."""
        key = new_idempotency_key() if request.idempotency_key == AUTO else request.idempotency_key or ""
        message = request_to_message(request, key)
        _check_request_id(request_id)

        def attempt(time_left: float, may_have_started: bool) -> Union[TriggeredFlow, FlowError]:
            # It may have been another gateway's word in the meantime.
            if may_have_started and self._keys.newest is not True:
                return _keys_no_longer_kept()
            seconds = time_left if attempt_timeout is None else min(time_left, attempt_timeout)
            if request.idempotency_key == AUTO and self._keys.not_offered and not may_have_started:
                message.idempotency_key = ""
            answer = self._trigger_once(message, seconds, request_id)
            if (request.idempotency_key == AUTO and not may_have_started and isinstance(answer, FlowError)
                    and answer.reason is Reason.IDEMPOTENCY_NOT_OFFERED):
                self._keys.not_offered = True
                message.idempotency_key = ""
                answer = self._trigger_once(message, seconds, request_id)
            return answer

        return _raise_error(repeat_while_safe(attempt, timeout, repeat or _ONCE))

    def get(self, run: Run, *, timeout: float = 30.0, request_id: Optional[str] = None) -> FlowInstance:
        """What has become of a run, now."""
        response = self._read(self._connection.get, _message_of(pb.GetFlowInstanceRequest, run), timeout, request_id)
        if not response.HasField("flow_instance"):
            raise own_error(grpc.StatusCode.INTERNAL, "the gateway answered OK without a flow instance", False)
        return instance_from_message(response.flow_instance)

    def watch(self, run: Run, *, timeout: Optional[float] = None, repeat: Repeat = Repeat(),
              request_id: Optional[str] = None) -> Watch:
        """The states of a run, until it has ended or the timeout is over (DEADLINE_EXCEEDED, WATCH_TIMEOUT). A gateway that cannot be
        reached is waited for, but where this client never had a connection. `repeat` says how long
        to wait before watching again; its attempts mean nothing here."""
        _check_request_id(request_id)
        return Watch(self._connection, _message_of(pb.WatchFlowInstanceRequest, run), timeout, request_id, repeat)

    def wait(self, run: Run, *, timeout: Optional[float] = None, repeat: Repeat = Repeat(),
             request_id: Optional[str] = None) -> FlowInstance:
        """The run, once it has ended."""
        with self.watch(run, timeout=timeout, repeat=repeat, request_id=request_id) as watch:
            *_, last = watch
        return last

    def cancel(self, run: Run, *, timeout: float = 30.0, request_id: Optional[str] = None) -> None:
        """Ends a run. EnOS has taken the request then; watch the run to see it take effect."""
        self._read(self._connection.cancel, _message_of(pb.CancelFlowInstanceRequest, run), timeout, request_id)

    def _trigger_once(self, message: pb.UpdateAndTriggerFlowRequest, timeout: float,
                      request_id: Optional[str]) -> Union[TriggeredFlow, FlowError]:
        answer, initial, trailing = self._connection.call(self._connection.trigger, message, timeout, request_id)
        failure = answer if isinstance(answer, FlowError) else None
        key = message.idempotency_key or None
        kept = key is not None and self._keys.learn(initial, failure)
        if failure is None and not answer.flow_instance_id:
            failure = _incomplete(trailing, request_id)
        if failure is not None:
            failure.idempotency_key = key
            failure.key_kept = kept
            return failure
        return TriggeredFlow(message.user_id, message.org_id, answer.flow_instance_id, answer.replayed,
                             request_id_of(trailing, request_id), dict(trailing).get("enos-request-id", ""), key if kept else None)

    def _read(self, method: grpc.UnaryUnaryMultiCallable, message: Any, timeout: float, request_id: Optional[str]) -> Any:
        _check_request_id(request_id)
        answer, _, _ = self._connection.call(method, message, timeout, request_id)
        return _raise_error(answer)


def _message_of(kind: Any, run: Run) -> Any:
    return kind(user_id=run.user_id, org_id=run.org_id, flow_instance_id=run.flow_instance_id)


def _raise_error(answer: Any) -> Any:
    if isinstance(answer, FlowError):
        raise answer
    return answer


def _check_request_id(request_id: Optional[str]) -> None:
    if request_id is not None and not re.fullmatch("[!-~]([ -~]{0,126}[!-~])?", request_id):
        raise ValueError("request_id: expected 1 to 128 printable ASCII characters, without spaces at the ends")


def _keys_no_longer_kept() -> FlowError:
    return own_error(grpc.StatusCode.FAILED_PRECONDITION,
                     "the gateway no longer says that it keeps idempotency keys; not called again.", True)


def _incomplete(trailing: Metadata, request_id: Optional[str]) -> FlowError:
    return FlowError(grpc.StatusCode.INTERNAL, "the gateway answered OK without a flow instance id", execution=Execution.UNKNOWN,
                     enos_request_id=dict(trailing).get("enos-request-id", ""), request_id=request_id_of(trailing, request_id))
