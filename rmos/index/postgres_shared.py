"""What hosts tell each other by the database, beside the rows: what they are about to create, and that they live."""

import time
from collections.abc import Iterable, Sequence
from typing import Final

from rmos.index.announcements import Announcement
from rmos.index.hosts import HostBeat, SeenHost
from rmos.index.postgres_asker import PostgresAsker
from rmos.index.postgres_pool import PostgresConnection
from rmos.index.tables import WriteBatch

# A crash of the database may forget what was announced just before it. Then the row cannot be written either, and who
# writes falls behind; to wait for the disk would double what a write costs.
_ANNOUNCE: Final = """
WITH hasty AS (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO announced (folder, record_id, number, announced_at)
SELECT %s, %s, %s, clock_timestamp() FROM hasty
ON CONFLICT (record_id, number, folder) DO UPDATE SET announced_at = excluded.announced_at
"""
_ANNOUNCE_MANY: Final = _ANNOUNCE.replace("%s, %s, %s", "unnest(%s::text[]), unnest(%s::text[]), unnest(%s::integer[])")
_OLD: Final = """
SELECT folder, record_id, number, extract(epoch FROM clock_timestamp() - announced_at)::double precision
FROM announced WHERE announced_at < clock_timestamp() - make_interval(secs => %s) ORDER BY announced_at
"""
_DROP: Final = "DELETE FROM announced WHERE folder = %s AND record_id = %s AND number = %s"

_BEAT: Final = """
INSERT INTO hosts (host, pid, release, tables_sha256, skew_s, seen_at) VALUES (%s, %s, %s, %s, %s, clock_timestamp())
ON CONFLICT (host, pid) DO UPDATE SET release = excluded.release, tables_sha256 = excluded.tables_sha256,
    skew_s = excluded.skew_s, seen_at = excluded.seen_at
"""
_BURY: Final = "DELETE FROM hosts WHERE seen_at < clock_timestamp() - interval '1 day'"
_SEEN: Final = """
SELECT * FROM (
    SELECT host, pid, release, tables_sha256, skew_s,
        extract(epoch FROM clock_timestamp() - seen_at)::double precision AS age_s
    FROM hosts
) AS seen WHERE age_s <= %s ORDER BY host, pid
"""
_NOW: Final = "SELECT extract(epoch FROM clock_timestamp())::double precision"


class PostgresAnnouncements:
    """What may lack a row."""

    def __init__(self, asker: PostgresAsker) -> None:
        self._asker = asker

    def add(self, folder: str, record_id: str, number: int) -> None:
        """Announce an object before it is created, without waiting for the disk."""
        self._asker.run(lambda held: held.cursor.execute(_ANNOUNCE, (folder, record_id, number)))

    def add_many(self, announced: Sequence[tuple[str, str, int]]) -> None:
        """Announce objects in one statement, without waiting for the disk."""
        columns = [list(column) for column in zip(*announced, strict=True)]
        self._asker.run(lambda held: held.cursor.execute(_ANNOUNCE_MANY, columns))

    def older_than(self, seconds: float) -> list[Announcement]:
        """Return what was announced longer ago than that, the oldest first."""
        found = self._asker.run(lambda held: held.cursor.execute(_OLD, (seconds,)).fetchall())
        return list(map(Announcement._make, found))

    def drop(self, announcements: Iterable[Announcement]) -> None:
        """Drop announcements."""
        values = sorted(announcement[:3] for announcement in announcements)
        self._asker.remove(_DROP, values)


class PostgresHosts:
    """Which processes are alive."""

    def __init__(self, asker: PostgresAsker) -> None:
        self._asker = asker

    def beat(self, beat: HostBeat) -> None:
        """Note that a process is alive; rows that are a day old are dropped."""
        self._asker.write([WriteBatch(_BEAT, [beat]), WriteBatch(_BURY, [()])])

    def seen_within(self, seconds: float) -> list[SeenHost]:
        """Return the processes that were heard of since."""
        found = self._asker.run(lambda held: held.cursor.execute(_SEEN, (seconds,)).fetchall())
        return list(map(SeenHost._make, found))

    def clock_skew(self) -> float:
        """Return how far this process's clock is ahead: compared with the middle of the question."""

        def ask(held: PostgresConnection) -> float:
            before = time.time()
            (now,) = held.cursor.execute(_NOW).fetchone()  # type: ignore[misc]
            return (before + time.time()) / 2 - float(now)

        return self._asker.run(ask)
