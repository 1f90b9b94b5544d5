"""What is found out about a service that has just been started: that it answers, and what is not well with it.

if wait_until_answering(address, still_wanted=lambda: True):
    find_troubles(address, patience_s=10.0)      # ["not quite well: space: 512 MiB free"]
"""

import http.client
import json
import time
from collections.abc import Callable
from contextlib import closing
from typing import Final

from rmos.config import read_prefix
from rmos.serving.addresses import Address

_PAUSE_S: Final = 0.1
_ANSWER_S: Final = 5.0
_FIRST_LOOK_S: Final = 30.0
"""Longer than a first look at the index may take."""
_TOKEN_WANTED: Final = (401, 403)
"""It answers, and tells strangers no more than that."""


def wait_until_answering(address: Address, *, still_wanted: Callable[[], bool]) -> bool:
    """Wait until the service answers; False when it is not wanted any more before it does."""
    while still_wanted():
        try:
            status, _ = _get(address, "/healthz", _ANSWER_S)
        except (OSError, http.client.HTTPException):
            status = 0
        if status in (200, *_TOKEN_WANTED):
            return True
        time.sleep(_PAUSE_S)
    return False


def find_troubles(address: Address, *, patience_s: float) -> list[str]:
    """Return what `/readyz` finds wrong, a line each; an answer that does not come is one too.

    Args:
        patience_s: how long the service may take to get ready; a start looks through the record first.
    """
    gives_up = time.monotonic() + patience_s
    while True:
        is_ready, troubles = _look(address)
        if is_ready or time.monotonic() >= gives_up:
            return troubles
        time.sleep(_PAUSE_S)


def _look(address: Address) -> tuple[bool, list[str]]:
    try:
        status, body = _get(address, "/readyz", _FIRST_LOOK_S)
        if status in _TOKEN_WANTED:
            return True, []
        ready = json.loads(body)
        checks, lists = ready["checks"], ready.get("index", {}).get("lists", True)
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False, ["NOT READY: /readyz does not answer"]
    word = "not quite well" if status == 200 else "NOT READY"
    # One of several hosts is ready before it lists, since it records.
    return status == 200 and lists, [f"{word}: {name}: {found}" for name, found in checks.items() if found != "ok"]


def _get(address: Address, path: str, timeout_s: float) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection(*address, timeout=timeout_s)) as connection:
        connection.request("GET", read_prefix() + path)
        response = connection.getresponse()
        return response.status, response.read()
