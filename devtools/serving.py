"""`dev.py serve`: a first start for whoever wants to see RMOS run.

It looks at the address before anything else, fills an empty store that nobody named with invented runs, and becomes
gunicorn; a child of it says where RMOS runs as soon as it answers.
"""

import argparse
import contextlib
import http.client
import json
import os
import socket
import time
import tomllib
from pathlib import Path

from devtools import venv
from devtools.telling import Failed, say


def serve(options: argparse.Namespace) -> int:
    """Set up, fill an empty store unless it is somebody's own, become gunicorn."""
    host, port = free_address(options.bind)
    venv.set_up(venv.BASE)
    if options.demo and not has_own_store(venv.ROOT):
        say("Filling the store with invented runs, unless it has some ...")
        status = venv.run([str(venv.BIN / "rmos"), "demo", "--if-empty"])
        if status:
            raise Failed(f"RMOS is not started: `rmos demo --if-empty` ended with exit status {status}.", status=status)
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = venv.python("-m", "gunicorn", "--config", "gunicorn.conf.py", "--bind", where, "--log-level", "warning")
    if options.workers:
        command += ["--workers", str(options.workers)]
    say("Starting RMOS ...")
    os.chdir(venv.ROOT)
    server = os.getpid()
    if os.fork() == 0:
        with contextlib.suppress(KeyboardInterrupt):
            announce(server, host, port)
        os._exit(0)
    # This process becomes gunicorn: signals, exit status and a kill reach it with nobody in between.
    os.execve(command[0], [*command, "wsgi:app"], venv.tool_environment())  # noqa: S606


def free_address(bind: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, made sure that nothing listens there yet; port 0 picks a free one."""
    host, colon, digits = bind.rpartition(":")
    host = host.strip("[]")
    if not colon or not host or not digits.isdecimal() or int(digits) > 65535:
        raise Failed(f"--bind takes HOST:PORT, such as 127.0.0.1:8000, and not {bind!r}.", status=2)
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, int(digits), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return host, int(probe.getsockname()[1])
    except OSError as error:
        raise Failed(f"Cannot listen on {bind}: {error.strerror}. Choose another with --bind 127.0.0.1:PORT.") from None


def has_own_store(root: Path) -> bool:
    """Tell whether a setting names the store: then it is somebody's own, and nothing invented belongs into it."""
    if "RMOS_RUNS_DIR" in os.environ:
        return True
    try:
        return "runs_dir" in tomllib.loads((root / "instance" / "config.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none, or one that RMOS itself will complain of
        return False


def announce(server: int, host: str, port: int) -> None:
    """Say where RMOS runs as soon as it answers, and what to try; give up when the process `server` is gone."""
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    while os.getppid() == server:
        connection = http.client.HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            answered = connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            answered = False
        finally:
            connection.close()
        if answered:
            print(f"RMOS is running at {url}  (Ctrl-C stops it)", flush=True)
            for trouble in find_troubles(host, port):
                print(f"  {trouble}", flush=True)
            print(f"  the newest runs:   curl '{url}/api/rmos/runs?limit=5'", flush=True)
            print("  prove the record:  .venv/bin/rmos verify", flush=True)
            print("  post a cut:        the curl lines in README.md", flush=True)
            return
        time.sleep(0.1)


def find_troubles(host: str, port: int) -> list[str]:
    """Return what `/readyz` finds wrong, a line each; an answer that does not come is one too."""
    # Longer than a first look at the index may take.
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        checks = json.loads(answer.read())["checks"]
        word = "not quite well" if answer.status == 200 else "NOT READY"
        return [f"{word}: {name}: {found}" for name, found in checks.items() if found != "ok"]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return ["NOT READY: /readyz does not answer"]
    finally:
        connection.close()
