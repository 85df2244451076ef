"""The request of a shape, as bytes: a gRPC frame for the servers, JSON for the bare libcurl program."""

import json
import struct

USER_ID = "user-1"
ORG_ID = "org-1"
FLOW_ID = 3377
TRIGGER_TIME_MS = 1574385824000
INSTANCE_ID = "2791-19700101000000"
QUERY = f"action=updateAndTrigger&orgId={ORG_ID}&userId={USER_ID}"


def parameters(count):
    """One parameter is the documented sample's; more of them are of a middling length."""
    if count == 1:
        return [("REPLACE", "ddee")]
    return [(f"parameter_{i:04}", f"value of parameter {i:04}") for i in range(count)]


def json_body(count):
    """Byte for byte what the gateway sends (tests/golden/flow_call/documented_sample.golden)."""
    call = {
        "flowId": FLOW_ID,
        "triggerTime": TRIGGER_TIME_MS,
        "parameters": [{"key": key, "value": value} for key, value in parameters(count)],
    }
    return json.dumps(call, separators=(",", ":"), ensure_ascii=False).encode()


def _varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _bytes_field(number, value):
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint_field(number, value):
    return _varint(number << 3) + _varint(value)


def request_message(count):
    """UpdateAndTriggerFlowRequest, serialized."""
    seconds, milliseconds = divmod(TRIGGER_TIME_MS, 1000)
    time = _varint_field(1, seconds)
    if milliseconds:
        time += _varint_field(2, milliseconds * 1_000_000)
    message = _bytes_field(1, USER_ID.encode()) + _bytes_field(2, ORG_ID.encode())
    message += _varint_field(3, FLOW_ID) + _bytes_field(4, time)
    for key, value in parameters(count):
        message += _bytes_field(5, _bytes_field(1, key.encode()) + _bytes_field(2, value.encode()))
    return message


def watch_message(number):
    """WatchFlowInstanceRequest, serialized; each number is another run."""
    run = f"{FLOW_ID}-20191122{number:06}"
    return _bytes_field(1, USER_ID.encode()) + _bytes_field(2, ORG_ID.encode()) + _bytes_field(3, run.encode())


def grpc_frame(message):
    return struct.pack(">?I", False, len(message)) + message


def answer_frame_bytes():
    """How many bytes of data an OK answer has; an error has none."""
    return len(grpc_frame(_bytes_field(1, INSTANCE_ID.encode())))
