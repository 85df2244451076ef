#!/usr/bin/env python3
"""A collector for tests: receives OTLP by HTTP or gRPC, with an implementation that the gateway does not use.

    otlp_receiver.py http|grpc RAW_FILE [--status=N | --silent] [--tls=FOLDER]

Says its port, then a line for each export and one for each span; every byte that it received is in RAW_FILE. --status: answers
exports with this HTTP status; --silent: never answers them. --tls: with server.pem and server.key of this folder; HTTP also demands a
client certificate of the authority in ca.pem.
"""
import concurrent.futures
import http.server
import pathlib
import ssl
import sys
import threading

from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.trace.v1 import trace_pb2


def text_of(value):
    kind = value.WhichOneof("value")
    return str(getattr(value, kind)) if kind else ""


def pairs(attributes):
    return " ".join(f"{a.key}={text_of(a.value)}" for a in sorted(attributes, key=lambda a: a.key))


def line_of(span):
    kind = trace_pb2.Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_")
    status = trace_pb2.Status.StatusCode.Name(span.status.code).removeprefix("STATUS_CODE_")
    events = "".join(f" event[{e.name} {pairs(e.attributes)}]".replace(" ]", "]") for e in span.events)
    state = f" state={span.trace_state}" if span.trace_state else ""
    if span.status.message:
        status += f"({span.status.message})"
    return (f"span {kind} {span.name} trace={span.trace_id.hex()} id={span.span_id.hex()} "
            f"parent={span.parent_span_id.hex() or 'none'}{state} status={status} "
            f"{pairs(span.attributes)}{events}")


class Receiver:
    def __init__(self, raw):
        self.raw = open(raw, "wb")
        self.lock = threading.Lock()

    def take(self, raw, request):
        with self.lock:
            self.raw.write(raw)
            self.raw.flush()
            for resource in request.resource_spans:
                print(f"export {pairs(resource.resource.attributes)}")
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        print(line_of(span))
            sys.stdout.flush()


def serve_http(receiver, status, silent, tls):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if silent:
                print("silent", flush=True)
                threading.Event().wait()
            if status == 200:
                receiver.take(bytes(self.headers) + body, trace_service_pb2.ExportTraceServiceRequest.FromString(body))
            answer = trace_service_pb2.ExportTraceServiceResponse().SerializeToString()
            print(f"request {self.path} {self.headers['Content-Type']} x-test={self.headers['x-test']}", flush=True)
            self.send_response(status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(tls / "ca.pem")
        context.load_cert_chain(tls / "server.pem", tls / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(f"port={server.server_port}", flush=True)
    server.serve_forever()


def serve_grpc(receiver, tls):
    import grpc  # only here: a large module

    def export(raw, context):
        receiver.take(raw, trace_service_pb2.ExportTraceServiceRequest.FromString(raw))
        metadata = dict(context.invocation_metadata())
        print(f"request grpc x-test={metadata.get('x-test')}", flush=True)
        return trace_service_pb2.ExportTraceServiceResponse()

    handler = grpc.unary_unary_rpc_method_handler(
        export, response_serializer=trace_service_pb2.ExportTraceServiceResponse.SerializeToString)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
        "opentelemetry.proto.collector.trace.v1.TraceService", {"Export": handler}),))
    if tls:
        pair = ((tls / "server.key").read_bytes(), (tls / "server.pem").read_bytes())
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"port={port}", flush=True)
    server.wait_for_termination()


def main():
    protocol, raw, *rest = sys.argv[1:]
    values = dict(option.removeprefix("--").partition("=")[::2] for option in rest)
    tls = pathlib.Path(values["tls"]) if "tls" in values else None
    receiver = Receiver(raw)
    if protocol == "grpc":
        serve_grpc(receiver, tls)
    else:
        serve_http(receiver, int(values.get("status", 200)), "silent" in values, tls)


main()
