"""Starts an EnOS flow through the gateway and prints the id of its instance."""

import argparse
import sys
import time

import grpc

from enos.dataflow.v1 import flow_service_pb2, flow_service_pb2_grpc
from flow_failure import NOT_EXECUTED, FlowFailure

# No retryPolicy: the call is not idempotent, so only this program may repeat it.
CHANNEL_OPTIONS = [
    ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
    ("grpc.service_config_disable_resolution", 1),  # from DNS, which could supply a retryPolicy
]


def parse_parameter(text):
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r}: expected KEY=VALUE")
    return flow_service_pb2.FlowParameter(key=key, value=value)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1:50051", metavar="HOST:PORT", help="the gateway")
    parser.add_argument("--ca_file", metavar="FILE", help="TLS, trusting the CA certificates in this PEM file; without it: plaintext")
    parser.add_argument("--user_id", default="", help="the EnOS user")
    parser.add_argument("--org_id", default="", help="the user's organization")
    parser.add_argument("--flow_id", type=int, default=0, help="the flow to start")
    parser.add_argument("--param", type=parse_parameter, action="append", default=[], metavar="KEY=VALUE",
                        help="a parameter of the run; may be repeated")
    parser.add_argument("--timeout", type=float, default=30, metavar="SECONDS", help="for everything, including retries")
    parser.add_argument("--attempts", type=int, default=4, help="calls at most, the first one included")
    return parser, parser.parse_args()


def connect(address, ca_file):
    target = f"dns:///{address}"
    if not ca_file:
        return grpc.insecure_channel(target, options=CHANNEL_OPTIONS)
    with open(ca_file, "rb") as file:
        credentials = grpc.ssl_channel_credentials(root_certificates=file.read())
    return grpc.secure_channel(target, credentials, options=CHANNEL_OPTIONS)


def trigger(stub, request, deadline, attempts):
    """Calls until the flow is started or a further call would be wrong; returns the exit status."""
    attempt = 1
    while True:
        try:
            response = stub.UpdateAndTriggerFlow(request, timeout=deadline - time.monotonic())
            print(response.flow_instance_id)
            return 0
        except grpc.RpcError as error:
            failure = FlowFailure.from_error(error)
        print(failure, file=sys.stderr)
        wait = failure.wait(attempt, deadline - time.monotonic())
        if wait is None or attempt >= attempts:
            return verdict(failure)
        attempt += 1
        print(f"Calling again in {wait:.3f} s (attempt {attempt} of {attempts}).", file=sys.stderr, flush=True)
        time.sleep(wait)


def verdict(failure):
    if failure.execution == NOT_EXECUTED:
        print("The flow was certainly not started.", file=sys.stderr)
        return 1
    print("The flow may have been started: look in EnOS before calling again.", file=sys.stderr)
    return 3


def main():
    parser, arguments = parse_arguments()
    request = flow_service_pb2.UpdateAndTriggerFlowRequest(
        user_id=arguments.user_id, org_id=arguments.org_id, parameters=arguments.param)
    request.trigger_time.GetCurrentTime()
    deadline = time.monotonic() + arguments.timeout
    try:
        request.flow_id = arguments.flow_id
        channel = connect(arguments.address, arguments.ca_file)
    except (OSError, ValueError) as error:
        parser.error(str(error))  # status 2
    with channel:
        return trigger(flow_service_pb2_grpc.FlowServiceStub(channel), request, deadline, arguments.attempts)


if __name__ == "__main__":
    sys.exit(main())
