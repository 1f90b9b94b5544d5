"""How gunicorn runs RMOS: `rmos serve` names this module, and `gunicorn.conf.py` of a checkout hands it on.

Threads, because a request waits for a disk most of its time; a few processes, because Python runs one thread at a time.
Every setting can be overruled on gunicorn's command line, except that RMOS is not served beyond this machine as long as
callers need no token.
"""

import contextlib
import ipaddress
import os
import re
import resource
import shutil
import socket
import struct
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from rmos.config import load_settings, read_prefix
from rmos.errors.installation import ConfigError
from rmos.logs import StderrHandler
from rmos.store.tokens import open_tokens

bind = "127.0.0.1:8000"
worker_class = "rmos.worker.BoundedWorker"
workers = 2
threads = 8
worker_connections = 400  # far below OPEN_FILES: one connection too many would end the worker
timeout = 60
graceful_timeout = 30
keepalive = 30  # longer than the proxy of deploy/nginx.conf keeps a connection, so that it never uses one just closed
limit_request_line = 8190  # a cursor and every filter of a list take a tenth of it
limit_request_fields = 64
limit_request_field_size = 8190
# Engine plug-ins are other people's code, and what they lose sight of should not add up over months. A worker takes
# about a second to come back; the jitter keeps two from going at once. One that refuses writes stays (`pre_request`).
max_requests = 200_000
max_requests_jitter = 40_000
preload_app = False  # a connection or thread made before the fork would be shared by all workers
control_socket_disable = True  # it would be written to the home folder of whoever starts the service
# A heartbeat on a slow disk makes gunicorn kill workers that are well.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that prometheus_client looks at when it is imported, so nothing that imports it is imported here."""
OPEN_FILES = 1024
SEND_S = 30
"""How long a client may take none of an answer (RMOS policy)."""
OWN_FOLDER = "rmos-metrics-"
"""How the name of a folder for metrics begins that is made here."""


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """What gunicorn itself logs, in the form of all other lines."""

    def setup(self, cfg: Any) -> None:
        """Set the log up from gunicorn's settings, with the format of RMOS."""
        super().setup(cfg)
        if cfg.errorlog == "-":
            try:
                as_json = load_settings().log_format == "json"
            except ConfigError:
                as_json = False  # `on_starting` ends the start over it
            self.error_log.handlers[:] = [StderrHandler(as_json=as_json)]


forwarder_headers = ""
"""No client, and no proxy, moves the service to another path by a header; `SCRIPT_NAME` in the environment does."""
logger_class = ServerLog


def is_local(address: Any) -> bool:
    """Tell whether only this machine can reach `address`: a path, a descriptor, or (host, port, ...)."""
    if isinstance(address, int):
        with socket.socket(fileno=os.dup(address)) as inherited:
            address = inherited.getsockname()
    if not isinstance(address, tuple):
        return True
    try:
        found = socket.getaddrinfo(address[0], None)
    except OSError:
        return False
    return all(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]).is_loopback for entry in found)


def needs_tokens() -> bool:
    """Tell whether every caller needs a token: the settings say so, or one was made.

    A bucket is not asked: its client cannot be carried over the fork of the workers, so there the settings have to say
    so. A wrong setting ends the process in one line that names it.
    """
    try:
        settings = load_settings()
    except ConfigError as error:
        sys.exit(f"rmos: {error.detail}")
    if settings.auth == "tokens":
        return True
    return isinstance(settings.runs_dir, Path) and open_tokens(settings).has_any()


def refuse_strangers(addresses: Iterable[Any]) -> None:
    """End the process in one line when one of `addresses` is open to other machines and nobody needs a token."""
    if needs_tokens():
        return
    for address in addresses:
        if not is_local(address):
            sys.exit(
                f"RMOS does not listen on {address[0]}: there is no token yet, so every caller would be trusted. "
                "Make one first (`rmos token create NAME --role operator`) or set RMOS_AUTH=tokens."
            )


def refuse_prefix(prefix: str) -> None:
    """End the process in one line when links cannot be made with the prefix that `SCRIPT_NAME` names."""
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", prefix):
        sys.exit(f"rmos: SCRIPT_NAME is {prefix!r}; it must be a path such as /rmos, without a slash at its end.")


def share_metrics(log: Any) -> None:
    """Have the workers count together, in an empty folder in memory or in the one that the environment names.

    Where there is none to be had, each worker counts for itself.
    """
    given = os.environ.pop(METRICS_FOLDER, None)
    try:
        folder = Path(given or tempfile.mkdtemp(prefix=OWN_FOLDER, dir=worker_tmp_dir))
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.db"):
            path.unlink()
        with tempfile.TemporaryFile(dir=folder):
            pass  # it takes files
    except OSError as error:
        log.warning("each worker counts for itself, there is no folder for metrics: %s", error.strerror)
    else:
        os.environ[METRICS_FOLDER] = str(folder)


def raise_file_limit() -> None:
    """Let the workers open as many files as `worker_connections` counts on; macOS begins with 256."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        with contextlib.suppress(OSError, ValueError):  # it may be forbidden; then few connections are served well
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def on_starting(server: Any) -> None:
    """Look at the addresses asked for and at the settings, before anything is bound or started again and again."""
    refuse_strangers(server.cfg.address)
    refuse_prefix(read_prefix())
    raise_file_limit()
    share_metrics(server.log)


def when_ready(server: Any) -> None:
    """Look at the sockets themselves: those that systemd hands over were not asked for by address."""
    refuse_strangers(listener.getsockname() for listener in server.LISTENERS)
    for listener in server.LISTENERS:
        # Connections inherit it: a client that takes none of an answer gives its thread back.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", SEND_S, 0))


def post_worker_init(worker: Any) -> None:
    """Start the upkeep of the store: a thread, so it has to begin after the fork."""
    worker.wsgi.extensions["rmos"].start_upkeep(wait_s=5)


def pre_request(worker: Any, req: Any) -> None:
    """Put the end of a worker off while only a person may end it.

    A worker that refuses writes after a failed fsync does so until it is restarted by whoever has looked at the disk;
    ending after its `max_requests` would restart it in secret.
    """
    if worker.nr + 1 >= worker.max_requests and worker.wsgi.extensions["rmos"].refuses_writes():
        worker.max_requests = sys.maxsize


def worker_exit(server: Any, worker: Any) -> None:
    """End the upkeep of a worker that ends; its requests have been answered by then."""
    with contextlib.suppress(AttributeError):  # it ended before it had loaded the service
        worker.wsgi.extensions["rmos"].close()


def child_exit(server: Any, worker: Any) -> None:
    """Forget what a worker that is gone had under way; what it had counted stays."""
    if METRICS_FOLDER in os.environ:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - see METRICS_FOLDER

        mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Remove the folder of the metrics, unless somebody else chose it."""
    folder = Path(os.environ.get(METRICS_FOLDER, ""))
    if folder.name.startswith(OWN_FOLDER):
        shutil.rmtree(folder, ignore_errors=True)
