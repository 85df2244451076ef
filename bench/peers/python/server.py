"""The gateway's main job, written the straightforward way in Python: a gRPC server that passes UpdateAndTriggerFlow on to
the EnOS REST API."""

import argparse
import asyncio
import logging
import os
import ssl
import sys

import aiohttp
import grpc

from enos.dataflow.v1 import flow_service_pb2_grpc
from flow_service import FlowService
from token_source import TokenSource


def read_settings():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:50051", help="HOST:PORT to serve on")
    parser.add_argument("--enos_url", required=True, help="address of EnOS's API gateway")
    parser.add_argument("--enos_ca_file", help="CA certificates (PEM) to check EnOS against")
    parser.add_argument("--upstream_timeout", type=float, default=30, help="longest that one call may take, in seconds")
    settings = parser.parse_args()
    settings.access_key = os.environ.get("ENOS_ACCESS_KEY")
    settings.secret_key = os.environ.get("ENOS_SECRET_KEY")
    if not settings.access_key or not settings.secret_key:
        parser.error("ENOS_ACCESS_KEY and ENOS_SECRET_KEY are required")
    return settings


def connect_to_enos(settings):
    """A session with a connection for every call in flight: the default would let calls wait for one of a hundred."""
    context = ssl.create_default_context(cafile=settings.enos_ca_file) if settings.enos_ca_file else None
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30, ssl=context),
        timeout=aiohttp.ClientTimeout(total=settings.upstream_timeout))


async def main():
    settings = read_settings()
    async with connect_to_enos(settings) as session:
        tokens = TokenSource(session, settings.enos_url, settings.access_key, settings.secret_key)
        await tokens.start()
        server = grpc.aio.server(options=[("grpc.max_receive_message_length", 1 << 20), ("grpc.so_reuseport", 0)])
        service = FlowService(session, settings.enos_url, settings.secret_key, tokens)
        flow_service_pb2_grpc.add_FlowServiceServicer_to_server(service, server)
        server.add_insecure_port(settings.listen)
        await server.start()
        logging.info("listening on %s", settings.listen)
        await server.wait_for_termination()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    sys.exit(asyncio.run(main()))
