"""Put one run, or many, and say what came of it: the process that the fault tests break.

    python -m tests.faults.one_put FOLDER NUMBER [--reconcile] [--no-tmpfile] [--database-url URL]
    python -m tests.faults.one_put FOLDER FIRST --many [--together COUNT] [--no-fsync | --no-folder-fsync]
    python -m tests.faults.one_put FOLDER FIRST --together COUNT [--in-line]
    python -m tests.faults.one_put FOLDER NUMBER --delete-session ID
    python -m tests.faults.one_put FOLDER NUMBER --upload [--many: puts and uploads after each]
    python -m tests.faults.one_put FOLDER NUMBER --append-log [--many: puts and appends after each]
    python -m tests.faults.one_put --serve

Each run that is durable is one line, `ACK <run_id> indexed` or `… unindexed`, written when `put` has returned and not
before; a file that is durable and named by its run is `FILED <run_id> <sha256>`; a refusal is `REFUSED <code>`.

`--serve` does the same in a fork for each line of arguments that it reads: the interpreter and its imports are paid for
once. The fork says `READY <pid>` and waits for SIGUSR1, so that a tracer can be attached before it starts (by a signal,
because the tracer counts reads); then comes `ENDED <status>`, negative for the signal that ended it.
"""

import argparse
import contextlib
import ctypes
import errno
import os
import shlex
import signal
import stat
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rmos import ids
from rmos.config import load_settings
from rmos.errors.base import RmosError
from rmos.models import Stored
from rmos.objects import local_many
from rmos.services.evidence import append_log
from rmos.services.sessions import delete_session
from rmos.store import Store
from rmos.store.evidence.signing import KEY_FILE, KeyFile
from rmos.store.runs import NewRun
from tests.faults import records
from tests.faults.uploads import attach, file_of
from tests.makers import ANNA

NO_INSTANCE: Final = Path(__file__).with_name("no-such-instance")
"""The settings of these tests come from their arguments alone."""
_ANY_TRACER: Final = (0x59616D61, ctypes.c_ulong(-1))
"""prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY): where Yama lets only parents trace, this one may be traced by all."""


def say(*words: str) -> None:
    """Write one line to stdout in one call, unbuffered: what was said survives a kill."""
    os.write(1, (" ".join(words) + "\n").encode())


def put(store: Store, number: int) -> bool:
    """Put one run and say what came of it; True when it is durable."""
    try:
        stored = store.runs.put(records.members(number))
    except RmosError as error:
        say("REFUSED", error.code)
        return False
    say("ACK", stored.view.artifact.run_id, "indexed" if stored.indexed else "unindexed")
    return True


def put_together(store: Store, first: int, count: int) -> bool:
    """Put runs by one call and say what came of each; True when all are durable."""
    numbers = range(first, first + count)
    results = store.runs.put_many([NewRun(records.members(number)) for number in numbers])
    for stored in results:
        if isinstance(stored, Stored):
            say("ACK", stored.view.artifact.run_id, "indexed" if stored.indexed else "unindexed")
        else:
            say("REFUSED", stored.code if isinstance(stored, RmosError) else type(stored).__name__)
    return all(isinstance(stored, Stored) for stored in results)


def delete(store: Store, session_id: str) -> bool:
    """Delete a session with its runs and say what came of it; True when that is durable."""
    how = {"force": True, "cascade": True}
    try:
        stored = delete_session(store, session_id, **how, reason="a trial", actor=ANNA, us=ids.now_us())
    except RmosError as error:
        say("REFUSED", error.code)
        return False
    say("ACK", session_id, "indexed" if stored.indexed else "unindexed")
    return True


def upload(store: Store, number: int) -> bool:
    """Attach its file to a run and say what came of it."""
    try:
        attached = attach(store, number, file_of(number))
    except RmosError as error:
        say("REFUSED", error.code)
        return False
    say("FILED", records.run_id(number), attached.sha256)
    return True


