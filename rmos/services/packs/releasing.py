"""Operator packs: what one would hold now, and taking it, which leaves a trace on the run.

    packs = OperatorPacks(store, engines, settings)
    pack = packs.make(run_id)                        # recorded nowhere: its digest, and what is in it
    pack = packs.release(pack, actor=actor, us=us)   # an event `released`: who, and the pack's digest

What was taken once stays for ever: the event names each member of the pack by its digest, and what was made for it (the
sheet, the table of tools, the drawing) is kept as blobs. So the same run, approval and overrides give the same bytes,
however sheets look in a later release, and whatever has happened on the machine, or to its tools, since.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import msgspec

from rmos import digest
from rmos.config import Settings
from rmos.engines.registry import Registry
from rmos.errors.programs import ProgramNotDrawn, ProgramNotFound
from rmos.errors.records import VersionConflict
from rmos.errors.request import PayloadTooLarge
from rmos.models import Actor, Event
from rmos.services.codes import find_run_link
from rmos.services.gates import GatePolicy
from rmos.services.packs.building import build_pack, make_readme
from rmos.services.packs.drawings import draw_pack
from rmos.services.packs.gathering import PackGatherer, PackSource
from rmos.services.packs.sheet import render_sheet
from rmos.services.packs.since import find_since
from rmos.services.packs.tools import list_tools, make_tools_csv
from rmos.services.packs.wear import find_wear
from rmos.store import Store
from rmos.store.naming import RELEASED
from rmos.store.run_records import RunRecord

log = logging.getLogger(__name__)

PACK_FORMAT: Final = "rmos.pack/1"
MAX_BYTES: Final = 256 * 1024**2
"""Of the programs of a pack together (RMOS policy): it is put together in memory. Larger ones leave one by one."""
_ATTEMPTS: Final = 10


class OperatorPack(msgspec.Struct, frozen=True, kw_only=True):
    """A pack, whole."""

    run_id: str
    data: bytes
    sha256: str
    members: Mapping[str, bytes]
    """All but `SHA256SUMS`."""
    made: Mapping[str, bytes]
    """Those that were made for it, and are kept when it is taken."""
    since_run_id: str | None
    """The run whose pack the sheet compares it with."""
    is_released: bool
    """Whether somebody has taken just this one before."""

    @property
    def filename(self) -> str:
        """What it is called when it is handed over."""
        return f"{self.run_id}.pack.zip"


class _Overtaken(Exception):
    """Somebody else took a pack of the run meanwhile, and it has other bytes."""


class OperatorPacks:
    """The packs of one store."""

    def __init__(self, store: Store, engines: Registry, settings: Settings) -> None:
        self._store = store
        self._engines = engines
        self._settings = settings
        self._gatherer = PackGatherer(store, engines, GatePolicy.of(settings))

    def make(self, run_id: str) -> OperatorPack:
        """Return the pack of a run; nothing is recorded.

        Raises:
            RunNotFound, RunDeleted, AttachmentNotFound, Damage.
            PackNotReady, NotCovered, StaleApproval: it may not be taken to a machine now.
            PayloadTooLarge: its programs are above `MAX_BYTES`.
        """
        source = self._gatherer.gather(run_id)
        size = sum(program.size_bytes for program in source.programs)
        if size > MAX_BYTES:
            raise PayloadTooLarge(f"A pack may have {MAX_BYTES} bytes of programs.", limit_bytes=MAX_BYTES)
        programs = {program.name: self._store.blobs.read(program.sha256) for program in source.programs}
        taken = {**source.taken, **programs}
        released = find_released(source.record, taken)
        if released is not None:
            return self._read_released(source, taken, released)
        return self._make_new(source, taken)

    def _make_new(self, source: PackSource, taken: Mapping[str, bytes]) -> OperatorPack:
        tools, since = list_tools(source), find_since(self._store, source)
        made: dict[str, bytes] = dict(self._draw(source))
        link = find_run_link(self._settings, source.run.run_id)
        wear, drawing = find_wear(self._store, self._engines.shop, tools), made.get("drawing.svg")
        made["sheet.html"] = render_sheet(source, tools, since, drawing=drawing, link=link, wear=wear)
        made["tools.csv"] = make_tools_csv(tools)
        names = [*made, *source.taken]
        programs = [program.name for program in source.programs]
        made["README.txt"] = make_readme(source.run.run_id, members=names, programs=programs)
        return _make_pack(source, taken, made, None if since is None else since.run_id, is_released=False)

    def _draw(self, source: PackSource) -> Mapping[str, bytes]:
        """Return the drawings of a pack; one whose program cannot be drawn goes without."""
        try:
            return draw_pack(self._store, source, max_bytes=self._settings.max_program_bytes)
        except (ProgramNotDrawn, ProgramNotFound):
            return {}

    def _read_released(self, source: PackSource, taken: Mapping[str, bytes], event: Event) -> OperatorPack:
        """Return a pack as it was taken: under the names, and with the sheet, that it had."""
        by_digest = {digest.sha256_hex(data): data for data in taken.values()}
        named = {name: by_digest[sha256] for name, sha256 in event.data["taken"].items()}
        made = {name: self._store.blobs.read(sha256) for name, sha256 in event.data["made"].items()}
        return _make_pack(source, named, made, event.data.get("since_run_id"), is_released=True)

    def release(self, pack: OperatorPack, *, actor: Actor, us: int) -> OperatorPack:
        """Record that somebody takes a pack, and return the one that was recorded.

        The same person and the same pack again leave nothing new. Who was overtaken by another pack of the run gets
        that one: the first that is recorded counts.

        Raises:
            RunNotFound, RunDeleted, Damage, PackNotReady, NotCovered, StaleApproval, VersionConflict.
            OutOfSpace, StoreReadOnly, StorageFailed: nobody has taken it.
        """
        for _ in range(_ATTEMPTS):
            try:
                self._record(pack, actor=actor, us=us)
            except _Overtaken:
                pack = self.make(pack.run_id)
            else:
                return pack
        raise VersionConflict("Others take packs of this run all the time; try again.", run_id=pack.run_id)

    def _record(self, pack: OperatorPack, *, actor: Actor, us: int) -> None:
        if not pack.is_released:
            for content in pack.made.values():
                self._store.blobs.put_bytes(content)
        taken = {name: content for name, content in pack.members.items() if name not in pack.made}
        data = {
            "format": PACK_FORMAT,
            "pack_sha256": pack.sha256,
            "size_bytes": len(pack.data),
            "taken": {name: digest.sha256_hex(member) for name, member in taken.items()},
            "made": {name: digest.sha256_hex(member) for name, member in pack.made.items()},
            "since_run_id": pack.since_run_id,
        }

        def decide(record: RunRecord) -> Mapping[str, Any] | None:
            released = find_released(record, taken)
            if released is not None and released.data.get("pack_sha256") != pack.sha256:
                _give_way()
            has_taken = any(
                event.kind == RELEASED and event.actor == actor.name and event.data.get("pack_sha256") == pack.sha256
                for event in record.events
            )
            return None if has_taken else data

        if self._store.runs.append(pack.run_id, RELEASED, decide, actor=actor, us=us).made:
            log.info("pack_released run_id=%s pack_sha256=%s by=%s", pack.run_id, pack.sha256, actor.name)


def _give_way() -> NoReturn:
    raise _Overtaken


def find_released(record: RunRecord, taken: Mapping[str, bytes]) -> Event | None:
    """Return the event of the first pack with just these bytes of the record, None when nobody has taken it.

    Args:
        taken: the members that were not made for the pack; their names may be those of another release.
    """
    digests = sorted(digest.sha256_hex(data) for data in taken.values())
    for event in record.events:
        if event.kind != RELEASED or event.data.get("format") != PACK_FORMAT:
            continue
        named, made = event.data.get("taken"), event.data.get("made")
        if isinstance(named, dict) and isinstance(made, dict) and sorted(map(str, named.values())) == digests:
            return event
    return None


def _make_pack(
    source: PackSource,
    taken: Mapping[str, bytes],
    made: Mapping[str, bytes],
    since_run_id: str | None,
    *,
    is_released: bool,
) -> OperatorPack:
    members = {**taken, **made}
    built = build_pack(members)
    return OperatorPack(
        run_id=source.run.run_id,
        data=built.data,
        sha256=built.sha256,
        members=members,
        made=made,
        since_run_id=since_run_id,
        is_released=is_released,
    )
