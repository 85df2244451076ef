"""What stands around a call, in CPU time of the gateway: see bench/overhead.sh."""

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import machine
import measure
import process
import servers
import upstream

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GATEWAY = f"{ROOT}/build/release/bin/enos-flow-gateway"
CALLER = f"{ROOT}/build/release/bench/steady-calls"
SPIFFE_ID = "spiffe://bench/caller"
QUIET = ("--log_level=error",)


@dataclass(frozen=True)
class Variant:
    name: str
    gateway: tuple = ()  # flags; {name} is a file of Files
    caller: tuple = ()
    program: str = GATEWAY


TLS = ("--tls_cert_file={server.pem}", "--tls_key_file={server.key}")
MUTUAL_TLS = (*TLS, "--tls_client_ca_file={ca.pem}")
TOKENS = ("--policy_file={policy.json}", "--jwt_keys_file={jwt.pem}", "--jwt_issuer=bench", "--jwt_audience=gateway")
CERTIFICATE = ("--ca_file={ca.pem}", "--cert_file={client.pem}", "--key_file={client.key}")

VARIANTS = [
    Variant("no log", QUIET),
    Variant("log"),
    Variant("log, trace", (), ("--trace",)),
    Variant("log, trace, token and policy", TOKENS, ("--trace", "--token_file={token}")),
    Variant("TLS", TLS, ("--ca_file={ca.pem}",)),
    Variant("mutual TLS", MUTUAL_TLS, CERTIFICATE),
    Variant("mutual TLS, policy", (*MUTUAL_TLS, "--policy_file={policy.json}"), CERTIFICATE),
]


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def run(*command, data=None):
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


class Files:
    """Certificates (beside those of the upstream), a token and a policy, of which the last rule is the callers'."""

    def __init__(self, folder, rules=100):
        self.folder = folder
        upstream.sign(folder, "client", f"URI:{SPIFFE_ID}")
        run("openssl", "genrsa", "-out", self["jwt.key"], "2048")
        run("openssl", "rsa", "-in", self["jwt.key"], "-pubout", "-out", self["jwt.pem"])
        self._write("token", self._token())
        self._write("policy.json", json.dumps({"rules": [self._rule(i, i == rules - 1) for i in range(rules)]}))

    def __getitem__(self, name):
        return os.path.join(self.folder, name)

    def _write(self, name, text):
        with open(self[name], "w", encoding="ascii") as file:
            file.write(text)

    def _token(self):
        claims = {"iss": "bench", "aud": "gateway", "sub": "system:serviceaccount:bench:caller", "exp": 4_000_000_000}
        parts = [base64url(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
        signature = run("openssl", "dgst", "-sha256", "-sign", self["jwt.key"], data=".".join(parts).encode())
        return ".".join([*parts, base64url(signature)])

    @staticmethod
    def _rule(number, is_the_callers):
        callers = [f"uri:{SPIFFE_ID}", "sub:system:serviceaccount:bench:caller"] if is_the_callers else [f"sub:job-{number}"]
        return {"callers": callers, "org_ids": ["org-1"], "user_ids": ["*"], "flow_ids": ["3000-3999"]}

    def fill(self, words):
        """{name} in a word becomes the file's path."""
        return [word if "{" not in word else word[:word.index("{")] + self[word[word.index("{") + 1:-1]] for word in words]


def measure_once(variant, files, enos, calls, log):
    """µs of CPU a call, and how many cores other programs had meanwhile."""
    port = process.free_port()
    command = [variant.program, f"--listen=127.0.0.1:{port}", "--metrics_listen=127.0.0.1:0",
               f"--enos_url={enos.url('plain')}", *files.fill(variant.gateway)]
    gateway = process.Process(command, log, environment={**measure.clean_environment(), **servers.KEYS})
    try:
        gateway.wait_for_port(port)
        caller = [CALLER, f"--target=127.0.0.1:{port}", *files.fill(variant.caller)]
        run(*caller, f"--calls={max(1, calls // 5)}")  # warms up
        others = machine.Others(enos.cpu_seconds, lambda: process.cpu_seconds(gateway.pid))
        before = process.cpu_seconds(gateway.pid)
        run(*caller, f"--calls={calls}")
        return (process.cpu_seconds(gateway.pid) - before) / calls * 1e6, others.cores()
    finally:
        gateway.stop()


def arguments():
    parser = argparse.ArgumentParser(prog="overhead.sh")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--bare")
    return parser.parse_args()


def main():
    given = arguments()
    variants = list(VARIANTS)
    if given.bare:
        variants.insert(0, Variant("bare", QUIET, program=given.bare))
    with tempfile.TemporaryDirectory() as folder:
        enos = upstream.Upstream(folder, 4096)
        try:
            files = Files(folder)
            seen = {variant.name: [] for variant in variants}
            for repeat in range(given.repeat):
                for variant in variants:
                    cpu, others = measure_once(variant, files, enos, given.calls, f"{folder}/gateway.log")
                    seen[variant.name].append(cpu)
                    print(f"{repeat + 1}/{given.repeat} {variant.name}: {cpu:.1f} µs, others {others:.2f} cores", file=sys.stderr)
        finally:
            enos.stop()
    # Within a round, which is over before the machine changes its mind: ratios of medians say less.
    base = seen[variants[0].name]
    print(f"| variant | CPU a call, µs | of «{variants[0].name}» |\n|---|---:|---:|")
    for name, cpus in seen.items():
        ratios = sorted(cpu / at_first for cpu, at_first in zip(cpus, base))
        quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
        print(f"| {name} | {statistics.median(cpus):.1f} | {quartiles[1]:.3f} ({quartiles[0]:.3f} to {quartiles[2]:.3f}) |")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"overhead.sh: {error.cmd[0]} failed: {error.stderr.decode(errors='replace').strip()[-300:]}")
