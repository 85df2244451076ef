"""The table of shapes: how many calls at once, over how many connections, of what size, to what kind of EnOS.

A new shape is a new row. What a server has to do for it (another flag, say) is in servers.py.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    name: str
    title: str
    connections: int
    streams: int  # calls at once on each connection
    parameters: int = 1
    upstream: str = "plain"  # of upstream.py: plain, tls or slow (answers after a second)
    calls: int = 0  # 0: as many as the server answers in the time that a measurement may take
    warm_up_calls: int = 2000
    left_out: tuple = ()  # servers for which the shape makes no sense
    direct: bool = False  # measure nginx without any server between, too
    inbound_tls: bool = False  # callers come over TLS, too
    rules: int = 0  # of a policy by which every call is judged
    watches: int = 0  # no calls, but so many watched runs, each polled every second
    idle: bool = False  # no load: the start, and what a server that nobody calls takes

    @property
    def in_flight(self):
        return self.connections * self.streams


SHAPES = [
    Shape("idle", "Start, and nobody calls", 1, 1, left_out=("baseline-post",), idle=True),
    Shape("one", "One call at a time", 1, 1, direct=True),
    Shape("64", "64 in flight (8 connections × 8)", 8, 8),
    Shape("200", "200 in flight (4 connections × 50)", 4, 50),
    Shape("50-parameters", "Bodies with 50 parameters, 64 in flight", 8, 8, parameters=50),
    Shape("1000-parameters", "Bodies with 1,000 parameters, 64 in flight", 8, 8, parameters=1000, warm_up_calls=500),
    Shape("tls", "TLS to EnOS, 64 in flight", 8, 8, upstream="tls"),
    # What HTTP/2 would take off: the bare library alone, all calls on one connection.
    Shape("tls-h2", "TLS and HTTP/2 to EnOS, 64 in flight on one connection", 8, 8, upstream="tls2",
          left_out=("gateway", "gateway-late-headers", "go", "java", "node", "python", "baseline-echo", "nginx-proxy")),
    # h2load cannot present a certificate of its own: mutual TLS has no shape.
    Shape("inbound-tls", "TLS from callers, 64 in flight", 8, 8, inbound_tls=True,
          left_out=("go", "java", "node", "python", "baseline-echo", "baseline-post")),
    # At 700 µs a call Python would need several seconds of work for each second of calls.
    Shape("10k", "10,000 in flight (100 connections × 100), EnOS takes 1 s", 100, 100, upstream="slow",
          calls=30000, warm_up_calls=10000, left_out=("python",)),
]
