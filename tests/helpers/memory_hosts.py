"""Which processes are alive, in a dictionary: beside the tables of `memory_index`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol

from rmos.index.hosts import HostBeat, SeenHost

_KEPT_S: Final = 86_400


class Row(NamedTuple):
    """What a process said of itself, and when."""

    beat: HostBeat
    at_s: float


class Beaten(Protocol):
    """The part of a database in memory that the processes are."""

    beats: dict[tuple[str, int], Row]
    now_s: float


class MemoryHosts:
    """The processes of a database in memory, whose clock stands still until a test moves it."""

    def __init__(self, asked: Callable[[], AbstractContextManager[Beaten]]) -> None:
        self._asked = asked
        self.skew_s = 0.0
        """How far the clock of this process is ahead."""

    def beat(self, beat: HostBeat) -> None:
        with self._asked() as database:
            kept = {key: row for key, row in database.beats.items() if database.now_s - row.at_s < _KEPT_S}
            database.beats = {**kept, (beat.host, beat.pid): Row(beat, database.now_s)}

    def seen_within(self, seconds: float) -> list[SeenHost]:
        with self._asked() as database:
            seen = [SeenHost(*row.beat, database.now_s - row.at_s) for row in database.beats.values()]
        return sorted(host for host in seen if host.age_s <= seconds)

    def clock_skew(self) -> float:
        with self._asked():
            return self.skew_s
