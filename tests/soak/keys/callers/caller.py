"""A caller of the soak of keys over gRPC's own library for Python: see language_caller.h."""
import base64
import os
import sys

import grpc

OPTIONS = [("grpc.service_config", os.environ["SERVICE_CONFIG"])]
METHOD = "/enos.dataflow.v1.FlowService/UpdateAndTriggerFlow"
calls = {}

for line in sys.stdin:
    address, milliseconds, request = line.split()
    if address not in calls:
        calls[address] = grpc.insecure_channel(address, OPTIONS).unary_unary(METHOD)  # as a stub does, without messages
    try:
        code, told = 0, calls[address](base64.b64decode(request), timeout=int(milliseconds) / 1000)
    except grpc.RpcError as error:
        code, told = error.code().value[0], dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    print(code, base64.b64encode(told).decode() or "-", flush=True)
