"""A terminal of a given width for a command that runs in this process: a real pseudo-terminal, read to its end."""

import fcntl
import io
import os
import pty
import struct
import sys
import termios
import threading
import tty
from collections.abc import Callable
from typing import Final
from unittest.mock import patch

_END: Final = b"\0end"
"""What no command writes. What stands in a terminal when its last writer closes it may be gone before it is read."""


def show_on_terminal(columns: int, run: Callable[[], object]) -> str:
    """Return what a function writes to stdout when that is a terminal of so many columns; stderr is none."""
    master, slave = pty.openpty()
    tty.setraw(slave)  # line ends as they are written
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    pieces: list[bytes] = []

    def read() -> None:
        while not b"".join(pieces[-len(_END) :]).endswith(_END):
            pieces.append(os.read(master, 1 << 16))

    reader = threading.Thread(target=read)
    reader.start()
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "FORCE_COLOR")}
    try:
        with (
            os.fdopen(slave, "w", encoding="utf-8") as stdout,
            patch.object(sys, "stdout", stdout),
            patch.object(sys, "__stdout__", stdout),
            patch.object(sys, "stderr", io.StringIO()),
            patch.dict(os.environ, {**environment, "NO_COLOR": "1", "TERM": "xterm"}, clear=True),
        ):
            try:
                run()
            finally:
                stdout.flush()
                os.write(slave, _END)
                reader.join()
    finally:
        os.close(master)
    return b"".join(pieces).removesuffix(_END).decode()
