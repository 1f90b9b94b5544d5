"""How gunicorn runs RMOS: it reads this file by itself when it is started in this folder, `gunicorn wsgi:app`.

Threads, because a request waits for a disk most of its time; a few processes, because Python runs one thread at a time.
Every setting can be overruled on gunicorn's command line, except that RMOS is not served beyond this machine as long as
callers need no token.
"""

import ipaddress
import os
import socket
import sys

from rmos.config import load_settings
from rmos.errors import ConfigError
from rmos.store.tokens import open_tokens

bind = "127.0.0.1:8000"
worker_class = "gthread"
workers = 2
threads = 8
timeout = 60
graceful_timeout = 30
max_requests = 0  # a worker that leaks is a fault to be mended, not to be hidden
preload_app = False  # a connection or thread made before the fork would be shared by all workers
control_socket_disable = True  # it would be written to the home folder of whoever starts the service
# A heartbeat on a slow disk makes gunicorn kill workers that are well.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


def is_local(address):
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
    return all(ipaddress.ip_address(entry[4][0].partition("%")[0]).is_loopback for entry in found)


def needs_tokens():
    """Tell whether every caller needs a token: the settings say so, or one was made.

    A wrong setting ends the process in one line that names it.
    """
    try:
        settings = load_settings()
    except ConfigError as error:
        sys.exit(f"rmos: {error.detail}")
    return settings.auth == "tokens" or open_tokens(settings).ever()


def refuse_strangers(addresses):
    """End the process in one line when one of `addresses` is open to other machines and nobody needs a token."""
    if needs_tokens():
        return
    for address in addresses:
        if not is_local(address):
            sys.exit(
                f"RMOS does not listen on {address[0]}: there is no token yet, so every caller would be trusted. "
                "Make one first (`flask rmos token create NAME --role operator`) or set RMOS_AUTH=tokens."
            )


def on_starting(server):
    """Look at the addresses asked for and at the settings, before anything is bound or started again and again."""
    refuse_strangers(server.cfg.address)


def when_ready(server):
    """Look at the sockets themselves: those that systemd hands over were not asked for by address."""
    refuse_strangers(listener.getsockname() for listener in server.LISTENERS)


def post_worker_init(worker):
    """Start the upkeep of the store in this worker: a thread, so it has to begin after the fork."""
    worker.wsgi.extensions["rmos"].start_upkeep(wait_s=5)
