"""Small files that are replaced durably: a reader finds the old bytes or the new ones, whatever is cut off.

    replace_file(path, b"…", mode=0o600)

For what is no part of the record, which is never replaced: the memory of a key, settings.
"""

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from rmos.objects.fsyncs import FOLDER_FLAGS, flush


def replace_file(path: Path, data: bytes | Iterable[bytes], *, mode: int = 0o600, exclusive: bool = False) -> None:
    """Replace a file's bytes, or make it.

    Args:
        data: all of the bytes, or piece by piece; what the pieces raise is passed on, and nothing was replaced.
        exclusive: make it only when it is not there.

    Raises:
        FileExistsError: with `exclusive`, it is there.
        OSError: the old bytes, or none, stand there.
    """
    beside = path.with_name(f".tmp-{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines([data] if isinstance(data, bytes) else data)
            file.flush()
            flush(file.fileno())
        if exclusive:
            os.link(beside, path)
        else:
            os.replace(beside, path)
        folder = os.open(path.parent, FOLDER_FLAGS)
        try:
            flush(folder)
        finally:
            os.close(folder)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
