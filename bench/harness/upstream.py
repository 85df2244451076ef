"""EnOS's part is played by nginx: the documented sample answer, over plain HTTP, over TLS and after a second."""

import os
import re
import signal
import subprocess
import urllib.request

import messages
import process

TOKEN_PATH = "/apim-token-service/v2.0/token/get"
FLOWS_PATH = "/dataflow-batch-service/v2.0/flows"
TOKEN = "0123456789abcdef0123456789abcdef"
INSTANCES_PATH = "/dataflow-batch-service/v2.0/flowInstances"
FLOW_ANSWER = f'{{"status":0,"msg":" Success","data":{{"flowInstanceId":"{messages.INSTANCE_ID}"}}}}'
_INSTANCE_ANSWER = (f'{{"status":0,"msg":" Success","data":{{"instanceId":"$arg_flowInstId","flowId":{messages.FLOW_ID},'
                    '"status":2,"statusDesc":"Running","owner":"user-1","freq":"D"}}')
_ECHO_MODULE = "/usr/lib/nginx/modules/ngx_http_echo_module.so"

_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30")

# All that nginx writes stands in its folder; messages of any size.
_HTTP_BLOCK = """\
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 8m;
"""

_CONFIGURATION = """
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
load_module {echo_module};
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  default_type application/json;
""" + _HTTP_BLOCK + """  # Connections stay: what is measured is calls, not connecting.
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  server {{
    listen 127.0.0.1:{plain} backlog=16384;
    location = {token_path} {{ return 200 '{token_answer}'; }}
    location = {flows_path} {{ return 200 '{flow_answer}'; }}
    location = {instances_path} {{ return 200 '{instance_answer}'; }}
  }}
  server {{
    listen 127.0.0.1:{tls} ssl backlog=16384;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.key;
    location = {token_path} {{ return 200 '{token_answer}'; }}
    location = {flows_path} {{ return 200 '{flow_answer}'; }}
  }}
  server {{
    listen 127.0.0.1:{tls2} ssl http2 backlog=16384;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.key;
    # The body is read first: libcurl takes an answer that overtakes it (RST_STREAM, NO_ERROR) for a failure.
    location = {flows_path} {{ echo_read_request_body; echo -n '{flow_answer}'; }}
  }}
  server {{
    listen 127.0.0.1:{slow} backlog=16384;
    location = {token_path} {{ return 200 '{token_answer}'; }}
    location = {flows_path} {{ echo_sleep 1; echo -n '{flow_answer}'; }}
  }}
  server {{
    listen 127.0.0.1:{status};
    location = /status {{ stub_status; }}
  }}
}}
"""


# What nothing but the transport costs: the calls' own bytes come over HTTP/2 and go out over HTTP/1.1. A single process, as
# one worker.
_PROXY_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/{name}.pid;
error_log stderr warn;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
""" + _HTTP_BLOCK + """  client_body_buffer_size 1m;  # no file for a body
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  http2_max_concurrent_streams 1000;
  upstream enos {{
    server {upstream};
    keepalive 10000;
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
  }}
  server {{
    listen {listen} http2 {ssl} backlog=16384;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.key;
    location / {{
      proxy_pass {scheme}://enos;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host {upstream};
      proxy_ssl_trusted_certificate {folder}/ca.pem;
      proxy_ssl_verify on;
      proxy_ssl_name localhost;
    }}
  }}
}}
"""


def _run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")


def make_certificates(folder):
    """A CA of our own (ca.pem), and what it signed for 127.0.0.1 (server.pem, server.key)."""
    _run("openssl", "req", "-x509", *_CURVE, "-subj", "/CN=Benchmark CA", "-keyout", f"{folder}/ca.key",
         "-out", f"{folder}/ca.pem")
    sign(folder, "server", "IP:127.0.0.1,DNS:localhost")  # nginx, as a client, compares names only


def sign(folder, name, subject_alt_name):
    """NAME.pem and NAME.key, by the CA that is in the folder."""
    _run("openssl", "req", "-x509", *_CURVE, "-subj", f"/CN={name}", "-keyout", f"{folder}/{name}.key",
         "-out", f"{folder}/{name}.pem", "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key",
         "-addext", f"subjectAltName={subject_alt_name}", "-addext", "basicConstraints=critical,CA:FALSE")


class Upstream:
    """nginx, while it runs."""

    def __init__(self, folder, descriptors):
        os.makedirs(folder, exist_ok=True)
        make_certificates(folder)
        self.ca_file = f"{folder}/ca.pem"
        self.certificate_file, self.key_file = f"{folder}/server.pem", f"{folder}/server.key"  # for 127.0.0.1
        self._folder, self._connections = folder, descriptors - 100
        self._ports = {name: process.free_port() for name in ("plain", "tls", "tls2", "slow", "status")}
        configuration = f"{folder}/nginx.conf"
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(_CONFIGURATION.format(
                folder=folder, workers=max(1, os.cpu_count() // 2), connections=self._connections,
                echo_module=_ECHO_MODULE, token_path=TOKEN_PATH, flows_path=FLOWS_PATH,
                token_answer=f'{{"status":0,"msg":"SUCCESS","data":{{"accessToken":"{TOKEN}","expire":7200}}}}',
                flow_answer=FLOW_ANSWER, instances_path=INSTANCES_PATH, instance_answer=_INSTANCE_ANSWER,
                **self._ports))
        self._nginx = process.Process(["nginx", "-p", folder, "-e", f"{folder}/error.log", "-c", configuration],
                                      f"{folder}/nginx.log")
        for port in self._ports.values():
            self._nginx.wait_for_port(port)

    def url(self, kind):
        return f"{'https' if kind.startswith('tls') else 'http'}://127.0.0.1:{self._ports[kind]}"

    def proxy_command(self, listen, url, shape):
        """nginx between callers and EnOS."""
        scheme, _, upstream = url.partition("://")
        name = f"proxy-{listen.rpartition(':')[2]}"
        with open(f"{self._folder}/{name}.conf", "w", encoding="utf-8") as file:
            file.write(_PROXY_CONFIGURATION.format(
                folder=self._folder, name=name, connections=self._connections, listen=listen, scheme=scheme,
                upstream=upstream, ssl="ssl" if shape.inbound_tls else ""))
        return ["nginx", "-p", self._folder, "-e", "stderr", "-c", f"{self._folder}/{name}.conf"]

    def counts(self):
        """(connections accepted, requests answered) since the start; asking adds one to each of them."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._ports['status']}/status", timeout=30) as answer:
            accepted, _, requests = re.search(r"^ (\d+) (\d+) (\d+)", answer.read().decode(), re.MULTILINE).groups()
        return int(accepted), int(requests)

    def cpu_seconds(self):
        """Of all its processes, so far."""
        return process.tree_cpu_seconds(self._nginx.pid)

    def stop(self):
        self._nginx.stop(signal.SIGTERM)
