"""Starts an EnOS flow through the gateway and prints the id of its instance."""

import argparse
import sys

from enos_flow_client import FlowClient, FlowError, FlowRequest, Repeat


def parse_parameter(text):
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r}: expected KEY=VALUE")
    return key, value


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1:50051", metavar="HOST:PORT", help="the gateway")
    parser.add_argument("--ca_file", metavar="FILE", help="TLS, trusting the CA certificates in this PEM file")
    parser.add_argument("--user_id", default="", help="the EnOS user")
    parser.add_argument("--org_id", default="", help="the user's organization")
    parser.add_argument("--flow_id", type=int, default=0, help="the flow to start")
    parser.add_argument("--param", type=parse_parameter, action="append", default=[], metavar="KEY=VALUE",
                        help="a parameter of the run; may be repeated")
    parser.add_argument("--timeout", type=float, default=30, metavar="SECONDS", help="for everything, including retries")
    parser.add_argument("--attempts", type=int, default=4, help="calls at most, the first one included")
    return parser, parser.parse_args()


def show(error):
    print(error, file=sys.stderr)
    for violation in error.violations:
        print(f"  field {violation.field}: {violation.description}", file=sys.stderr)
    if error.enos_code is not None:
        print(f"  EnOS code {error.enos_code}: {error.enos_message}", file=sys.stderr)


def main():
    parser, arguments = parse_arguments()

    def before_repeat(error, wait, attempt):
        show(error)
        print(f"Calling again in {wait:.3f} s (attempt {attempt} of {arguments.attempts}).", file=sys.stderr, flush=True)

    try:
        request = FlowRequest(arguments.user_id, arguments.org_id, arguments.flow_id, arguments.param)
        with FlowClient(arguments.address, ca_file=arguments.ca_file) as client:
            flow = client.trigger(request, timeout=arguments.timeout, repeat=Repeat(arguments.attempts, on_repeat=before_repeat))
    except ValueError as error:
        parser.error(str(error))  # status 2
    except FlowError as error:
        show(error)
        if error.safe_to_repeat:
            print("The flow was certainly not started.", file=sys.stderr)
            return 1
        print("The flow may have been started: look in EnOS before calling again.", file=sys.stderr)
        return 3
    print(flow.flow_instance_id)
    return 0


if __name__ == "__main__":
    sys.exit(main())
