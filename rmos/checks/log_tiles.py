"""Full tiles of the log that are gone or damaged: found, and made again out of the entries.

    found = find_log_damage(objects, trust, recheck_s=2)
    found.tiles                              # findings on tiles that can be made again
    found.left                               # what else is wrong with the log, for a person
    make_tiles(objects, trust, ["_evidence/tile/0/000"])

A tile follows from the batches, so nothing is lost with it and nothing is signed for it. It is made only where the rest
of the log holds: batches that lead to every checkpoint, and a last one that is signed by whoever is believed. Else a
tile is what may show how the log was before somebody changed it, and stays as it is.
"""

import contextlib
import time
from collections.abc import Collection
from typing import Final, NamedTuple

from rmos.checks.findings import Tally
from rmos.checks.log import EvidenceTrust, check_log
from rmos.errors.store import ObjectMissing
from rmos.models import Finding
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.evidence.objects import LogObjects

_TILES: Final = f"{layout.EVIDENCE}/tile/"
_NO_DAMAGE: Final = frozenset({"key_replaced"})
"""What is told of a log for ever, and needs no mending."""


class LogDamage(NamedTuple):
    """What is wrong with a log."""

    tiles: list[Finding]
    """Of tiles that can be made again."""
    left: list[Finding]


def find_log_damage(objects: Objects, trust: EvidenceTrust, *, recheck_s: float) -> LogDamage:
    """Return what is wrong with the log itself; nothing where none was started.

    Args:
        recheck_s: seconds before a suspicion is looked at again: an appender may be under way.
    """
    found = _check(objects, trust)
    if found:
        time.sleep(recheck_s)
        again = {(one.kind, one.path) for one in _check(objects, trust)}
        found = [one for one in found if (one.kind, one.path) in again]
    tiles = [one for one in found if _is_lost_tile(one)]
    left = [one for one in found if not _is_lost_tile(one)]
    return LogDamage([], found) if any(one.kind != "stray" for one in left) else LogDamage(tiles, left)


def make_tiles(objects: Objects, trust: EvidenceTrust, keys: Collection[str]) -> list[str]:
    """Make tiles again where the log still confirms them, and return their keys; damaged ones go to quarantine.

    Raises:
        OutOfSpace, StoreReadOnly, StorageFailed.
    """
    wanted, made = {one.path for one in find_log_damage(objects, trust, recheck_s=0).tiles} & set(keys), []

    def make(key: str, data: bytes) -> None:
        if key not in wanted:
            return
        with contextlib.suppress(ObjectMissing):  # it was gone
            objects.quarantine(key)
        # A crash before this line leaves a tile that is missing, which the next repair makes.
        objects.create(key, data)
        made.append(key)

    if wanted:
        check_log(LogObjects(objects), trust, Tally(), on_lost_tile=make)
    return made


def _check(objects: Objects, trust: EvidenceTrust) -> list[Finding]:
    log, tally = LogObjects(objects), Tally()
    if not log.has_started():
        return []
    check_log(log, trust, tally)
    return [found for found in tally.findings if found.kind not in _NO_DAMAGE]


def _is_lost_tile(found: Finding) -> bool:
    """Tell whether a finding is on a tile that the batches have; one that they do not have is no tile of this log."""
    return found.path.startswith(_TILES) and found.kind == "log_altered"
