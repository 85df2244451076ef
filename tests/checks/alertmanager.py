"""Asks a running Alertmanager with deploy/monitoring/alertmanager.yml which alerts of an outage it notifies about.

    python3 tests/checks/alertmanager.py CONFIGURATION

Needs prometheus-alertmanager. Ends with status 1 and the difference where one outage would page more than once.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

# What fires, and what is left to notify about. Each with two gateways of one job.
OUTAGES = {
    "EnOS is down, its breaker open": (
        ["EnosGatewayBreakerOpen", "EnosGatewayEnosUnreachable", "EnosGatewayNoToken", "EnosGatewayEnosSlow"],
        ["EnosGatewayBreakerOpen"]),
    "EnOS is down, the breaker on probation": (
        ["EnosGatewayEnosUnreachable", "EnosGatewayNoToken", "EnosGatewayTokenNotRenewed"],
        ["EnosGatewayEnosUnreachable"]),
    "The keys are refused": (
        ["EnosGatewayCredentialsRefused", "EnosGatewayNoToken"],
        ["EnosGatewayCredentialsRefused"]),
    "There is no token for another reason": (["EnosGatewayNoToken"], ["EnosGatewayNoToken"]),
}


def request(address, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(f"http://{address}/api/v2/{path}", data, {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(call, timeout=30) as answer:
        return json.loads(answer.read() or "null")


def alerts(job, names):
    return [{"labels": {"alertname": name, "job": job, "instance": f"g{i}:9464", "severity": "critical"}}
            for name in names for i in range(2)]


def groups(address, job, inhibited):
    """The alerts of a job by group, which is what one notification tells."""
    found = request(address, f"alerts/groups?inhibited={inhibited}")
    return [sorted({alert["labels"]["alertname"] for alert in group["alerts"]})
            for group in found if group["labels"].get("job") == job]


def wait_for(what, expected):
    """What it is in the end: Alertmanager takes alerts in, and inhibits them, a little later than it answers."""
    end = time.monotonic() + 10
    while (seen := what()) != expected and time.monotonic() < end:
        time.sleep(0.02)
    return seen


def check(address):
    failures = 0
    for title, (firing, expected) in OUTAGES.items():
        job = title.replace(" ", "-")
        request(address, "alerts", alerts(job, firing))
        wait_for(lambda: groups(address, job, "true"), [sorted(firing)])
        if (seen := wait_for(lambda: groups(address, job, "false"), [expected])) != [expected]:
            print(f"alertmanager.py: {title}: notifies {seen}, expected {[expected]}", file=sys.stderr)
            failures += 1
    return failures


def main(configuration):
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen(["prometheus-alertmanager", f"--config.file={configuration}", f"--storage.path={folder}",
                               "--web.listen-address=127.0.0.1:0", "--cluster.listen-address="],
                              stderr=subprocess.PIPE, text=True) as program:
            try:
                for line in program.stderr:
                    if found := re.search(r'"Listening on" address=(\S+)', line):
                        return check(found[1])
                print("alertmanager.py: prometheus-alertmanager ended", file=sys.stderr)
                return 1
            finally:
                program.kill()


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1]) else 0)
