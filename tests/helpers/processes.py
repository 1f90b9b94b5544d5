"""A program that a test starts, and that does not outlive it.

with Process([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
    assert process.poll() is None        # also when this fails, the program has ended behind the block
"""

import subprocess
from typing import Any


class Process(subprocess.Popen[Any]):
    """A program whose end is waited for behind the block; when the block fails, it is killed first."""

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, value, trace)
