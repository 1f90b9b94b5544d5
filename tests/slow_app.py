"""The service with routes that no service has: they take their time, answer nonsense or never, or break the disk."""

import errno
import os
import secrets
import threading
import time

from flask import Response

from rmos import create_app
from rmos.auth.roles import OPEN, requires

app = create_app()


@app.get("/slow")
@requires(OPEN)
def slow() -> str:
    """Take until there is a file `go` beside the store, and say by a file that it has begun."""
    beside = app.extensions["rmos"].settings.runs_dir.parent
    (beside / f"begun-{secrets.token_hex(8)}").touch()
    while not (beside / "go").exists():
        time.sleep(0.02)
    return str(os.getpid())


@app.get("/stuck")
@requires(OPEN)
def stick() -> str:
    """Answer never."""
    threading.Event().wait()
    return ""


@app.get("/invalid")
@requires(OPEN)
def answer_invalid() -> Response:
    """Answer what no server may send."""
    return Response(headers={"X-Invalid": "a\x01b"})


@app.get("/break")
@requires(OPEN)
def break_disk() -> str:
    """Have every fsync of this process fail from now on."""

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    os.fsync = fail
    return str(os.getpid())
