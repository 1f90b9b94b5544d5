"""What a process tells the others that serve the same record: that it is alive, what it runs, how its clock goes.

    store.heartbeat.identity = HostIdentity("shop-1", 4711, "3.0.0", tables_sha256)
    store.heartbeat.beat()
    store.heartbeat.require_clock()          # before an id is made: it begins with the time
    describe_differences(store.heartbeat.list_hosts(), identity)   # ["host shop-2 runs release 2.9.9"]

On one host there is nobody to tell and no other clock.
"""

from collections import Counter
from typing import Final, NamedTuple

from rmos.errors.store import ClockOff, StorageFailed
from rmos.index.base import Index
from rmos.index.hosts import HostBeat, SeenHost

ALIVE_S: Final = 60.0
"""A process that was not heard of for so long is gone, or cut off from the index."""
SKEW_WANTED_S: Final = 2.0
"""A clock that is further off asks for attention: times of the audit are wrong by as much (RMOS policy)."""
SKEW_ALLOWED_S: Final = 60.0
"""A clock that is further off makes no new ids, which begin with the time (RMOS policy)."""


class HostIdentity(NamedTuple):
    """Who a process is, and by what it decides."""

    host: str
    pid: int
    release: str
    tables_sha256: str


class Heartbeat:
    """Tells of one process, and what the others tell."""

    def __init__(self, index: Index) -> None:
        self._hosts = index.hosts
        self.identity: HostIdentity | None = None
        """None of a command, which serves nothing."""
        self.storage_error: str | None = None
        """Why the last pass over the index could not read the storage."""
        self.skew_s: float | None = None
        """How far the clock of this process was ahead of the database's at the last beat; None when that is unknown."""

    def note_storage(self, error: StorageFailed | None) -> None:
        """Note whether the storage answered when it was last asked by the way."""
        self.storage_error = None if error is None else error.detail

    def beat(self) -> None:
        """Compare the clock, and say that this process is alive.

        Raises:
            IndexBroken, IndexUnavailable.
        """
        if self._hosts is None:
            return
        self.skew_s = self._hosts.clock_skew()
        if self.identity is not None:
            self._hosts.beat(HostBeat(*self.identity, self.skew_s))

    def list_hosts(self) -> list[SeenHost]:
        """Return the processes that are alive; none where all are on this machine.

        Raises:
            IndexBroken, IndexUnavailable.
        """
        return [] if self._hosts is None else self._hosts.seen_within(ALIVE_S)

    def require_clock(self) -> None:
        """Refuse to make an id by a clock that is far off.

        Raises:
            ClockOff.
        """
        if self.is_clock_off:
            raise ClockOff("The clock of this host is more than a minute off, so it makes no new ids.")

    @property
    def is_clock_off(self) -> bool:
        """Whether the clock is too far off for new ids, as far as it could be compared."""
        return self.skew_s is not None and abs(self.skew_s) > SKEW_ALLOWED_S

    def describe_clock(self) -> str | None:
        """Return how far the clock is off when that asks for attention."""
        if self.skew_s is None or abs(self.skew_s) <= SKEW_WANTED_S:
            return None
        return f"the clock of this host is {abs(self.skew_s):.0f} s {'ahead' if self.skew_s > 0 else 'behind'}"


def describe_differences(seen: list[SeenHost], own: HostIdentity | None) -> list[str]:
    """Return in which release or tables hosts differ from this one, or from most where this one serves nothing."""
    if not seen:
        return []
    if own is not None:
        release, tables = own.release, own.tables_sha256
    else:
        release = Counter(host.release for host in seen).most_common(1)[0][0]
        tables = Counter(host.tables_sha256 for host in seen).most_common(1)[0][0]
    other_releases = {f"host {host.host} runs release {host.release}" for host in seen if host.release != release}
    other_tables = {f"host {host.host} decides by other tables" for host in seen if host.tables_sha256 != tables}
    return sorted(other_releases) + sorted(other_tables)
