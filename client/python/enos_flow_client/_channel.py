"""The connection: where the gateway is, TLS, and the caller's token."""

import ipaddress
import os
import stat
from dataclasses import dataclass
from typing import Optional

import grpc

from ._version import __version__

_MAX_TOKEN_BYTES = 8192
_OPTIONS = (
    ("grpc.primary_user_agent", f"enos-flow-client-python/{__version__}"),
    # All connections of the name in turn; never a retryPolicy. Without one gRPC resends only a call that never left, or that
    # the server's GOAWAY says was not processed.
    ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
    ("grpc.service_config_disable_resolution", 1),  # from DNS, which could supply a retryPolicy
    ("grpc.dns_min_time_between_resolutions_ms", 2_000),  # a rolling restart replaces all gateways in less than 30 s
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.initial_reconnect_backoff_ms", 250),
    ("grpc.max_reconnect_backoff_ms", 10_000),
)


@dataclass(frozen=True)
class Target:
    """As FlowClient takes them."""

    address: str
    plaintext: Optional[bool]
    ca_file: Optional[str]
    cert_file: Optional[str]
    key_file: Optional[str]
    server_name: Optional[str]

    @property
    def has_tls_settings(self) -> bool:
        return bool(self.ca_file or self.cert_file or self.key_file or self.server_name)

    @property
    def uses_tls(self) -> bool:
        if self.plaintext is not None:
            return not self.plaintext
        return self.has_tls_settings or not is_loopback_address(self.address)


def is_loopback_address(address: str) -> bool:
    """Whether it can only mean this machine: "localhost", 127.0.0.0/8, ::1, a Unix socket."""
    if _is_unix_socket(address):
        return True
    if "," in address:  # gRPC's lists, as in "ipv6:[::1]:1,[2001:db8::1]:1"
        return False
    host = _host_of(address)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def make_channel(target: Target) -> grpc.Channel:
    """ValueError, or an OSError of a file, if the settings are wrong."""
    _check(target)
    options = list(_OPTIONS)
    if is_loopback_address(target.address):
        # `http_proxy` in the environment must not carry a local, unencrypted call off this machine.
        options.append(("grpc.enable_http_proxy", 0))
    if not target.uses_tls:
        return grpc.insecure_channel(target.address, options=options)
    if target.server_name:
        options.append(("grpc.ssl_target_name_override", target.server_name))
    credentials = grpc.ssl_channel_credentials(
        _read_pem("ca_file", target.ca_file), _read_pem("key_file", target.key_file), _read_pem("cert_file", target.cert_file))
    return grpc.secure_channel(target.address, credentials, options=options)


def check_token_use(token_file: str, target: Target) -> None:
    """A token goes over TLS, or to this machine."""
    if not target.uses_tls and not is_loopback_address(target.address):
        raise ValueError(f"token_file={_shown(token_file)}: a token is not sent in plaintext to another machine "
                         f"({target.address}), expected TLS")
    read_token(token_file)


def read_token(path: str) -> str:
    """ValueError if there is no usable token; its message never has any part of one."""
    try:
        content = _read_regular_file(path, _MAX_TOKEN_BYTES + 3)
    except OSError as error:
        raise ValueError(f"token_file={_shown(path)}: cannot be read ({error.strerror})") from None
    token = content.rstrip(b" \t\r\n\v\f")
    if not token:
        raise ValueError(f"token_file={_shown(path)}: is empty, expected a token")
    if len(content) > _MAX_TOKEN_BYTES + 2 or len(token) > _MAX_TOKEN_BYTES:
        raise ValueError(f"token_file={_shown(path)}: expected a token of at most {_MAX_TOKEN_BYTES} bytes")
    if not all(0x21 <= byte <= 0x7E for byte in token):
        raise ValueError(f"token_file={_shown(path)}: expected a single token: printable ASCII characters, no blanks")
    return token.decode("ascii")


def _check(target: Target) -> None:
    address = target.address
    if not _is_unix_socket(address) and (":" not in address or not _host_of(address)):
        raise ValueError(f"address={address}: expected host:port, for example gateway.example.com:443")
    if target.plaintext and target.has_tls_settings:
        raise ValueError("plaintext: cannot be combined with ca_file, cert_file, key_file or server_name, which are for TLS")
    if bool(target.cert_file) != bool(target.key_file):
        given, missing = ("cert_file", "key_file") if target.cert_file else ("key_file", "cert_file")
        raise ValueError(f"{given}={target.cert_file or target.key_file}: expected {missing} as well")


def _is_unix_socket(address: str) -> bool:
    return address.startswith(("unix:", "unix-abstract:"))


def _host_of(address: str) -> str:
    for prefix in ("dns:///", "ipv4:", "ipv6:"):
        if address.startswith(prefix):
            address = address[len(prefix):]
            break
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.rpartition(":")[0] or address


def _read_pem(option: str, path: Optional[str]) -> Optional[bytes]:
    if not path:
        return None
    try:
        content = _read_regular_file(path)
    except OSError as error:
        raise ValueError(f"{option}={path}: cannot be read ({error.strerror})") from None
    if b"-----BEGIN " not in content:
        raise ValueError(f"{option}={path}: expected a PEM file")
    return content


def _read_regular_file(path: str, max_bytes: int = -1) -> bytes:
    # Non-blocking: opening a pipe would wait for its writer.
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "not a regular file")
        return file.read(max_bytes)


def _shown(path: str) -> str:
    # Giving the token itself in place of a path is an easy mistake. A JWT begins with `{"` in base64.
    return "(a token, expected the path of a file)" if path.startswith("eyJ") else path
