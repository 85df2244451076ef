"""The example of a daily job (client/examples/kubernetes_job) against a real gateway: its status, and one start a day."""

import importlib.util
import os
import subprocess
import sys
import unittest

from grpc import StatusCode

from enos_flow_client import Execution, FlowError, KeyState
from test_gateway import GUARD, GatewayCase

JOB = [sys.executable, "-B", os.environ["ENOS_NIGHTLY_FLOW"], "--name=nightly", "--user_id=alice", "--org_id=o15"]


class StatusOfTest(unittest.TestCase):
    """The status after an error, where a gateway cannot easily be made to give it."""

    def test_rows(self):
        spec = importlib.util.spec_from_file_location("nightly_flow", os.environ["ENOS_NIGHTLY_FLOW"])
        job = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(job)
        unknown, not_executed = Execution.UNKNOWN, Execution.NOT_EXECUTED
        for name, status, error in [
                ("the run is known", 1, FlowError(StatusCode.NOT_FOUND, execution=None)),
                ("kept", 1, FlowError(StatusCode.UNKNOWN, execution=unknown, key_kept=True)),
                ("in progress, the first answer", 1, FlowError(
                    StatusCode.ABORTED, reason_name="IDEMPOTENCY_IN_PROGRESS", execution=unknown, key_state=KeyState.RESERVED)),
                ("a break before the headers", 4, FlowError(StatusCode.UNAVAILABLE, execution=unknown)),
                ("in doubt for good", 4, FlowError(
                    StatusCode.UNKNOWN, reason_name="ENOS_TIMEOUT", execution=unknown, key_state=KeyState.DOUBT, key_kept=True)),
                ("a gateway that knows no keys", 4, FlowError(StatusCode.UNKNOWN, reason_name="ENOS_TIMEOUT", execution=unknown)),
                ("keys are kept no longer", 4, FlowError(StatusCode.FAILED_PRECONDITION, execution=unknown)),
                ("busy", 1, FlowError(StatusCode.UNAVAILABLE, reason_name="GATEWAY_OVERLOADED", execution=not_executed)),
                ("refused", 2, FlowError(StatusCode.NOT_FOUND, reason_name="ENOS_NOT_FOUND", execution=not_executed))]:
            with self.subTest(name):
                self.assertEqual(job.status_of(error), status)


class NightlyFlowTest(GatewayCase):
    def job(self, flow_id, *more, address=None):
        return subprocess.run(JOB + [f"--flow_id={flow_id}", f"--address={address or self.gateway.address}", *more],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=GUARD, check=False)

    def test_twice_on_a_day_starts_once_and_the_next_day_again(self):
        self.start("--run_time=1s", gateway_flags=("--watch_interval=1s",))
        first, second = (self.job(3377, "--date=2026-07-01") for _ in range(2))
        self.assertRegex(first.stdout, r"^started (3377-\d+)\n\1 ended: SUCCEEDED\n$")
        self.assertEqual((first.returncode, second.returncode, second.stdout), (0, 0, first.stdout.replace("started", "found")))
        self.assertEqual(len(self.calls()), 1)
        self.assertEqual(self.job(3377, "--date=2026-07-02").returncode, 0)
        self.assertEqual(len(self.calls()), 2)

    def test_status_of_what_does_not_go_well(self):
        self.start("--run_time=1s", "--fault=500:reset", "--run_fault=7:cancelled", gateway_flags=("--watch_interval=1s",))
        for status, flow_id, more in ((2, 62104, ()), (2, 1, ("--date=today",)), (3, 7, ()), (4, 500, ())):
            ended = self.job(flow_id, f"--name=nightly-{flow_id}", *more)
            self.assertEqual(ended.returncode, status, ended.stdout)

    def test_a_pod_that_is_evicted_is_followed_by_one_that_finds_the_run(self):
        self.start("--run_time=3s", gateway_flags=("--watch_interval=1s",))
        evicted = subprocess.Popen(JOB + ["--flow_id=3377", "--date=2026-07-01", f"--address={self.gateway.address}"], stdout=subprocess.PIPE)
        self.addCleanup(evicted.stdout.close)
        self.assertIn(b"started", evicted.stdout.readline())
        evicted.terminate()
        self.assertEqual(evicted.wait(GUARD), 1)
        next_one = self.job(3377, "--date=2026-07-01")
        self.assertEqual(next_one.returncode, 0, next_one.stdout)
        self.assertIn("found", next_one.stdout)

    def test_a_gateway_without_keys_is_refused(self):
        self.start(keys=False)
        self.assertEqual(self.job(1).returncode, 2)
        self.assertEqual(self.calls(), [])


del GatewayCase  # it has no tests of its own

if __name__ == "__main__":
    unittest.main()
