"""The service with routes that no service has: they take their time, never answer, or break the disk."""

import errno
import os
import threading
import time

from rmos import create_app
from rmos.auth.roles import OPEN, requires

app = create_app()


@app.get("/slow")
@requires(OPEN)
def slow() -> str:
    """Take a second and a half."""
    time.sleep(1.5)
    return str(os.getpid())


@app.get("/stuck")
@requires(OPEN)
def stick() -> str:
    """Answer never."""
    threading.Event().wait()
    return ""


@app.get("/break")
@requires(OPEN)
def break_disk() -> str:
    """Have every fsync of this process fail from now on."""

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    os.fsync = fail
    return str(os.getpid())
