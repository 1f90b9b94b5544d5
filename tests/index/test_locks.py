"""The lock of the index on a disk that fails."""

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from rmos.errors.store import IndexUnavailable
from rmos.index.locks import file_lock


@pytest.mark.parametrize(("module", "call"), [(os, "open"), (fcntl, "flock"), (os, "fstat"), (os, "stat")])
def test_trap_49_a_lock_that_its_disk_does_not_give_makes_the_index_unavailable_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, call: str
) -> None:
    def failing(*args: Any, **how: Any) -> Any:
        raise OSError(errno.EIO, "Input/output error", str(tmp_path))

    path = tmp_path / "lock"
    with monkeypatch.context() as patched:
        patched.setattr(module, call, failing)
        with pytest.raises(IndexUnavailable, match="Input/output error") as caught, file_lock(path, wait_s=0):
            pass
    assert str(tmp_path) not in str(caught.value)
    with file_lock(path, wait_s=0):  # nothing of the failed try holds it
        pass
