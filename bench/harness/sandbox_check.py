"""Whether each server does its job and not only answers: a call to the sandbox, which checks tokens and signatures.

nginx, for the load, takes anything.
"""

import os
import urllib.request

import measure
import process
import servers

# What has to be escaped, in the query and in JSON.
_CALL = ("--user_id=a b/\u00fc", "--org_id=o&1=+", "--flow_id=3377", "--trigger_time=1574385824123",
         '--param=REPLACE=d<"de>\\', "--param=empty=")


def _sandbox(root, port, log):
    program = process.Process(
        [os.path.join(root, "build/release/bin/enos-sandbox"), f"--listen=127.0.0.1:{port}", "--quiet",
         f"--access_key={servers.KEYS['ENOS_ACCESS_KEY']}", f"--secret_key={servers.KEYS['ENOS_SECRET_KEY']}"],
        log, environment=measure.clean_environment())
    program.wait_for_port(port)
    return program


def _kill_tokens(url):
    with urllib.request.urlopen(urllib.request.Request(f"{url}/_sandbox/tokens", method="DELETE"), timeout=10):
        pass


def check(root, folder, server, shape):
    """None, or what is wrong."""
    ports = process.free_port(), process.free_port()
    url, address = f"http://127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}"
    sandbox = _sandbox(root, ports[0], os.path.join(folder, f"logs/sandbox-{server.name}.log"))
    program = None
    try:
        program = process.Process(server.command(root, address, url, shape, ""),
                                  os.path.join(folder, f"logs/checked-{server.name}.log"),
                                  environment={**measure.clean_environment(), **servers.KEYS})
        program.wait_for_port(ports[1])
        measure.checked_call(root, address, _CALL)
        _kill_tokens(url)  # the next call is refused for its token, and needs another one
        measure.checked_call(root, address, _CALL)
    except (measure.Failed, RuntimeError, OSError) as error:
        return str(error)
    finally:
        if program:
            program.stop()
        sandbox.stop()
    return None
