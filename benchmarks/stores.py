"""Stores to measure on: sealed artifacts as the service writes them, but without waiting for the disk.

The runs are those of a shop that cuts spruce channels all day, spread evenly over at least `DAYS` days that end an hour
ago. What decides the figures is as in real stores (names, folders, seal, digests, row); the assessments are cut down to
one, because the figures are asked for at runs of about 2 kB and those of the engine are about twice that.
"""

import concurrent.futures
import contextlib
import fcntl
import json
import multiprocessing
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.cuts import ACTOR, small_members, small_templates
from rmos import digest, ids
from rmos.config import Settings
from rmos.index.schema import schema_of
from rmos.schemas.runs import dump_summary
from rmos.services.sessions import create_session
from rmos.store import Store, layout
from rmos.store.specimens import row_schema

DAYS: Final = 40
"""At least this many partitions."""
_RUNS_A_DAY: Final = 2500
"""At most this many runs in a partition."""
_DAY_US: Final = 86_400_000_000
_CHUNK: Final = 5_000
_FORM: Final = 1
"""Raised when the runs made here change: kept stores are made again then, and when the index changes its form."""

_GET_FLAGS: Final = 0x80086601
_SET_FLAGS: Final = 0x40086602
_TOP_OF_HIERARCHY: Final = 0x00020000
"""FS_IOC_GETFLAGS, FS_IOC_SETFLAGS and FS_TOPDIR_FL of linux/fs.h, on 64 bits."""

Say = Callable[[str], None]


class _Session(NamedTuple):
    """The session that every so many-th run belongs to."""

    session_id: str
    every: int


def settings_of(folder: Path) -> Settings:
    """Return the settings of the store in a folder."""
    return Settings(instance_path=folder.parent, runs_dir=folder)


def environment_of(folder: Path) -> dict[str, str]:
    """Return the environment of a service on the store in a folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RMOS_")}
    return {**inherited, "RMOS_RUNS_DIR": str(folder), "RMOS_LOG_LEVEL": "INFO", "RMOS_LOG_FORMAT": "text"}


def spread(folder: Path) -> None:
    """Have ext4 place what is made in a folder in block groups of their own; other filesystems are left as they are.

    ext4 does not give out again inodes that were freed within the last minutes and passes over them one by one. After
    a test run, which deletes thousands of files, that costs every new file in the same groups up to a millisecond.
    """
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            (flags,) = struct.unpack("i", fcntl.ioctl(fd, _GET_FLAGS, struct.pack("i", 0)))
            fcntl.ioctl(fd, _SET_FLAGS, struct.pack("i", flags | _TOP_OF_HIERARCHY))
    finally:
        os.close(fd)


def ready_store(below: Path, count: int, say: Say, *, of_session: int = 0) -> Path:
    """Return the folder of a store of `count` runs, made now unless an earlier run of the benchmarks left it there.

    Args:
        of_session: so many of them belong to one workflow session, evenly among the others.
    """
    name = f"runs-{count}-{of_session}" if of_session else f"runs-{count}"
    folder, mark = below / name, below / f"{name}.made"
    wanted = json.dumps({"form": _FORM, "index": schema_of(row_schema(dump_summary)).text, "runs": count})
    if mark.exists() and mark.read_text() == wanted:
        return folder
    say(f"making a store of {count} runs" + (f", {of_session} of one session" if of_session else ""))
    shutil.rmtree(folder, ignore_errors=True)
    make_store(folder, count, of_session=of_session)
    mark.write_text(wanted)
    return folder


def make_store(folder: Path, count: int, *, of_session: int = 0) -> None:
    """Make a healthy store of `count` runs with a complete index."""
    store = Store.open(settings_of(folder), summarise=dump_summary)  # writes _format.json, before any partition
    days = max(DAYS, count // _RUNS_A_DAY)
    end_us = ids.now_us() - 3_600_000_000
    session = None
    if of_session:
        store.reconcile()  # a session is not indexed before the index is complete
        made = create_session(store, {"workflow_type": "rosette"}, actor=ACTOR, us=end_us - (days + 1) * _DAY_US)
        session = _Session(made.session.session_id, count // of_session)
    for day in range(days + 1):
        (folder / ids.partition_of(end_us - day * _DAY_US)).mkdir(exist_ok=True)
    step_us = days * _DAY_US // count
    start_us = end_us - days * _DAY_US
    chunks = [
        (str(folder), start_us, step_us, range(first, min(first + _CHUNK, count)), session)
        for first in range(0, count, _CHUNK)
    ]
    fork = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=fork) as pool:
        list(pool.map(_write_runs, chunks))
    store.reconcile(full=True, workers=2)
    store.index.close()
    os.sync()  # what is still to be written would be written during the first measurement


def crowd_folder(folder: Path, count: int) -> None:
    """Put `count` further runs into today's folder of a store; its index takes them up when it is reconciled."""
    us = ids.now_us()
    (folder / ids.partition_of(us)).mkdir(exist_ok=True)
    _write_runs((str(folder), us - count, 1, range(count), None))


def session_of(folder: Path) -> str:
    """Return the id of the one session of a store that was made with one."""
    (event,) = folder.glob(f"{layout.SESSIONS}/*/*.json")
    return event.name.partition(".")[0]


def _write_runs(chunk: tuple[str, int, int, range, _Session | None]) -> None:
    folder, start_us, step_us, places, session = chunk
    templates = small_templates()
    for place in places:
        us = start_us + place * step_us
        members = small_members(templates, place, us)
        if session is not None and place % session.every == 0:
            members["workflow_session_id"] = session.session_id
        path = f"{folder}/{layout.artifact_key(ids.partition_of(us), members['run_id'])}"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
        os.write(fd, digest.encode_record(members))
        os.close(fd)


def working_copy(source: Path, target: Path) -> Path:
    """Return a store that may be written to, made of links to the files of another that stays as it is."""
    target.mkdir()
    for entry in sorted(os.scandir(source), key=lambda found: found.name):
        if entry.is_dir():
            folder = target / entry.name
            folder.mkdir()
            for name in os.listdir(entry.path):
                os.link(f"{entry.path}/{name}", folder / name)
            changed = entry.stat()
            # The index remembers when each folder changed; a copy that agrees need not be listed when it is opened.
            os.utime(folder, ns=(changed.st_atime_ns, changed.st_mtime_ns))
        else:
            shutil.copyfile(entry.path, target / entry.name)
    return target


def run_ids(folder: Path) -> list[str]:
    """Return the ids of all runs of a store that `make_store` made."""
    return [
        name.removesuffix(".json")
        for partition in sorted(os.listdir(folder))
        if ids.is_partition(partition)
        for name in os.listdir(folder / partition)
    ]
