"""Audit records: what was turned down, and the turns by which deletes are counted.

    audit.admit(attempt, limit, actor=actor, us=us)              # a turn of the caller's, or RateLimited
    audit.refuse(attempt, error, limit, actor=actor, us=us)      # a turn as well, with the true outcome
    for record in audit.day("2025-12-23"): ...

Each attempt is written down as the caller's turn no. 0, 1, 2 … of the day. The name of the record follows from
caller, day and number, and is taken by creating it: turns have one order over all threads, processes and hosts, and
nobody can take one twice. A turn is free when the one `most` places before it is older than the window. So the count
is exact, costs a few looks at names and one read whatever the size of the store, needs neither the index nor a lock,
and survives a crash and the loss of the index. A turn from the future was taken by a clock that was set back since: it
counts for nothing, or it would keep everybody waiting until the clock comes there again. Only deletes that were let
through and what was turned down are turns; what was let through shows in the run's own delete event, which this record
leads to.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from rmos import digest, ids
from rmos.errors.base import RmosError
from rmos.errors.callers import RateLimited
from rmos.errors.store import ObjectExists, ObjectMissing, ObjectUnreadable
from rmos.models import AUDIT_SCHEMA, Actor, AuditRecord
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.records import Damage, decode_audit

_DAY_US: Final = 86_400_000_000
_SKEW_US: Final = 5_000_000
"""How far the clocks of hosts, and requests that wait for each other, may be apart: no clock was set back by that."""
_SHOWN: Final = 500
"""Characters of a client's word that a record keeps."""


class Attempt(NamedTuple):
    """What somebody tried."""

    action: str
    target: str
    data: Mapping[str, Any] = {}


class RateLimit(NamedTuple):
    """How many turns a caller has within a window of at most a day."""

    most: int
    window_s: int


class Audit:
    """The audit records of one store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    # Writing

    def admit(self, attempt: Attempt, limit: RateLimit, *, actor: Actor, us: int) -> None:
        """Take a turn for what is about to be done.

        Raises:
            RateLimited: the caller has none left just now; the first time within the window that is written down.
            OutOfSpace, StoreReadOnly, StorageFailed.
        """
        self._take(attempt, limit, None, actor, us)

    def refuse(self, attempt: Attempt, error: RmosError, limit: RateLimit, *, actor: Actor, us: int) -> None:
        """Take a turn for what is turned down, and write down why.

        Raises:
            RateLimited, OutOfSpace, StoreReadOnly, StorageFailed: as `admit`.
        """
        self._take(attempt, limit, error, actor, us)

    def admit_unlimited(self, attempt: Attempt, *, actor: Actor, us: int) -> None:
        """Write down what is about to be done and counts for no limit.

        Raises:
            OutOfSpace, StoreReadOnly, StorageFailed.
        """
        self._create(ids.new_event_id(us), attempt, None, actor, us)

    def note(self, attempt: Attempt, error: RmosError, *, actor: Actor, us: int) -> None:
        """Write down what was turned down and counts for no limit."""
        self._create(ids.new_event_id(us), attempt, error, actor, us)

    def _take(self, attempt: Attempt, limit: RateLimit, error: RmosError | None, actor: Actor, us: int) -> None:
        day = us - us % _DAY_US
        number = self._turns(actor.name, day)
        while True:
            wait_us = self._wait_us(actor.name, day, number, us, limit)
            if wait_us > 0:
                self._turn_down(attempt, limit, actor, day, number, us, wait_us)
            if self._create(_turn_id(actor.name, day, number), attempt, error, actor, us):
                return
            number += 1

    def _turn_down(
        self, attempt: Attempt, limit: RateLimit, actor: Actor, day: int, number: int, us: int, wait_us: int
    ) -> None:
        limited = RateLimited(
            f"You have had {limit.most} attempts within {limit.window_s} s, and more are not taken.",
            retry_after_s=-(-wait_us // 1_000_000),
        )
        # Until the turn is free it has one number, and so this record one name.
        self._create(_turn_id(actor.name, day, number, taken=False), attempt, limited, actor, us)
        raise limited

    def _create(self, event_id: str, attempt: Attempt, error: RmosError | None, actor: Actor, us: int) -> bool:
        key = layout.audit_key(event_id)
        assert key is not None  # the id was made from a moment
        members = {
            "schema": AUDIT_SCHEMA,
            "event_id": event_id,
            "action": attempt.action,
            "outcome": "admitted" if error is None else "refused",
            "target": _clean(attempt.target),
            "created_at_utc": ids.utc_text(us),
            "actor": actor.name,
            "role": actor.role,
            "request_id": actor.request_id,
            "error": None if error is None else error.code,
            "detail": None if error is None else _clean(error.detail),
            "data": {name: _clean(value) for name, value in attempt.data.items()},
        }
        if actor.address is not None:
            members["address"] = actor.address
        try:
            return self._objects.create(key, digest.encode_record(members))
        except ObjectExists:
            return False

    # Counting

    def _turns(self, caller: str, day: int) -> int:
        """Return how many turns a caller has taken on a day, which is the first free one: they are taken in order."""
        high = 1
        while self._stands(caller, day, high - 1):
            high *= 2
        low = high // 2
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._stands(caller, day, middle) else (low, middle)
        return low

    def _stands(self, caller: str, day: int, number: int) -> bool:
        key = layout.audit_key(_turn_id(caller, day, number))
        return key is not None and self._objects.has(key)

    def _wait_us(self, caller: str, day: int, number: int, us: int, limit: RateLimit) -> int:
        """Return how long it takes until turn no. `number` is free."""
        before = number - limit.most
        if before < 0:
            day -= _DAY_US
            before += self._turns(caller, day)
            if before < 0:
                return 0
        window_us = limit.window_s * 1_000_000
        taken_us = self._taken_us(_turn_id(caller, day, before), us)
        if taken_us > us + _SKEW_US:
            return 0
        return min(taken_us + window_us - us, window_us)

    def _taken_us(self, event_id: str, us: int) -> int:
        """Return when a turn was taken; of a damaged record, when its file was made."""
        key = layout.audit_key(event_id) or ""
        try:
            return ids.parse_utc(decode_audit(self._objects.read(key), event_id).created_at_utc)
        except (Damage, ObjectUnreadable, ObjectMissing, ValueError):
            return us - int((self._objects.age_s(key) or 0.0) * 1_000_000)

    # Reading

    def days(self) -> list[str]:
        """Return the dates that have records, oldest first."""
        return sorted(name for name in self._objects.names(layout.AUDIT) if ids.is_partition(name))

    def day(self, date: str) -> Iterator[AuditRecord]:
        """Give the sound records of a date, in no order; verify names the others."""
        for name in self._objects.names(f"{layout.AUDIT}/{date}"):
            with contextlib.suppress(Damage, ObjectMissing, ObjectUnreadable):
                yield decode_audit(self._objects.read(f"{layout.AUDIT}/{date}/{name}"), name)


def _turn_id(caller: str, day: int, number: int, *, taken: bool = True) -> str:
    """Return the name of a caller's turn, or of the record that it was not free: it follows from day and caller."""
    seed = digest.sha256_hex(f"{caller}\x00{'taken' if taken else 'limited'}".encode())
    return ids.new_event_id(day + number, bytes.fromhex(seed[:16]))


def _clean(value: Any) -> Any:
    """Return a client's word as a record can keep it: bounded, without U+0000 and lone surrogates."""
    if not isinstance(value, str):
        return value
    return value[:_SHOWN].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