def append(store: Store, folder: Path) -> bool:
    """Append to the log of evidence, whose key lies beside the folder, and say what came of it."""
    try:
        appended = append_log(store, KeyFile(folder.parent / KEY_FILE), us=ids.now_us())
    except RmosError as error:
        say("REFUSED", error.code)
        return False
    say("LOGGED", str(appended.checkpoint.size), appended.checkpoint.root.hex())
    return True


def put_all(store: Store, number: int, options: argparse.Namespace) -> bool:
    """Put one run, and what the options say after it; True when all was acknowledged."""
    return (
        put(store, number)
        and (not options.upload or upload(store, number))
        and (not options.append_log or append(store, Path(options.folder)))
    )


def work(options: argparse.Namespace) -> int:
    """Open the store and put, or delete a session; 0 when all was acknowledged, 1 after a refusal."""
    environ = {"RMOS_RUNS_DIR": options.folder}
    if options.database_url:
        environ["RMOS_DATABASE_URL"] = options.database_url
    try:
        store = Store.open(load_settings(environ, NO_INSTANCE), summarise=records.summarise)
    except RmosError as error:
        say("REFUSED", error.code)
        return 1
    if options.reconcile:
        with contextlib.suppress(RmosError):  # an index that cannot be made is no reason not to record
            store.reconcile()
    if options.append_log and not options.many:
        done = append(store, Path(options.folder))
        store.index.close()
        return 0 if done else 1
    if options.delete_session:
        done = delete(store, options.delete_session)
        store.index.close()
        return 0 if done else 1
    number = options.number
    if options.together:
        while put_together(store, number, options.together) and options.many:
            number += options.together
        store.index.close()
        return 0
    while put_all(store, number, options) and options.many:
        number += 1
    store.index.close()
    return 0


class InLine:
    """Does one after the other, in the thread that a tracer looks at, what a pool of threads does at once."""

    map = staticmethod(map)


def hobble(options: argparse.Namespace) -> None:
    """Take from this process what the options say that its system does not have."""
    real_open, real_fsync = os.open, os.fsync

    def open_without_tmpfile(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if hasattr(os, "O_TMPFILE") and flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return real_open(path, flags, mode, dir_fd=dir_fd)

    def fsync_of_files(fd: int) -> None:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            real_fsync(fd)

    if options.no_tmpfile:
        os.open = open_without_tmpfile  # type: ignore[assignment]
    if options.in_line:
        local_many.ManyFiles._pool = lambda many: InLine()  # type: ignore[method-assign,return-value,assignment]
    if options.no_fsync:
        os.fsync = lambda fd: None
    elif options.no_folder_fsync:
        os.fsync = fsync_of_files  # type: ignore[assignment]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="one_put")
    parser.add_argument("folder", nargs="?")
    parser.add_argument("number", nargs="?", type=int)
    parser.add_argument("--database-url")
    parser.add_argument("--delete-session")
    parser.add_argument("--together", type=int, default=0)
    flags = (
        "reconcile",
        "many",
        "serve",
        "upload",
        "append-log",
        "in-line",
        "no-tmpfile",
        "no-fsync",
        "no-folder-fsync",
    )
    for flag in flags:
        parser.add_argument(f"--{flag}", action="store_true")
    return parser.parse_args(arguments)


def in_fork(options: argparse.Namespace) -> None:
    """Be the process that does the work, once the parent's parent says so; never returns."""
    status = 70
    try:
        ctypes.CDLL(None).prctl(*_ANY_TRACER, 0, 0, 0)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        say("READY", str(os.getpid()))
        signal.sigwait({signal.SIGUSR1})
        hobble(options)
        status = work(options)
    except BaseException:  # noqa: BLE001 whatever it is, a fork must not go on as the server
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def serve() -> None:
    """Fork for each line of stdin, one at a time."""
    for line in sys.stdin:
        options = parse(shlex.split(line))
        pid = os.fork()
        if pid == 0:
            in_fork(options)
        _, status = os.waitpid(pid, 0)
        say("ENDED", str(os.waitstatus_to_exitcode(status)))


def main() -> int:
    """Do what the command line says."""
    options = parse(sys.argv[1:])
    if options.serve:
        serve()
        return 0
    hobble(options)
    return work(options)


if __name__ == "__main__":
    sys.exit(main())
