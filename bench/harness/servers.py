"""The table of servers: what each is called and how it is started.

A peer takes --listen, --enos_url and --enos_ca_file, and the keys from ENOS_ACCESS_KEY and ENOS_SECRET_KEY.
"""

import os
import re
import shlex
import shutil
from dataclasses import dataclass

KEYS = {"ENOS_ACCESS_KEY": "bench-access-key", "ENOS_SECRET_KEY": "bench-secret-key"}


@dataclass(frozen=True)
class Server:
    name: str
    title: str
    program: tuple  # the command, paths relative to the project
    kind: str = "server"  # echo, post (its own load), proxy and direct (nginx itself) take other paths
    flags: tuple = ()
    by_name_only: bool = False  # measured where --only names it, and in the smoke test
    warm_up_seconds: float = 0  # at least
    as_given: bool = False  # the command is the user's own: nothing in it is relative to the project

    def missing(self, root):
        """What is not there to run it, or None."""
        if self.as_given:
            return None
        for word in self.program:
            if "/" in word and not os.path.exists(os.path.join(root, word)):
                return word
            if "/" not in word and shutil.which(word) is None:
                return word
        return None

    def command(self, root, listen, url, shape, enos):
        if self.kind == "proxy":
            return enos.proxy_command(listen, url, shape)
        command = [os.path.join(root, word) if "/" in word and not self.as_given else word for word in self.program]
        command += [f"--listen={listen}", *self.flags]
        if self.kind == "echo":
            if shape.upstream == "slow":
                command.append("--delay_ms=1000")
            return command
        command.append(f"--enos_url={url}")
        if shape.upstream == "tls":
            command.append(f"--enos_ca_file={enos.ca_file}")
        if shape.inbound_tls:
            command += [f"--tls_cert_file={enos.certificate_file}", f"--tls_key_file={enos.key_file}"]
        return command


_GATEWAY = ("build/release/bin/enos-flow-gateway",)
_GATEWAY_FLAGS = ("--metrics_listen=127.0.0.1:0",)

SERVERS = [
    Server("gateway", "this gateway, as shipped", _GATEWAY, flags=_GATEWAY_FLAGS),
    Server("gateway-late-headers", "this gateway, --early_headers=false", _GATEWAY,
           flags=(*_GATEWAY_FLAGS, "--early_headers=false")),
    Server("go", "Go: grpc-go, net/http", ("build/bench/peers/go/gateway-go",)),
    # Its compiler takes half a core for the first 25 s, and then next to nothing.
    Server("java", "Java: grpc-java, java.net.http", ("build/bench/peers/java/gateway-java",), warm_up_seconds=30),
    Server("node", "Node: grpc-js, undici", ("node", "build/bench/peers/node/server.js"),
           by_name_only=True),
    Server("python", "Python: grpc.aio, aiohttp", ("/usr/bin/python3", "build/bench/peers/python/server.py"),
           by_name_only=True),
    Server("baseline-echo", "baseline: bare gRPC C++", ("build/release/bench/baseline-echo",), kind="echo"),
    Server("baseline-post", "baseline: bare libcurl", ("build/release/bench/baseline-post",), kind="post"),
    Server("nginx-proxy", "nginx: HTTP/2 to HTTP/1.1, no more", ("nginx",), kind="proxy"),
    Server("nginx", "nginx itself, HTTP/1.1", ("nginx",), kind="direct"),
]


def also(text):
    """A further gateway, from NAME=COMMAND: another build, other flags, another allocator by way of env(1)."""
    name, separator, command = text.partition("=")
    words = tuple(shlex.split(command))
    if not separator or not words or not re.fullmatch(r"[\w.-]+", name) or name in {s.name for s in SERVERS}:
        raise ValueError(f"'{text}' is not NAME=COMMAND with a name of its own")
    return Server(name, f"{name}: {command}", words, flags=_GATEWAY_FLAGS, as_given=True)


# The row that is computed: what the two libraries cost with nothing between them.
BASELINE = ("baseline-echo", "baseline-post")
