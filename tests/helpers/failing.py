"""A disk that does not give files: for tests of what is done about it.

with failing_to_open(monkeypatch, "_index.json"):
    ...
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Any

import pytest


@contextlib.contextmanager
def failing_to_open(patch: pytest.MonkeyPatch, where: str, number: int = errno.EIO) -> Iterator[None]:
    """Let no file be opened for reading whose path has `where` in it, until the block is left."""
    genuine = os.open

    def failing(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if where in str(path) and not flags & (os.O_WRONLY | os.O_DIRECTORY):
            raise OSError(number, os.strerror(number), path)
        return genuine(path, flags, *arguments, **options)

    with patch.context() as patched:
        patched.setattr(os, "open", failing)
        yield
