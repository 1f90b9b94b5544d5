"""The error tree as the service shows it: every class, each in the module of its subject."""

import subprocess
import sys

from rmos.errors.base import every_error


def test_every_error_is_found_whatever_was_imported_before() -> None:
    alone = "from rmos.errors.base import every_error; print(len(list(every_error())))"
    counted = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True, check=True)
    assert int(counted.stdout) == len([kind for kind in every_error() if kind.__module__.startswith("rmos.errors.")])
    assert int(counted.stdout) > 70
