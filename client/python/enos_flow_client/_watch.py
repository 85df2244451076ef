"""Watching a run, however many streams that takes."""

import random
import threading
import time
from typing import Any, Iterator, Optional, Union

import grpc

from ._call import Connection
from ._error import FlowError, Reason, error_from_rpc, own_error
from ._model import FlowInstance, instance_from_message
from ._proto import flow_service_pb2 as pb
from ._repeat import Repeat, backoff_wait


class Watch(Iterator[FlowInstance]):
    """The states of a run: the first at once, then each change, the last one ``ended``. Ends with a FlowError where the run can be
    watched no longer. Lost connections and gateways that shut down do not end it: the run is watched again. Use it from one thread;
    ``cancel`` may be called from any."""

    def __init__(self, connection: Connection, message: pb.WatchFlowInstanceRequest, timeout: Optional[float],
                 request_id: Optional[str], repeat: Repeat) -> None:
        self._connection = connection
        self._message = message
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._request_id = request_id
        self._repeat = repeat
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._stream: Any = None
        self._stream_had_state = False
        self._last: Optional[pb.FlowInstance] = None
        self._failures = 0
        self._over = False

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def cancel(self) -> None:
        """Stops watching: the iteration ends with CANCELLED. The run goes on."""
        with self._lock:
            self._cancelled.set()
            stream = self._stream
        if stream is not None:
            stream.cancel()

    def __next__(self) -> FlowInstance:
        if self._over:
            raise StopIteration
        if self._last is not None and self._last.ended:
            self._finish()
            raise StopIteration
        while True:
            answer = self._next_of_stream()
            if isinstance(answer, pb.FlowInstance):
                if self._is_new(answer):
                    return instance_from_message(answer)
                continue
            self._pause_or_raise(answer)

    def _next_of_stream(self) -> Union[pb.FlowInstance, FlowError]:
        if self._is_cancelled():
            return self._was_cancelled()
        if self._stream is None:
            failure = self._open()
            if failure is not None:
                self._stream = None
                return failure
        try:
            instance = next(self._stream).flow_instance
        except StopIteration:
            self._stream = None
            return own_error(grpc.StatusCode.INTERNAL, "the gateway ended the watch before the run had ended", False)
        except grpc.RpcError as error:
            self._stream = None
            return error_from_rpc(error, False)
        self._stream_had_state = True
        return instance

    def _open(self) -> Optional[FlowError]:
        left = self._time_left()
        if left is not None and left <= 0:
            return self._time_is_up()
        # A gateway that this client never reached is an error, one that has gone is waited for.
        if self._connection.was_connected:
            metadata = self._connection.metadata(self._request_id, False)
        else:
            metadata = self._connection.prepare(30.0 if left is None else left, self._request_id, False, self._use)
        if isinstance(metadata, FlowError):
            return metadata
        self._stream_had_state = False
        try:
            self._use(self._connection.watch(self._message, timeout=left, metadata=metadata))
        except ValueError:  # the client is closed
            return self._was_cancelled()
        return None

    def _use(self, call: Any) -> None:
        """What cancel() has to cancel."""
        with self._lock:
            self._stream = call
        if self._cancelled.is_set():
            call.cancel()

    def _is_new(self, instance: pb.FlowInstance) -> bool:
        """A stream begins with a state that the one before it may have told."""
        if instance == self._last:
            return False
        self._last = instance
        self._failures = 0
        return True

    def _pause_or_raise(self, error: FlowError) -> None:
        if self._is_cancelled():  # whatever that made of the stream
            self._finish()
            raise self._was_cancelled()
        if error.code is grpc.StatusCode.DEADLINE_EXCEEDED and not error.reason_name:
            error = self._time_is_up()  # the library gave up before the gateway's answer came
        if not self._connection.was_connected or not means_watch_again(error, self._stream_had_state, self._connection.has_token):
            self._finish()
            raise error
        self._failures += 1
        wait = error.retry_after
        if wait is None:
            wait = backoff_wait(self._failures, random.random(), self._repeat)
        left = self._time_left()
        if left is not None and wait >= left:
            self._finish()
            raise error
        if self._repeat.on_repeat is not None:
            self._repeat.on_repeat(error, wait, self._failures + 1)
        self._cancelled.wait(wait)

    def _finish(self) -> None:
        self._over = True
        if self._stream is not None:
            self._stream.cancel()

    def _time_left(self) -> Optional[float]:
        return None if self._deadline is None else self._deadline - time.monotonic()

    def _is_cancelled(self) -> bool:
        """By its user, or with the client. A gateway also cancels a stream, whose caller does not read, when it shuts down."""
        return self._cancelled.is_set() or self._connection.closed

    def _was_cancelled(self) -> FlowError:
        return own_error(grpc.StatusCode.CANCELLED, "the watch was cancelled; the run goes on", False)

    def _time_is_up(self) -> FlowError:
        return own_error(grpc.StatusCode.DEADLINE_EXCEEDED,
                         "the run had not ended when the time to watch it was over; it goes on", False, Reason.WATCH_TIMEOUT.name)


def means_watch_again(error: FlowError, had_state: bool, has_token: bool) -> bool:
    """Whether a stream that its user did not cancel, and that ended so, is to be followed by another."""
    if error.code is grpc.StatusCode.UNAVAILABLE:
        return True
    if not had_state:
        return False
    if not error.reason_name:
        # A proxy that cut it, or a drain that cancelled it; not our own end of the watch.
        return error.code is not grpc.StatusCode.DEADLINE_EXCEEDED
    return has_token and error.reason is Reason.CALLER_UNAUTHENTICATED
