"""What the figures were measured on; without it they mean nothing. No host name and no path of it is told."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from rmos.systems import count_cores

_PACKAGES: Final = ("flask", "gunicorn", "msgspec", "marshmallow", "sqlalchemy")


def describe(folder: Path) -> dict[str, Any]:
    """Return the machine's CPU, cores, memory, kernel and versions, and the filesystem of a folder."""
    return {
        "cpu": _cpu_model(),
        "cores": count_cores(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
        "filesystem": filesystem(folder, Path("/proc/mounts").read_text()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": {name: version(name) for name in _PACKAGES},
        "wrk": _wrk_version(),
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def filesystem(folder: Path, mounts: str) -> str:
    """Return the type of the filesystem that a folder is on, by the text of /proc/mounts."""
    best, kind = "", "unknown"
    place = str(folder.resolve())
    for line in mounts.splitlines():
        _, point, found, *_ = line.split()
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, found
    return kind


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _wrk_version() -> str | None:
    try:
        told = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return None
    return told.split()[1] if len(told.split()) > 1 else "unknown"
