"""What the operating system has to offer, and what RMOS does where it does not.

    fcntl                                # the module, None on Windows
    count_cores()                        # 1 where no process can be forked
    require_posix("The service")         # refuses on Windows, in a line that says what helps

RMOS is at home on Linux. macOS lacks what the modules that use it look for by name (files without names, signals of a
pipe's end, figures of a connection). Windows can read a record and cannot write one: it has neither the locks nor the
fsync of a folder by which nothing is lost.
"""

import os
from pathlib import Path

from rmos.errors.installation import PlatformUnsupported

try:
    import fcntl
except ImportError:  # Windows; `require_posix` has refused whatever would use it
    fcntl = None  # type: ignore[assignment]

__all__ = ["count_cores", "fcntl", "is_in_memory", "require_posix"]


def count_cores() -> int:
    """Return how many processes are worth starting; 1 where none can be forked."""
    if not hasattr(os, "fork"):
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_in_memory(folder: Path) -> bool:
    """Tell whether a folder, or where it would be made, lies in memory, as far as the system says so."""
    try:
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return False
    # "36 35 98:0 /root /mount/point options - type source …"; a space in a path is written \\040
    mounts = [(line.split(" ", 5)[4].replace("\\040", " "), line.partition(" - ")[2].split(" ")[0]) for line in lines]
    path = folder.resolve()
    kinds = {len(Path(point).parts): kind for point, kind in mounts if path.is_relative_to(point)}
    return bool(kinds) and kinds[max(kinds)] in ("tmpfs", "ramfs")


def require_posix(what: str) -> None:
    """Refuse what only Linux and macOS can do.

    Raises:
        PlatformUnsupported: this is Windows.
    """
    if fcntl is None:
        raise PlatformUnsupported(f"{what} needs Linux or macOS; on Windows start it in WSL 2 or in a container.")
