"""Hosts that share one record: a store each over one bucket and one database in memory, which they reach or not.

cluster = Cluster()
one, other = cluster.add_host(), cluster.add_host()
one.index.cut_off = True                 # it cannot reach the database
one.dies_in = 3                          # it is killed before its third step from now on
cluster.database.now_s += 60             # the database's clock, which is the only one
"""

import contextlib
from collections.abc import Iterator

from rmos.errors.store import IndexUnavailable
from rmos.store import Store
from rmos.store.specimens import row_schema
from tests.helpers.faulty_bucket import FaultyBucket, HostDied
from tests.helpers.memory_index import MemoryDatabase, MemoryIndex
from tests.makers import summarise


class HostIndex(MemoryIndex):
    """The database as one host reaches it."""

    def __init__(self, host: "Host", database: MemoryDatabase) -> None:
        super().__init__(database, row_schema(summarise))
        self._host = host
        self.cut_off = False

    def _reach(self) -> None:
        self._host.take_step()
        if self.cut_off:
            raise IndexUnavailable("The database does not answer.")

    @contextlib.contextmanager
    def asked(self) -> Iterator[MemoryDatabase]:
        self._reach()
        with super().asked() as database:
            yield database

    @contextlib.contextmanager
    def lock(self, *, wait_s: float) -> Iterator[None]:
        self._reach()
        with super().lock(wait_s=wait_s):
            yield

    def prepare(self) -> bool:
        self._reach()
        return super().prepare()


class Host:
    """One process of one host."""

    def __init__(self, bucket: FaultyBucket, database: MemoryDatabase) -> None:
        self.dies_in: int | None = None
        self.objects = bucket.open_host()
        self.objects.fail = self._take_storage_step
        self.index = HostIndex(self, database)
        self.store = Store(self.objects, self.index, summarise=summarise)

    def take_step(self) -> None:
        """Do one more step, or be dead from here on."""
        if self.dies_in is not None:
            self.dies_in -= 1
            self.objects.dead |= self.dies_in < 0
        if self.objects.dead:
            raise HostDied

    def _take_storage_step(self, verb: str, key: str) -> None:
        self.take_step()


class Cluster:
    """What hosts share."""

    def __init__(self) -> None:
        self.bucket = FaultyBucket()
        self.database = MemoryDatabase()

    def add_host(self) -> Host:
        """Start one more host, which has brought up the index."""
        host = Host(self.bucket, self.database)
        host.store.reconcile()
        return host

    def keys(self, beginning: str = "") -> list[str]:
        """Return the keys of all objects that stand there."""
        return sorted(key for key in self.bucket.objects._held if key.startswith(beginning))
