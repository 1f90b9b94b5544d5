"""Signed links to files of runs, for a browser and for the shop floor: many in one call, with what was skipped and why.

    links, skipped = make_links(store, [LinkRequest(run_id, sha256)], ttl_s=300, sign=signer.sign, us=us)
    open_link(store, link)                   # the blob and how the run names it

A link names its run, its file by digest, what may be done and the file's name; that the run still stands and still
names the file is looked at again whenever it is used.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

from rmos import ids
from rmos.errors.base import RmosError
from rmos.errors.files import AttachmentNotFound
from rmos.errors.programs import ProgramGated
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.store import RecordDamaged
from rmos.models import RunView
from rmos.services.programs.doors import is_gated, make_download_name
from rmos.store import Store
from rmos.store.blobs import OpenBlob
from rmos.store.naming import NamedBlob, find_named_blob

LinkScope = Literal["download", "head"]
MAX_TTL_S: Final = 86_400
DEFAULT_TTL_S: Final = 300
METHODS: Final[dict[LinkScope, tuple[str, ...]]] = {"download": ("GET", "HEAD"), "head": ("HEAD",)}
"""What a link may be used for; a HEAD is a GET without its body."""


class FileLink(msgspec.Struct, frozen=True, kw_only=True):
    """What a link lets its holder do; short names, because it becomes part of a URL."""

    run_id: str = msgspec.field(name="r")
    sha256: str = msgspec.field(name="d")
    scope: LinkScope = msgspec.field(name="s")
    made_s: int = msgspec.field(name="m")
    ttl_s: int = msgspec.field(name="t")
    filename: str | None = msgspec.field(name="f", default=None)


class LinkRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A link that is asked for."""

    run_id: str
    sha256: str
    scope: LinkScope = "download"
    filename: str | None = None


class MadeLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link that was made."""

    run_id: str
    sha256: str
    scope: LinkScope
    filename: str | None
    token: str
    expires_at_utc: str


def make_links(
    store: Store, requests: Sequence[LinkRequest], *, ttl_s: int, sign: Callable[[FileLink, int], str], us: int
) -> tuple[list[MadeLink], dict[str, int]]:
    """Return a link for each file that its run names, and how many were skipped for which reason.

    Raises:
        StorageFailed: there is no key to sign with.
    """
    made: list[MadeLink] = []
    skipped: Counter[str] = Counter()
    views: dict[str, RunView | RmosError] = {}
    made_s = us // 1_000_000
    for asked in requests:
        try:
            named = _find_linkable(store, _view(store, asked.run_id, views), asked.sha256)
            store.blobs.open(asked.sha256).close()
        except (RunNotFound, RunDeleted, AttachmentNotFound, ProgramGated, RecordDamaged) as error:
            skipped[error.code.lower()] += 1
            continue
        filename = make_download_name(msgspec.structs.replace(named, filename=asked.filename or named.filename))
        link = FileLink(
            run_id=asked.run_id, sha256=asked.sha256, scope=asked.scope, made_s=made_s, ttl_s=ttl_s, filename=filename
        )
        made.append(
            MadeLink(
                run_id=asked.run_id,
                sha256=asked.sha256,
                scope=asked.scope,
                filename=filename,
                token=sign(link, us),
                expires_at_utc=ids.utc_text((made_s + ttl_s) * 1_000_000),
            )
        )
    return made, dict(sorted(skipped.items()))


def _view(store: Store, run_id: str, views: dict[str, RunView | RmosError]) -> RunView:
    """Return a run as it stands, read once for all its files."""
    if run_id not in views:
        try:
            views[run_id] = store.runs.record(run_id).view()
        except (RunNotFound, RunDeleted, RecordDamaged) as error:
            views[run_id] = error
    found = views[run_id]
    if isinstance(found, RmosError):
        raise found
    return found


def _find_linkable(store: Store, view: RunView, sha256: str) -> NamedBlob:
    """Return a file of a run that may leave by a link.

    Raises:
        AttachmentNotFound.
        ProgramGated: it is a program that leaves through the gate alone.
    """
    named = find_named_blob(view, sha256)
    if is_gated(store, view, named):
        raise ProgramGated("A program leaves at its own address, and by no link.", run_id=view.artifact.run_id)
    return named


def open_link(store: Store, link: FileLink) -> tuple[OpenBlob, NamedBlob]:
    """Open the file of a link, when its run stands and names it still.

    Raises:
        RunNotFound, RunDeleted, AttachmentNotFound, ProgramGated, Damage.
    """
    named = _find_linkable(store, store.runs.record(link.run_id).view(), link.sha256)
    return store.blobs.open(link.sha256), named
