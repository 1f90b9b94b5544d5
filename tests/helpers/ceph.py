"""A real object storage for tests: Ceph of one monitor, one disk and one gateway, on this machine only.

    with share_ceph(folder) as url:                # all processes of a test run share one, which ends after the last
        make_bucket(url, "rmos-tests")
    with Ceph(folder, store="bluestore") as ceph:  # one of a test's own
        ceph.kill("rgw")

It takes about 20 s to start and half a gigabyte of memory. Its daemons are children of a keeper, a process of its own
that ends when nobody holds the lock of the users any more, whatever became of them, and the daemons end with it.

Debian's start scripts want a manager and a host of their own; these settings do without. `tcp_nodelay` takes 40 ms from
each response; `osd … on start` keeps a disk from looking for its place among hosts that there are not.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

ACCESS_KEY: Final = "RMOSTESTKEY"
SECRET_KEY: Final = "rmostestsecret"  # the keeper is a script, so it imports nothing of the tests
PACKAGES: Final = "ceph-mon ceph-osd radosgw ceph-common"
PROGRAMS: Final = ("ceph-mon", "ceph-osd", "radosgw", "ceph", "monmaptool", "radosgw-admin")
_PATIENCE_S: Final = 240
_SYSTEM_PATH: Final = "/usr/bin:/usr/sbin:/bin:/sbin"
"""Its commands are scripts for Debian's own Python."""

_CONFIG: Final = """
[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{mon_port}
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 2000
mon cluster log file = {folder}/cluster.log
log file = {folder}/$name.log
admin socket = {folder}/$name.asok
pid file = {folder}/$name.pid
run dir = {folder}
crash dir = {folder}
keyring = {folder}/keyring
[mon]
mon data = {folder}/mon
mon data avail warn = 1
mon data avail crit = 1
auth allow insecure global id reclaim = true
[osd]
osd data = {folder}/osd
osd objectstore = {store}
osd class update on start = false
osd crush update on start = false
osd class load list = *
osd class default list = *
osd memory target = 939524096
bluestore block size = 8589934592
bluestore cache autotune = false
bluestore cache size = 268435456
memstore device bytes = 2147483648
[client.rgw]
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw enable usage log = false
rgw dynamic resharding = false
rgw thread pool size = 64
"""


class Ceph:
    """One Ceph; its owner starts its daemons, and may kill and start them again.

    Args:
        store: `memstore` loses everything with the disk's daemon; `bluestore` writes to a file.
    """

    def __init__(self, folder: Path, *, store: str = "memstore") -> None:
        self.folder = folder
        self.port, self._mon_port = _free_port(), _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._config = folder / "ceph.conf"
        self._store = store
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Ceph":
        try:
            self._make()
            self.start("mon")
            self._wait(lambda: self._ask("quorum_status"), "monitor")
            disk = str(uuid.uuid4())
            self._wait(lambda: self._ask("osd", "new", disk), "monitor")  # it refuses at first what it takes later
            self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)
            # A monitor that has much to do refuses a command at times, with EPERM.
            crush = ("osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost")
            self._wait(lambda: self._ask(*crush), "place of the disk")
            self.start("osd")
            self._wait(self._has_disk, "disk")
            self.start("rgw")
            self._wait(self.answers, "gateway")
            self._run(
                *("radosgw-admin", "-n", "client.rgw", "user", "create", "--uid=rmos", "--display-name=rmos"),
                *(f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}"),
            )
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, name: str) -> None:
        """Start a daemon: mon, osd or rgw."""
        command = {
            "mon": ("ceph-mon", "-i", "a"),
            "osd": ("ceph-osd", "-i", "0"),
            "rgw": ("radosgw", "-n", "client.rgw"),
        }[name]
        with (self.folder / f"{name}.out").open("ab") as out:
            self._daemons[name] = subprocess.Popen(  # it ends with this process, however that ends
                ["setpriv", "--pdeathsig", "KILL", "--", *command, "-c", self._config, "-f"],
                env={"PATH": _SYSTEM_PATH},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """End a daemon."""
        daemon = self._daemons.pop(name)
        daemon.send_signal(number)
        daemon.wait()

    def answers(self) -> bool:
        """Tell whether the gateway answers."""
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self.url, timeout=2):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """End all daemons, the gateway first."""
        for name in reversed(list(self._daemons)):
            self.kill(name)

    def _make(self) -> None:
        fsid = str(uuid.uuid4())
        for name in ("mon", "osd", "rgw"):
            (self.folder / name).mkdir(parents=True)
        text = _CONFIG.format(fsid=fsid, folder=self.folder, port=self.port, mon_port=self._mon_port, store=self._store)
        self._config.write_text(text)
        (self.folder / "keyring").touch()
        monitors = self.folder / "monmap"
        address = f"[v1:127.0.0.1:{self._mon_port}]"
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, monitors)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monitors)

    def _run(self, program: str, *arguments: str | Path) -> str:
        done = subprocess.run(
            [program, *([] if program == "monmaptool" else ["-c", str(self._config)]), *map(str, arguments)],
            env={"PATH": _SYSTEM_PATH},
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
        )
        if done.returncode:
            raise RuntimeError(f"{program} {arguments[:3]}: {done.stderr[-600:]}")
        return done.stdout

    def _ask(self, *question: str) -> bool:
        with contextlib.suppress(RuntimeError):
            self._run("ceph", "--connect-timeout", "3", *question)
            return True
        return False

    def _has_disk(self) -> bool:
        with contextlib.suppress(RuntimeError):  # a monitor that begins refuses what it takes later
            return "1 up" in self._run("ceph", "osd", "stat")
        return False

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > end or any(daemon.poll() is not None for daemon in self._daemons.values()):
                raise RuntimeError(f"the {what} of Ceph did not come up; see {self.folder}/*.out")
            time.sleep(0.1)


def find_lacking() -> list[str]:
    """Return the programs that are not there."""
    return [program for program in PROGRAMS if shutil.which(program, path=_SYSTEM_PATH) is None]


@contextlib.contextmanager
def share_ceph(folder: Path) -> Iterator[str]:
    """Yield the URL of the gateway that all users of a folder share; the first one has it started.

    Raises:
        RuntimeError: a program is not there, or it did not start.
    """
    if lacking := find_lacking():
        raise RuntimeError(f"{lacking[0]} is not there: install the Debian packages {PACKAGES}")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "users").open("a") as users:
        with (folder / "turn").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_SH)  # waits for a keeper that is about to end
            url = folder / "url"
            if not url.exists():
                _start_keeper(folder, url)
        yield url.read_text()


def _start_keeper(folder: Path, url: Path) -> None:
    ended = folder / "ended"
    ended.unlink(missing_ok=True)
    with (folder / "keeper.out").open("ab") as out:
        keeper = ["setsid", "--fork", sys.executable, __file__, str(folder)]  # no child: it outlives whoever starts it
        subprocess.run(keeper, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=True)
    while not url.exists():
        if ended.exists():
            raise RuntimeError((folder / "keeper.out").read_text()[-2000:])
        time.sleep(0.1)


def keep(folder: Path) -> None:
    """Start Ceph, and end it once nobody uses it any more."""
    try:
        _keep(folder, folder / "url")
    finally:
        (folder / "ended").touch()


def _keep(folder: Path, url: Path) -> None:
    with Ceph(folder / f"ceph-{os.getpid()}") as ceph, (folder / "users").open("a") as users:
        beside = folder / "url.new"
        beside.write_text(ceph.url)
        beside.rename(url)
        fcntl.flock(users, fcntl.LOCK_EX)
        url.unlink()
    shutil.rmtree(ceph.folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
