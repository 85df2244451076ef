"""Errors and requests as they go over the wire."""

import pickle
import unittest
from datetime import datetime, timedelta, timezone

import grpc
from google.protobuf import any_pb2

from enos_flow_client import Execution, FieldViolation, FlowClient, FlowError, FlowInstanceState, FlowRequest, KeyState, Reason
from enos_flow_client import is_loopback_address
from enos_flow_client._error import error_from_rpc
from enos_flow_client._model import request_to_message
from enos_flow_client._proto import error_details_pb2 as details
from enos_flow_client._proto import flow_service_pb2 as pb


class FakeRpcError(grpc.RpcError):
    def __init__(self, code, *messages, raw=None, trailers=()):
        status = details.Status()
        for name, message in messages:
            status.details.add(type_url=f"type.googleapis.com/google.rpc.{name}",
                               value=message if isinstance(message, bytes) else message.SerializeToString())
        bytes_ = status.SerializeToString() if raw is None else raw
        self._code, self._trailers = code, (("grpc-status-details-bin", bytes_), *trailers)

    def code(self):
        return self._code

    def details(self):
        return "what happened"

    def trailing_metadata(self):
        return self._trailers


def info(reason="ENOS_ERROR", domain="enos-flow-gateway", **metadata):
    return "ErrorInfo", details.ErrorInfo(reason=reason, domain=domain, metadata=metadata)


def decode(*messages, starts_flow=True, **more):
    return error_from_rpc(FakeRpcError(grpc.StatusCode.UNAVAILABLE, *messages, **more), starts_flow)


class ErrorTest(unittest.TestCase):
    def test_everything_there_is_decoded(self):
        retry = details.RetryInfo()
        retry.retry_delay.seconds, retry.retry_delay.nanos = 1, 500_000_000
        violations = details.BadRequest(field_violations=[{"field": "user_id", "description": "is missing"}])
        error = decode(
            info("FLOW_HAS_NO_TASK", execution="NOT_EXECUTED", enos_code="62104", enos_message="No task", http_status="200",
                 enos_request_id="r-17", key_state="NONE"),
            ("BadRequest", violations), ("RetryInfo", retry), trailers=(("x-request-id", "q-1"),))
        self.assertEqual(
            (error.reason, error.execution, error.enos_code, error.enos_message, error.http_status, error.enos_request_id),
            (Reason.FLOW_HAS_NO_TASK, Execution.NOT_EXECUTED, 62104, "No task", 200, "r-17"))
        self.assertEqual((error.violations, error.retry_after, error.request_id, error.key_state),
                         ([FieldViolation("user_id", "is missing")], 1.5, "q-1", KeyState.NONE))
        self.assertTrue(error.safe_to_repeat)
        self.assertTrue(str(error).endswith(" (request id q-1)"), str(error))
        self.assertEqual(str(pickle.loads(pickle.dumps(error))), str(error))

    def test_whatever_is_not_the_gateways_plain_word_is_unknown(self):
        for name, messages, more in (
                ("no details", (), {}), ("no message", (), {"raw": b"\xff\xff"}),
                ("damaged", (("ErrorInfo", b"\xff\xff"),), {}),
                ("of a proxy", (info(domain="proxy.example.com", execution="NOT_EXECUTED"),), {}),
                ("missing", (info(),), {}), ("lower case", (info(execution="not_executed"),), {}),
                ("longer", (info(execution="NOT_EXECUTED "),), {})):
            with self.subTest(name):
                error = decode(*messages, **more)
                self.assertIs(error.execution, Execution.UNKNOWN)
                self.assertFalse(error.safe_to_repeat)

    def test_the_first_of_ours_counts(self):
        error = decode(info(domain="proxy.example.com", execution="NOT_EXECUTED"), info("ENOS_TIMEOUT", execution="UNKNOWN"))
        self.assertEqual((error.reason, error.execution), (Reason.ENOS_TIMEOUT, Execution.UNKNOWN))

    def test_a_reason_of_a_later_gateway_is_kept_by_name(self):
        error = decode(info("SOMETHING_NEWER", execution="NOT_EXECUTED"))
        self.assertEqual((error.reason, error.reason_name), (Reason.UNSPECIFIED, "SOMETHING_NEWER"))

    def test_numbers_that_are_none(self):
        for text, code, http in (("503", 503, 503), ("99", 99, None), ("600", 600, None), ("-1", -1, None), ("", None, None),
                                 ("abc", None, None), ("9" * 20, None, None)):
            error = decode(info(enos_code=text, http_status=text))
            self.assertEqual((error.enos_code, error.http_status), (code, http), text)

    def test_a_call_that_starts_nothing_has_no_execution(self):
        error = decode(info(execution="UNKNOWN", likely_flow_instance_id="7-1"), starts_flow=False)
        self.assertEqual((error.execution, error.likely_flow_instance_id, error.safe_to_repeat), (None, "", True))


