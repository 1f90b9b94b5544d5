"""Bundles for tests: a shop with a session, a store that takes one in, and zips that somebody has tampered with."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from rmos import digest, ids
from rmos.store import Store
from rmos.store.sessions import SessionChange
from rmos.transfer.bundles.making import plan_bundle
from rmos.transfer.bundles.manifest import MANIFEST, BundleObject, count_objects, parse_manifest
from rmos.transfer.bundles.receiving import ImportedBundle, import_bundle
from rmos.transfer.bundles.scopes import Scope
from tests.makers import ANNA, US, add_event, make_members

Members = dict[str, bytes]
EVERYTHING = Scope(since_us=0)


class SmallShop:
    """A session with two runs, the second made from the first, with a blob and an event; a run beside it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.session = ids.new_session_id(US)
        store.sessions.create(self.session, SessionChange(fields={"user_id": "u1"}), actor=ANNA, us=US)
        self.blob = store.blobs.put_bytes(b"G21\nG1 X1 F900\n" * 30).sha256
        attached = [{"sha256": self.blob, "kind": "gcode"}]
        self.first = self._put(US, attachments=attached, workflow_session_id=self.session)
        self.second = self._put(US + 1, parent_run_id=self.first, workflow_session_id=self.session)
        self.beside = self._put(US + 2 * ids.DAY_US)
        add_event(store, self.second, "advisory", {"advisory_id": "adv"}, actor=ANNA, us=US)
        store.sessions.append(
            self.session, "update", lambda _: SessionChange(fields={"user_id": "u2"}), actor=ANNA, us=US
        )

    def _put(self, us: int, **over: object) -> str:
        return self.store.runs.put(make_members(us, **over)).view.artifact.run_id


def make_bundle(store: Store, scope: Scope = EVERYTHING) -> bytes:
    """Return the bytes of a bundle."""
    return b"".join(plan_bundle(store, scope).write())


def take_in(store: Store, data: bytes) -> ImportedBundle:
    """Take a bundle in."""
    folder = Path(store.objects.root)
    return import_bundle(store, iter([data[:999], data[999:]]), folder=folder, actor=ANNA, us=ids.now_us())


def unpack(data: bytes) -> Members:
    """Return the members of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(members: Mapping[str, bytes], change: Callable[[zipfile.ZipFile], object] = lambda _: None) -> bytes:
    """Return a zip of members as another program packs one, and as `change` has it in the end."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        change(archive)
    return target.getvalue()


def agree(members: Members, **counts: int) -> Members:
    """Return the members with a manifest and a list of digests that agree with them, as a forger makes them.

    Args:
        counts: what the manifest says instead of what it names.
    """
    manifest = parse_manifest(members[MANIFEST])
    objects = [
        {"key": name, "sha256": digest.sha256_hex(content), "size": len(content)}
        for name, content in sorted(members.items())
        if name not in (MANIFEST, "SHA256SUMS")
    ]
    counted = count_objects(msgspec.convert(objects, list[BundleObject]))
    known = {
        "counts": {**manifest.counts, **counted, **counts},
        "left_out": [],
        "scope": manifest.scope,
        "schema": manifest.schema,
    }
    encoded = digest.canonical({**known, "objects": objects}) + b"\n"
    return {**members, MANIFEST: encoded, "SHA256SUMS": parse_manifest(encoded).make_sums()}
