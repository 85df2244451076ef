"""Which ends of a stream are followed by another, also against a gateway that ends streams as told."""

import unittest
from concurrent import futures

import grpc

from enos_flow_client import FlowClient, FlowError, Reason, Repeat, Run
from enos_flow_client._error import own_error
from enos_flow_client._proto import flow_service_pb2 as pb
from enos_flow_client._watch import means_watch_again

CODE = grpc.StatusCode
RUN = Run("alice", "o15", "1-2")
SOON = Repeat(initial_backoff=0.001, max_backoff=0.001)


class MeansWatchAgainTest(unittest.TestCase):
    def test_rows(self):
        for code, reason, had_state, has_token, again in [
                (CODE.UNAVAILABLE, "", False, False, True),
                (CODE.UNAVAILABLE, "GATEWAY_SHUTTING_DOWN", True, False, True),
                (CODE.INTERNAL, "", True, False, True),
                (CODE.CANCELLED, "", True, False, True),  # by a drain
                (CODE.INTERNAL, "", False, False, False),
                (CODE.CANCELLED, "", False, False, False),
                (CODE.DEADLINE_EXCEEDED, "", True, False, False),
                (CODE.UNAUTHENTICATED, "CALLER_UNAUTHENTICATED", True, True, True),
                (CODE.UNAUTHENTICATED, "CALLER_UNAUTHENTICATED", False, True, False),
                (CODE.UNAUTHENTICATED, "CALLER_UNAUTHENTICATED", True, False, False),
                (CODE.NOT_FOUND, "ENOS_NOT_FOUND", True, True, False)]:
            with self.subTest(code=code, reason=reason, had_state=had_state, has_token=has_token):
                self.assertIs(means_watch_again(own_error(code, "it failed.", False, reason), had_state, has_token), again)


class FakeGateway(grpc.GenericRpcHandler):
    """Ends watches with the codes of `cuts`, one after another, each after a state; the watch after them sees the run's end."""

    def __init__(self, test, *cuts):
        self.cuts = list(cuts)
        server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[self])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        test.addCleanup(lambda: server.stop(None).wait())
        self.client = FlowClient(f"127.0.0.1:{port}")
        test.addCleanup(self.client.close)

    def service(self, handler_call_details):
        if not handler_call_details.method.endswith("/WatchFlowInstance"):
            return None
        return grpc.unary_stream_rpc_method_handler(
            self._watch, response_serializer=pb.WatchFlowInstanceResponse.SerializeToString)

    def _watch(self, _, context):
        yield pb.WatchFlowInstanceResponse(flow_instance=pb.FlowInstance(flow_instance_id=RUN.flow_instance_id))
        if self.cuts:
            context.abort(self.cuts.pop(0), "")
        yield pb.WatchFlowInstanceResponse(flow_instance=pb.FlowInstance(flow_instance_id=RUN.flow_instance_id, ended=True))


class WatchTest(unittest.TestCase):
    def test_goes_on_over_streams_that_are_cut(self):
        gateway = FakeGateway(self, CODE.UNAVAILABLE, CODE.CANCELLED, CODE.INTERNAL)
        states = [state.ended for state in gateway.client.watch(RUN, repeat=SOON)]
        self.assertEqual(states, [False, True])
        self.assertEqual(gateway.cuts, [])

    def test_ends_when_its_user_cancels_it_or_closes_the_client_in_a_pause(self):
        for end in ["watch.cancel", "client.close"]:
            with self.subTest(end):
                gateway = FakeGateway(self, *[CODE.CANCELLED] * 9)

                def on_repeat(*_):
                    watch.cancel() if end == "watch.cancel" else gateway.client.close()

                watch = gateway.client.watch(RUN, repeat=Repeat(initial_backoff=0.001, on_repeat=on_repeat))
                next(watch)
                with self.assertRaises(FlowError) as raised:
                    next(watch)
                self.assertEqual((raised.exception.code, raised.exception.reason), (CODE.CANCELLED, Reason.UNSPECIFIED))
                self.assertIn("the watch was cancelled", raised.exception.message)
                self.assertEqual(list(watch), [])
                self.assertEqual(len(gateway.cuts), 8)


if __name__ == "__main__":
    unittest.main()
