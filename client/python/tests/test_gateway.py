"""The installed package against a real gateway and a sandbox, whose programs are in the folder ENOS_PROGRAMS."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
import urllib.request
from datetime import datetime, timezone

import grpc

from enos_flow_client import Execution, FlowClient, FlowError, FlowInstanceState, FlowRequest, KeyState, Reason, Repeat, Run
from enos_flow_client import new_idempotency_key

PROGRAMS = os.environ["ENOS_PROGRAMS"]
GUARD = 60.0  # no test waits for it


class Program:
    """A process, ended with its test."""

    def __init__(self, test, name, pattern, *flags, **environment):
        self.process = subprocess.Popen([os.path.join(PROGRAMS, name), *flags], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], **environment})
        test.addCleanup(self.kill)
        output = ""
        for line in self.process.stdout:
            output += line.decode()
            found = re.search(pattern, output)
            if found:
                self.address = found.group(1)
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return
        raise AssertionError(f"{name} ended: {output}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Relay:
    """Passes bytes on between clients and `target`, until cut."""

    def __init__(self, test, target):
        self._target = target
        self._sockets = []
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()
        test.addCleanup(self._end)

    def cut(self):
        for one in self._sockets:
            _shut(one)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            host, port = self._target.rsplit(":", 1)
            server = socket.create_connection((host, int(port)))
            self.connections += 1
            self._sockets += [client, server]
            for source, sink in ((client, server), (server, client)):
                thread = threading.Thread(target=self._pass, args=(source, sink), daemon=True)
                thread.start()
                self._threads.append(thread)

    def _pass(self, source, sink):
        try:
            while True:
                some = source.recv(65536)
                if not some:
                    break
                sink.sendall(some)
        except OSError:
            pass
        _shut(source)
        _shut(sink)

    def _end(self):
        _shut(self._listener)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()


def _shut(one):
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class GatewayCase(unittest.TestCase):
    def start(self, *sandbox_flags, keys=True, gateway_flags=()):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.sandbox = Program(self, "enos-sandbox", r"ENOS_API_URL=(\S+)\n", "--listen=127.0.0.1:0", *sandbox_flags)
        self.start_gateway("127.0.0.1:0", keys, gateway_flags)

    def start_gateway(self, listen, keys=True, flags=()):
        store = {"ENOS_GATEWAY_IDEMPOTENCY_STORE": f"sqlite:{self.folder}/keys.db"} if keys else {}
        self.gateway = Program(
            self, "enos-flow-gateway", r"listening.*?address\W+(127\.0\.0\.1:\d+)", f"--listen={listen}", "--metrics_listen=",
            "--drain_delay=0s", f"--enos_url={self.sandbox.address}", *flags, ENOS_ACCESS_KEY="sandbox-key",
            ENOS_SECRET_KEY="sandbox-secret", **store)

    def client(self, address=None, **more):
        client = FlowClient(address or self.gateway.address, **more)
        self.addCleanup(client.close)
        return client

    def calls(self):
        with urllib.request.urlopen(self.sandbox.address + "/_sandbox/calls", timeout=GUARD) as view:
            return json.load(view)["calls"]

    def fails(self, call, *arguments, **more):
        with self.assertRaises(FlowError) as raised:
            call(*arguments, **more)
        return raised.exception


class GatewayTest(GatewayCase):
    def test_started_watched_waited_for(self):
        self.start("--run_time=1s", gateway_flags=("--watch_interval=1s",))
        client = self.client()
        flow = client.trigger(FlowRequest("alice", "o15", 3377, {"REPLACE": "ddee"}), timeout=GUARD, request_id="q-1")
        self.assertRegex(flow.flow_instance_id, r"^3377-\d{14}$")
        self.assertEqual((flow.request_id, flow.replayed), ("q-1", False))
        self.assertRegex(flow.idempotency_key, r"^[0-9a-f]{8}-[0-9a-f]{4}-7")
        self.assertEqual(client.get(flow).parameters, (("REPLACE", "ddee"),))
        *_, last = client.watch(flow, timeout=GUARD)
        self.assertTrue(last.succeeded)
        self.assertEqual(client.wait(flow, timeout=GUARD), last)

    def test_refused_with_all_violations(self):
        self.start()
        error = self.fails(self.client().trigger, FlowRequest("", "o15", 0))
        self.assertEqual((error.code, error.reason), (grpc.StatusCode.INVALID_ARGUMENT, Reason.INVALID_REQUEST))
        self.assertEqual([violation.field for violation in error.violations], ["user_id", "flow_id"])
        self.assertTrue(error.safe_to_repeat)
        self.assertTrue(error.request_id)
        self.assertEqual(self.calls(), [])

    def test_refused_by_enos(self):
        self.start()
        error = self.fails(self.client().trigger, FlowRequest("alice", "o15", 62104))
        self.assertEqual((error.reason, error.enos_code, error.key_state), (Reason.FLOW_HAS_NO_TASK, 62104, KeyState.NONE))

    def test_unknown_without_a_key_is_not_repeated(self):
        self.start("--fault=500:reset")
        error = self.fails(self.client().trigger, FlowRequest("alice", "o15", 500, idempotency_key=None))
        self.assertEqual((error.execution, error.reason), (Execution.UNKNOWN, Reason.ENOS_CONNECTION_LOST))
        self.assertFalse(error.safe_to_repeat or error.safe_to_repeat_with_same_key)
        self.assertRegex(error.likely_flow_instance_id, "^500-")
        self.assertEqual(len(self.calls()), 1)

    def test_in_doubt_is_final(self):
        self.start("--fault=500:reset")
        error = self.fails(self.client().trigger, FlowRequest("alice", "o15", 500))
        self.assertEqual((error.execution, error.key_state, error.key_kept), (Execution.UNKNOWN, KeyState.DOUBT, True))
        self.assertFalse(error.safe_to_repeat_with_same_key)
        self.assertEqual(len(self.calls()), 1)

    def test_connection_lost_in_mid_call_is_repeated_with_the_key_and_starts_once(self):
        self.start("--latency=1s")
        relay = Relay(self, self.gateway.address)
        client = self.client(relay.address)
        client.trigger(FlowRequest("alice", "o15", 1), timeout=GUARD)
        threading.Timer(0.5, relay.cut).start()
        flow = client.trigger(FlowRequest("alice", "o15", 3377), timeout=GUARD, repeat=Repeat(attempts=20))
        self.assertTrue(flow.replayed)
        self.assertGreaterEqual(relay.connections, 2)
        self.assertEqual(len(self.calls()), 2)

    def test_connection_lost_in_mid_call_without_a_key_is_unknown(self):
        self.start("--latency=1s")
        relay = Relay(self, self.gateway.address)
        client = self.client(relay.address)
        client.trigger(FlowRequest("alice", "o15", 1), timeout=GUARD)
        threading.Timer(0.5, relay.cut).start()
        error = self.fails(client.trigger, FlowRequest("alice", "o15", 3377, idempotency_key=None), timeout=GUARD)
        self.assertEqual((error.execution, error.reason_name), (Execution.UNKNOWN, ""))

    def test_the_same_key_again_is_replayed(self):
        self.start()
        request = FlowRequest("alice", "o15", 3377, trigger_time=datetime.now(timezone.utc), idempotency_key=new_idempotency_key())
        first, second = (self.client().trigger(request) for _ in range(2))
        self.assertEqual((first.flow_instance_id, first.replayed, second.replayed), (second.flow_instance_id, False, True))

    def test_a_gateway_without_keys(self):
        self.start(keys=False)
        client = self.client()
        self.assertIsNone(client.trigger(FlowRequest("alice", "o15", 1)).idempotency_key)
        self.assertIsNone(client.trigger(FlowRequest("alice", "o15", 2)).idempotency_key)
        self.assertEqual(len(self.calls()), 2)
        own = FlowRequest("alice", "o15", 3, trigger_time=datetime.now(timezone.utc), idempotency_key="mine")
        self.assertIs(self.fails(client.trigger, own).reason, Reason.IDEMPOTENCY_NOT_OFFERED)

    def test_busy_is_repeated_as_long_as_told(self):
        self.start("--fault=3377:code-429x1", gateway_flags=("--max_attempts=1",))
        waits = []
        self.client().trigger(FlowRequest("alice", "o15", 3377), timeout=GUARD,
                              repeat=Repeat(on_repeat=lambda error, wait, attempt: waits.append((error.reason, wait, attempt))))
        self.assertEqual(waits, [(Reason.ENOS_RATE_LIMITED, 1.0, 2)])
        self.assertEqual(len(self.calls()), 2)

    def test_connection_refused_starts_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = "127.0.0.1:%d" % listener.getsockname()[1]
        client = self.client(address)
        error = self.fails(client.trigger, FlowRequest("alice", "o15", 1), repeat=None)
        self.assertEqual((error.reason, error.execution), (Reason.GATEWAY_UNREACHABLE, Execution.NOT_EXECUTED))
        self.assertIn("refused", error.message)
        self.assertIsNone(self.fails(client.wait, Run("alice", "o15", "1-1")).execution)

    def test_nobody_answers_the_connection(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = self.client("127.0.0.1:%d" % listener.getsockname()[1])
            error = self.fails(client.trigger, FlowRequest("alice", "o15", 1), timeout=0.3)
            self.assertEqual((error.code, error.reason, error.execution),
                             (grpc.StatusCode.DEADLINE_EXCEEDED, Reason.GATEWAY_UNREACHABLE, Execution.NOT_EXECUTED))

    def test_a_watch_is_cancelled_before_anybody_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            watch = self.client("127.0.0.1:%d" % listener.getsockname()[1]).watch(Run("alice", "o15", "1-1"))
            threading.Timer(0.2, watch.cancel).start()
            self.assertIs(self.fails(next, watch).code, grpc.StatusCode.CANCELLED)

    def test_a_closed_client(self):
        self.start("--run_time=1h")
        client = self.client()
        flow = client.trigger(FlowRequest("alice", "o15", 3377))
        watch = client.watch(flow)
        next(watch)
        client.close()
        self.assertIs(self.fails(next, watch).code, grpc.StatusCode.CANCELLED)
        error = self.fails(client.trigger, FlowRequest("alice", "o15", 3377), repeat=None)
        self.assertEqual((error.reason, error.execution), (Reason.GATEWAY_UNREACHABLE, Execution.NOT_EXECUTED))
        self.assertEqual(len(self.calls()), 1)

    def test_a_gateway_that_is_replaced_before_the_watch(self):
        self.start("--run_time=1s", gateway_flags=("--watch_interval=1s",))
        client = self.client()
        flow = client.trigger(FlowRequest("alice", "o15", 3377))
        self.gateway.kill()
        threading.Timer(0.3, self.start_gateway, (self.gateway.address,), {"flags": ("--watch_interval=1s",)}).start()
        self.assertTrue(client.wait(flow, timeout=GUARD).succeeded)

    def test_cancelled_run(self):
        self.start("--run_time=1h", gateway_flags=("--watch_interval=1s",))
        client = self.client()
        flow = client.trigger(FlowRequest("alice", "o15", 3377))
        client.cancel(flow)
        self.assertIs(client.wait(flow, timeout=GUARD).state, FlowInstanceState.CANCELLED)

    def test_watch_ends_when_cancelled_or_its_time_is_over(self):
        self.start("--run_time=1h")
        client = self.client()
        flow = client.trigger(FlowRequest("alice", "o15", 3377))
        self.assertIs(self.fails(client.wait, flow, timeout=0.5).reason, Reason.WATCH_TIMEOUT)
        watch = client.watch(flow, timeout=GUARD)
        next(watch)
        threading.Timer(0.1, watch.cancel).start()
        error = self.fails(list, watch)
        self.assertIs(error.code, grpc.StatusCode.CANCELLED)
        self.assertEqual(list(watch), [])

    def test_a_gateway_that_dies_does_not_end_a_watch(self):
        self.start("--run_time=3s", gateway_flags=("--watch_interval=1s",))
        client = self.client()
        watch = client.watch(client.trigger(FlowRequest("alice", "o15", 3377)), timeout=GUARD)
        next(watch)
        self.gateway.kill()
        self.start_gateway(self.gateway.address, flags=("--watch_interval=1s",))
        *_, last = watch
        self.assertTrue(last.succeeded)


if __name__ == "__main__":
    unittest.main()
