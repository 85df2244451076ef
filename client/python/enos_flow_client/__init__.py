"""Starts EnOS flows through enos-flow-gateway, and reads, watches and cancels their runs.

>>> with FlowClient("gateway.example.com:443") as client:
...     flow = client.trigger(FlowRequest("alice", "o15", 3377, parameters={"REPLACE": "ddee"}))
...     run = client.wait(flow)
"""

from ._channel import is_loopback_address
from ._client import FlowClient
from ._error import Execution, FieldViolation, FlowError, KeyState, Reason
from ._key import new_idempotency_key
from ._model import AUTO, FlowInstance, FlowInstanceState, FlowRequest, Run, TaskInstance, TriggeredFlow
from ._repeat import Repeat
from ._version import __version__
from ._watch import Watch

__all__ = [
    "AUTO",
    "Execution",
    "FieldViolation",
    "FlowClient",
    "FlowError",
    "FlowInstance",
    "FlowInstanceState",
    "FlowRequest",
    "KeyState",
    "Reason",
    "Repeat",
    "Run",
    "TaskInstance",
    "TriggeredFlow",
    "Watch",
    "__version__",
    "is_loopback_address",
    "new_idempotency_key",
]
