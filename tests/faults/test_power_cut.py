"""A power cut under writers: ext4, and XFS where there is mkfs.xfs, shut down without flushing the log.

What a filesystem had not made durable is gone after that, so an acknowledgement that came too early is found out; the
controls, writers that fsync nothing or no folder, must be. (What the drive's own cache loses is beyond this test.)
"""

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from tests.faults import disks, judging, records
from tests.faults.conftest import Announce
from tests.faults.tracing import ROOT
from tests.helpers.waiting import PATIENCE_S
from tests.trying import tries_at_night

pytestmark = [pytest.mark.long, pytest.mark.root]

KINDS: Final = ["ext4", *(["xfs"] if disks.find_program("mkfs.xfs") else [])]
WRITERS: Final = 3
SPAN: Final = 100_000
"""Numbers of the runs that one writer may make: more than a day of them, so that it makes folders, too."""


class Writers:
    """Processes that put runs until the disk fails; what they acknowledged is written outside that disk."""

    def __init__(self, store: Path, answers: Path, first: int, count: int, *options: str) -> None:
        self._firsts = [first + place * SPAN for place in range(count)]
        self._answers = [answers / f"{number}.txt" for number in self._firsts]
        self._processes = []
        for number, answer in zip(self._firsts, self._answers, strict=True):
            command = [sys.executable, "-m", "tests.faults.one_put", str(store), str(number), "--many", *options]
            with answer.open("wb") as file:
                self._processes.append(subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.DEVNULL))

    def __enter__(self) -> "Writers":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait(timeout=PATIENCE_S)

    def wait_until_busy(self) -> None:
        """Wait until each has acknowledged a run, 20 s at most."""
        deadline = time.monotonic() + PATIENCE_S
        while not all(self.sizes()):
            assert time.monotonic() < deadline, "no run was ever acknowledged"
            time.sleep(0.01)

    def sizes(self) -> list[int]:
        """Return how much each has said so far, in bytes."""
        return [answer.stat().st_size for answer in self._answers]

    def logged(self, sizes: list[int]) -> dict[int, bytes]:
        """Return the sizes of the log with the roots that were told in the first so many bytes."""
        found: dict[int, bytes] = {}
        for answer, size in zip(self._answers, sizes, strict=True):
            for line in answer.read_bytes()[:size].decode().splitlines(keepends=True):
                words = line.split()
                if words[0] == "LOGGED" and line.endswith("\n"):
                    assert found.setdefault(int(words[1]), bytes.fromhex(words[2])) == bytes.fromhex(words[2])
        return found

    def filed(self, sizes: list[int]) -> set[int]:
        """Return the numbers of the runs whose file was acknowledged in the first so many bytes."""
        numbers = {records.run_id(number): number for number in self.acknowledged(sizes)}
        said = (
            line.split()
            for answer, size in zip(self._answers, sizes, strict=True)
            for line in answer.read_bytes()[:size].decode().splitlines(keepends=True)
            if line.endswith("\n")
        )
        return {numbers[words[1]] for words in said if words[0] == "FILED"}

    def acknowledged(self, sizes: list[int]) -> set[int]:
        """Return the numbers of the runs that were acknowledged in the first so many bytes."""
        found = set()
        for first, answer, size in zip(self._firsts, self._answers, sizes, strict=True):
            said = [line.split() for line in answer.read_bytes()[:size].decode().splitlines()]
            ids = {words[1] for words in said if words[0] == "ACK"}
            numbers = range(first, first + len(ids))
            assert ids == {records.run_id(number) for number in numbers}
            found |= set(numbers)
        return found


def write_until_cut(disk: Path, answers: Path, first: int, count: int, *options: str) -> set[int]:
    """Let writers work for a moment, cut the power under them, and return what they had acknowledged by then.

    What they say after that moment is worth nothing: a real cut would have ended them, while here an fsync of a folder
    may still succeed, on XFS, without any log to write to.
    """
    with Writers(disk / "store", answers, first, count, *options) as writers:
        writers.wait_until_busy()
        time.sleep(random.uniform(0.05, 0.4))
        sizes = writers.sizes()
        disks.cut_power(disk)
    return writers.acknowledged(sizes)


def lost(root: Path, acknowledged: set[int]) -> set[int]:
    """Return which of these runs are not there byte for byte."""
    return {number for number in acknowledged if not is_whole(root / records.key(number), number)}


def is_whole(path: Path, number: int) -> bool:
    """Tell whether a file holds run no. `number`, byte for byte."""
    return path.exists() and path.read_bytes() == records.data(number)


def cut_once(tmp_path: Path, image: disks.Image, first: int, count: int, *options: str) -> set[int]:
    """Mount an image, let writers work on it until the power goes, and return what they acknowledged."""
    with disks.mounted(tmp_path / "disk", image=image) as disk:
        return write_until_cut(disk, tmp_path, first, count, *options)


OPTIONS: Final = {
    "nameless files": (),
    "temporary names": ("--no-tmpfile",),
    "300 runs together": ("--together", "300"),
    "7 runs together, temporary names": ("--together", "7", "--no-tmpfile"),
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_acknowledged_run_is_lost_in_a_power_cut(
    tmp_path: Path, announce: Announce, kind: str, options: tuple[str, ...]
) -> None:
    image = disks.make_image(kind, tmp_path / "image")
    acknowledged: set[int] = set()
    rounds = tries_at_night(5, 3)
    for turn in range(rounds):
        acknowledged |= cut_once(tmp_path, image, 1 + turn * WRITERS * SPAN, WRITERS, *options)
        with disks.mounted(tmp_path / "disk", image=image) as disk:
            assert not lost(disk / "store", acknowledged)
            judging.whole_runs(disk / "store")
            judging.demand_agreement(disk / "store")
    announce(f"power cut, {kind}: {rounds} rounds, {len(acknowledged)} acknowledged runs, none lost")


@pytest.mark.parametrize("options", [(), ("--together", "50")], ids=["one by one", "50 together"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_control_that_never_fsyncs_loses_acknowledged_runs(
    tmp_path: Path, kind: str, options: tuple[str, ...]
) -> None:
    image = disks.make_image(kind, tmp_path / "image")
    acknowledged = cut_once(tmp_path, image, 1, WRITERS, "--no-fsync", *options)
    with disks.mounted(tmp_path / "disk", image=image) as disk:
        assert lost(disk / "store", acknowledged)


@pytest.mark.parametrize("kind", KINDS)
def test_the_control_that_fsyncs_files_and_not_their_folders_loses_acknowledged_runs(tmp_path: Path, kind: str) -> None:
    image = disks.make_image(kind, tmp_path / "image")
    gone: set[int] = set()
    for turn in range(60):  # the next file's fsync takes the folder along, so only the last run is at stake
        acknowledged = cut_once(tmp_path, image, 1 + turn * SPAN, 1, "--no-folder-fsync")
        with disks.mounted(tmp_path / "disk", image=image) as disk:
            gone = lost(disk / "store", acknowledged)
        if gone:
            break
    assert gone
