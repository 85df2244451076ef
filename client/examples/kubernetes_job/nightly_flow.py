"""Starts a flow once a day, whoever calls this how often, and waits for the end of its run.

Status 0: the run succeeded. 1: not known yet; calling again on the same day finds out and starts nothing twice.
2: refused, or a wrong setting. 3: the run ended otherwise. 4: it may have been started, and only a person can tell."""

import argparse
import os
import signal
import sys
from datetime import datetime, timezone

from enos_flow_client import FlowClient, FlowError, FlowRequest, KeyState, Repeat


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", required=True, help="the gateway, host:port")
    parser.add_argument("--ca_file", help="the authority of its certificate")
    parser.add_argument("--token_file", help="this job's token")
    parser.add_argument("--name", required=True, help="of the job; names of one organization have to differ")
    parser.add_argument("--user_id", required=True)
    parser.add_argument("--org_id", required=True)
    parser.add_argument("--flow_id", type=int, required=True)
    parser.add_argument("--date", default=datetime.now(timezone.utc).strftime("%Y-%m-%d"), help="of the run; today, in UTC")
    return parser, parser.parse_args()


def run(client, request):
    flow = client.trigger(request, timeout=300, repeat=Repeat(attempts=20))
    print(f"{'found' if flow.replayed else 'started'} {flow.flow_instance_id}", flush=True)
    instance = client.wait(flow)
    print(f"{flow.flow_instance_id} ended: {instance.state.name}")
    return 0 if instance.succeeded else 3


def status_of(error):
    if error.execution is None:
        return 1  # the run is known; only the watch ended
    if not error.safe_to_repeat:
        return 4 if is_final(error) else 1
    return 1 if error.code.name in ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED") else 2


def is_final(error):
    """Whether the same call again, after one that may have started the flow, finds out no more (the key is in doubt) or could start it
    twice: nothing has said that the gateway keeps keys."""
    keys_are_kept = error.key_kept or error.key_state is not None
    return not keys_are_kept or error.key_state is KeyState.DOUBT


def main():
    # The first process of a container has no default for it. At once: an exception out of the middle of grpc's code could keep the
    # connection from closing.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(1))
    parser, arguments = parse_arguments()
    try:
        # All of it follows from the date: a repeat is the same request.
        midnight = datetime.strptime(arguments.date, "%Y-%m-%d").replace(tzinfo=timezone.utc)
        request = FlowRequest(arguments.user_id, arguments.org_id, arguments.flow_id, {"date": arguments.date}, midnight,
                              f"{arguments.name}-{arguments.date}")
        with FlowClient(arguments.address, ca_file=arguments.ca_file, token_file=arguments.token_file) as client:
            return run(client, request)
    except ValueError as error:
        parser.error(str(error))  # status 2
    except FlowError as error:
        print(error, file=sys.stderr)
        return status_of(error)


if __name__ == "__main__":
    sys.exit(main())
