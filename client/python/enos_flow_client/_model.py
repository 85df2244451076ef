"""What is asked and what is answered."""

import dataclasses
import enum
from datetime import datetime, timezone
from typing import Iterable, Mapping, Optional, Tuple, Union

from ._proto import flow_service_pb2 as pb

AUTO = "auto"
"""Of ``FlowRequest.idempotency_key``: a new key for each call of ``trigger``, if the gateway stores keys."""


@dataclasses.dataclass(frozen=True)
class FlowRequest:
    """Which flow to start, for whom, when and with what parameters."""

    user_id: str
    org_id: str
    flow_id: int
    parameters: Union[Mapping[str, str], Iterable[Tuple[str, str]]] = ()
    """Pairs of key and value; order and duplicates are kept."""
    trigger_time: Optional[datetime] = None
    """The planned time, aware of its zone; None: now, when the request is made. In the past: at once."""
    idempotency_key: Optional[str] = AUTO
    """AUTO, None for a call without one, or a key of your own (best ``new_idempotency_key()``), which wants an explicit
    trigger_time, because a repeat has to be the same request."""

    def __post_init__(self) -> None:
        if self.trigger_time is None:
            if self.idempotency_key not in (AUTO, None):
                raise ValueError("trigger_time: an idempotency_key of your own needs one, so that a repeat is the same request")
            object.__setattr__(self, "trigger_time", datetime.now(timezone.utc))
        elif self.trigger_time.tzinfo is None:
            raise ValueError("trigger_time: expected a datetime with a time zone, such as datetime.now(timezone.utc)")
        if isinstance(self.parameters, Mapping):
            object.__setattr__(self, "parameters", tuple(self.parameters.items()))
        else:
            object.__setattr__(self, "parameters", tuple(self.parameters))


@dataclasses.dataclass(frozen=True)
class Run:
    """Which run, and on whose behalf."""

    user_id: str
    org_id: str
    flow_instance_id: str


@dataclasses.dataclass(frozen=True)
class TriggeredFlow(Run):
    """The run that was started; ``get``, ``watch``, ``wait`` and ``cancel`` take it as it is."""

    replayed: bool = False
    """The answer of an earlier call with the same key: nothing was started now."""
    request_id: str = ""
    """The call's id in the gateway's log."""
    enos_request_id: str = ""
    """EnOS's own id of the request; empty if it gave none."""
    idempotency_key: Optional[str] = None
    """The key that the gateway keeps; None: none."""


class FlowInstanceState(enum.Enum):
    """The state of a run, or of a task. Whether a run goes on: ``FlowInstance.ended``."""

    UNSPECIFIED = 0
    """A status that is not known here."""
    INITIALIZING = 1
    WAITING = 2
    READY = 3
    RUNNING = 4
    SUSPENDED = 5
    RERUNNING = 6
    SUCCEEDED = 7
    FAILED = 8
    INTERNAL_ERROR = 9
    TIMED_OUT = 10
    CANCELLED = 11
    SKIPPED = 12


@dataclasses.dataclass(frozen=True)
class TaskInstance:
    """One task of a run."""

    task_instance_id: str
    task_id: int
    task_name: str
    state: FlowInstanceState
    enos_status: int


@dataclasses.dataclass(frozen=True)
class FlowInstance:
    """A run at one moment. A time that is not known is None."""

    flow_instance_id: str
    flow_id: int
    flow_name: str
    state: FlowInstanceState
    enos_status: int
    enos_status_text: str
    ended: bool
    """Nothing of this run goes on. FAILED alone does not say so: EnOS marks a run with its first failed task."""
    trigger_time: Optional[datetime]
    start_time: Optional[datetime]
    end_time: Optional[datetime]
    owner: str
    parameters: Tuple[Tuple[str, str], ...]
    tasks: Tuple[TaskInstance, ...]

    @property
    def succeeded(self) -> bool:
        """The run has ended, and well."""
        return self.ended and self.state is FlowInstanceState.SUCCEEDED


def request_to_message(request: FlowRequest, idempotency_key: str) -> pb.UpdateAndTriggerFlowRequest:
    """The message of a request; ValueError or TypeError if it cannot be one."""
    message = pb.UpdateAndTriggerFlowRequest(
        user_id=request.user_id, org_id=request.org_id, flow_id=request.flow_id, idempotency_key=idempotency_key)
    for key, value in request.parameters:
        message.parameters.add(key=key, value=value)
    if request.trigger_time is not None:
        message.trigger_time.FromDatetime(request.trigger_time.astimezone(timezone.utc).replace(tzinfo=None))
    return message


def instance_from_message(message: pb.FlowInstance) -> FlowInstance:
    def time(name: str) -> Optional[datetime]:
        return getattr(message, name).ToDatetime().replace(tzinfo=timezone.utc) if message.HasField(name) else None

    return FlowInstance(
        message.flow_instance_id, message.flow_id, message.flow_name, _state(message.state), message.enos_status,
        message.enos_status_text, message.ended, time("trigger_time"), time("start_time"), time("end_time"), message.owner,
        tuple((parameter.key, parameter.value) for parameter in message.parameters),
        tuple(TaskInstance(task.task_instance_id, task.task_id, task.task_name, _state(task.state), task.enos_status)
              for task in message.tasks))


def _state(number: int) -> FlowInstanceState:
    try:
        return FlowInstanceState(number)
    except ValueError:  # of a later gateway
        return FlowInstanceState.UNSPECIFIED
