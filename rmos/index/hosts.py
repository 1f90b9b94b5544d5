"""Which processes serve one record together: a row for each, which it renews itself.

    hosts.beat(HostBeat("shop-1", 4711, "3.0.0", tables_sha256, skew_s=0.004))
    hosts.seen_within(60)                        # those that are alive
    hosts.clock_skew()                           # how far this process's clock is ahead of the database's

Nothing of the record depends on these rows: they tell an operator that two hosts run other releases, or decide by other
tables of tools and materials.
"""

from typing import NamedTuple, Protocol


class HostBeat(NamedTuple):
    """What a process says of itself."""

    host: str
    pid: int
    release: str
    tables_sha256: str
    """Digest of the shop's tables by which it decides."""
    skew_s: float
    """How far its clock was ahead of the database's."""


class SeenHost(NamedTuple):
    """A process as it was last heard of."""

    host: str
    pid: int
    release: str
    tables_sha256: str
    skew_s: float
    age_s: float
    """Since it was heard of, by the clock of the database."""


class Hosts(Protocol):
    """The processes of one index. Every method may raise what those of `Index` do."""

    def beat(self, beat: HostBeat) -> None:
        """Note that a process is alive, under its host and pid; rows that are a day old are dropped."""

    def seen_within(self, seconds: float) -> list[SeenHost]:
        """Return the processes that were heard of since, by host and pid."""

    def clock_skew(self) -> float:
        """Return how many seconds this process's clock is ahead of the database's, negative when behind."""