class ModelTest(unittest.TestCase):
    def test_enums_are_those_of_the_proto(self):
        self.assertEqual({reason.name: reason.value for reason in Reason},
                         {name.replace("ERROR_REASON_", ""): number for name, number in pb.ErrorReason.items()})
        self.assertEqual({f"FLOW_INSTANCE_STATE_{state.name}": state.value for state in FlowInstanceState},
                         dict(pb.FlowInstanceState.items()))

    def test_our_details_read_what_google_wrote(self):
        packed = any_pb2.Any(type_url="t/google.rpc.ErrorInfo", value=b"x").SerializeToString()
        self.assertEqual(details.Detail.FromString(packed).value, b"x")

    def test_request_becomes_a_message(self):
        time = datetime(2026, 7, 1, 10, 0, 0, 5000, timezone(timedelta(hours=2)))
        request = FlowRequest("alice", "o15", 7, [("A", "1"), ("A", "2")], time, None)
        message = request_to_message(request, "")
        self.assertEqual(message.trigger_time.ToJsonString(), "2026-07-01T08:00:00.005Z")
        self.assertEqual([(p.key, p.value) for p in message.parameters], [("A", "1"), ("A", "2")])

    def test_what_cannot_be_a_request_is_refused(self):
        for more in ({"idempotency_key": "mine"}, {"trigger_time": datetime(2026, 7, 1)}):
            with self.assertRaisesRegex(ValueError, "^trigger_time: "):
                FlowRequest("alice", "o15", 7, **more)


class SettingsTest(unittest.TestCase):
    def test_loopback(self):
        for address in ("localhost:1", "127.9.9.9:1", "[::1]:1", "ipv4:127.0.0.1:1", "dns:///localhost:1", "unix:/run/x"):
            self.assertTrue(is_loopback_address(address), address)
        for address in ("gateway:1", "10.0.0.1:1", "[::2]:1", "localhost.example.com:1", "ipv6:[::1]:1,[2001:db8::1]:1"):
            self.assertFalse(is_loopback_address(address), address)

    def test_wrong_settings_are_named(self):
        for more, begins in (
                ({"address": "gateway"}, "address=gateway: "), ({"ca_file": "/no/such"}, "ca_file=/no/such: cannot be read "),
                ({"ca_file": __file__}, "ca_file=.*: expected a PEM"), ({"cert_file": "c"}, "cert_file=c: expected key_file"),
                ({"plaintext": True, "server_name": "x"}, "plaintext: "), ({"token_file": "/no/such"}, "token_file=/no/such: "),
                ({"address": "gateway:1", "plaintext": True, "token_file": __file__}, "token_file=.*: a token is not sent"),
                ({"token_file": __file__}, "token_file=.*: expected a single token"),
                ({"token_file": "eyJhbGci"}, "token_file=.a token")):
            with self.assertRaisesRegex(ValueError, f"^{begins}") as raised:
                FlowClient(**more)
            self.assertNotIn("eyJ", str(raised.exception))


if __name__ == "__main__":
    unittest.main()
