"""Bundles: the same bytes from the same record, whole and proven elsewhere, and nothing of one that is not whole."""

import itertools
import os
import shutil
import stat
import subprocess
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos import ids
from rmos.checks.verify import verify_store
from rmos.errors.bundles import BundleConflict, BundleEmpty, BundleRefused
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.request import PayloadTooLarge
from rmos.errors.workflow import SessionNotFound
from rmos.objects.base import MAX_OBJECT_BYTES
from rmos.row_models import RunQuery
from rmos.services.evidence import append_log, start_log
from rmos.store import Store, layout
from rmos.store.evidence.signing import KEY_FILE, KeyFile
from rmos.store.sessions import SessionChange
from rmos.transfer.bundles import checking, making
from rmos.transfer.bundles.making import plan_bundle
from rmos.transfer.bundles.manifest import parse_manifest
from rmos.transfer.bundles.receiving import import_bundle, name_refused
from rmos.transfer.bundles.scopes import Scope
from rmos.transfer.exporting import export_store
from rmos.verifier.rmos_verify import check_bundle, parse_key
from tests.helpers.dying import die_at_object
from tests.helpers.shop_bundles import EVERYTHING, Members, SmallShop, agree, make_bundle, pack, take_in, unpack
from tests.makers import ANNA, US, add_event, listed_ids, make_members, open_store, write_raw
from tests.transfer.test_importing import files_of
from tests.trying import tries

DAY = ids.partition_of(US)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[SmallShop]:
    """The shop that makes bundles."""
    store = open_store(tmp_path / "other")
    yield SmallShop(store)
    store.index.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The store that takes them in."""
    made = open_store(tmp_path / "here")
    yield made
    made.index.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "here" / "runs"


def audits(store: Store) -> list[tuple[str, str | None, str | None]]:
    return [
        (record.target, record.error, record.detail) for date in store.audit.days() for record in store.audit.day(date)
    ]


@st.composite
def shops(draw: st.DrawFn) -> Callable[[Store], list[str]]:
    """Draw what a shop did: sessions and runs from one another, with files, events, deletes."""
    sessions = draw(st.integers(0, 2))
    runs = draw(
        st.lists(
            st.tuples(st.integers(0, 3), st.integers(0, 5), st.binary(max_size=40), st.integers(0, 2), st.booleans()),
            min_size=1,
            max_size=5,
        )
    )

    def fill(store: Store) -> list[str]:
        session_ids = [ids.new_session_id(US + number) for number in range(sessions)]
        for number, session_id in enumerate(session_ids):
            store.sessions.create(session_id, SessionChange(fields={"user_id": f"u{number}"}), actor=ANNA, us=US)
        made: list[str] = []
        for number, (session, parent, content, events, deleted) in enumerate(runs):
            members: dict[str, Any] = {"attachments": [{"sha256": store.blobs.put_bytes(content).sha256, "kind": "x"}]}
            if session < sessions:
                members["workflow_session_id"] = session_ids[session]
            if parent < len(made):
                members["parent_run_id"] = made[parent]
            run_id = store.runs.put(make_members(US + number * ids.DAY_US // 2, **members)).view.artifact.run_id
            for event in range(events):
                add_event(store, run_id, "advisory", {"advisory_id": f"a{event}"}, actor=ANNA, us=US)
            if deleted and number:
                store.deletes.soft(run_id, "a trial cut", actor=ANNA, us=US)
            made.append(run_id)
        return [*made[:1], *session_ids]

    return fill


@given(shops(), st.integers(0, 3))
@settings(max_examples=tries(20))
def test_what_is_taken_in_verifies_and_gives_the_same_bundle_and_the_same_export(
    tmp_path_factory: pytest.TempPathFactory, fill: Callable[[Store], list[str]], turn: int
) -> None:
    folder = tmp_path_factory.mktemp("shops")
    there, here = open_store(folder / "there"), open_store(folder / "here")
    made = fill(there)
    scopes = [EVERYTHING, Scope(since_us=US + ids.DAY_US // 2), Scope(run_ids=made[:1])]
    scopes += [Scope(session_id=session_id) for session_id in made[1:]]
    scope = scopes[turn % len(scopes)]
    try:
        planned = plan_bundle(there, scope)
    except BundleEmpty:
        assert turn == 1
        return
    data = b"".join(planned.write())
    report = take_in(here, data)
    assert report.imported == planned.manifest.counts["runs"] + planned.manifest.counts["parents"]
    assert verify_store(here, recheck_s=0).ok
    theirs, ours = files_of(folder / "there" / "runs"), files_of(folder / "here" / "runs")
    assert ours.items() <= theirs.items()
    assert make_bundle(here, scope) == data
    if scope is EVERYTHING:
        for name, exported in (("export-there", there), ("export-here", here)):
            export_store(exported, RunQuery(), folder / name)
        compared = subprocess.run(["diff", "-r", folder / "export-there", folder / "export-here"], capture_output=True)
        assert (compared.returncode, compared.stdout) == (0, b"")
    again = take_in(here, data)
    assert (again.imported, again.blobs, again.sessions, again.there) == (0, 0, 0, report.imported)
    assert files_of(folder / "here" / "runs") == ours
    for opened in (there, here):
        opened.index.close()


def test_a_session_goes_with_its_runs_and_a_run_with_its_session_and_what_it_was_made_from(
    store: Store, other: SmallShop
) -> None:
    whole = plan_bundle(other.store, Scope(session_id=other.session)).manifest
    assert (whole.counts["runs"], whole.counts["parents"], whole.counts["sessions"]) == (2, 0, 1)
    assert (whole.counts["events"], whole.counts["blobs"], whole.left_out) == (3, 1, [])
    take_in(store, make_bundle(other.store, Scope(run_ids=[other.second])))
    assert sorted(listed_ids(store)) == sorted([other.first, other.second])
    assert store.sessions.record(other.session).session.user_id == "u2"
    assert store.blobs.read(other.blob).startswith(b"G21")
    assert verify_store(store, recheck_s=0).ok


def test_a_scope_without_runs_and_a_run_that_is_not_there_make_no_bundle(store: Store, other: SmallShop) -> None:
    other.store.deletes.soft(other.beside, "a trial cut", actor=ANNA, us=US)
    for scope, expected in (
        (Scope(since_us=ids.now_us()), BundleEmpty),
        (Scope(session_id=ids.new_session_id(US + 9)), SessionNotFound),
        (Scope(run_ids=[other.first, ids.new_run_id(US + 9)]), RunNotFound),
        (Scope(run_ids=[other.beside]), RunDeleted),
    ):
        with pytest.raises(expected):
            plan_bundle(other.store, scope)


def test_more_than_a_bundle_may_hold_is_refused_before_a_byte_is_written(
    other: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "MAX_ENTRIES", 10)
    with pytest.raises(PayloadTooLarge):
        plan_bundle(other.store, EVERYTHING)
    monkeypatch.setattr(making, "MAX_ENTRIES", 11)
    assert len(unpack(make_bundle(other.store))) == 11


def test_what_is_damaged_is_left_out_and_the_bundle_says_so(store: Store, other: SmallShop) -> None:
    path = Path(other.store.objects.root) / layout.artifact_key(DAY, other.second)
    write_raw(path, path.read_bytes().replace(b"router", b"laser!"))
    write_raw(Path(other.store.objects.root) / layout.blob_folder_key(other.blob) / other.blob, b"G0 Z-99")
    data = make_bundle(other.store)
    left_out = {left.id for left in parse_manifest(unpack(data)["manifest.json"]).left_out}
    assert left_out == {other.first, other.second}
    take_in(store, data)
    assert listed_ids(store) == [other.beside]


def test_a_bundle_opens_with_other_tools_and_sha256sum_accepts_it(other: SmallShop, tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(make_bundle(other.store))
    folder = tmp_path / "unpacked"
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-q", tmp_path / "bundle.zip", "-d", folder], check=True)
    else:
        with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
            archive.extractall(folder)
    summed = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True)
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert (summed.returncode, summed.stderr) == (0, "")
    assert {line.removesuffix(": OK") for line in summed.stdout.splitlines()} == names - {"SHA256SUMS"}


def test_each_run_that_is_logged_brings_a_proof_that_the_verifier_of_strangers_accepts(
    store: Store, other: SmallShop, tmp_path: Path
) -> None:
    key_file = KeyFile(tmp_path / KEY_FILE)
    key = start_log(other.store, key_file, origin="shop.example/log", actor=ANNA, us=US).verifier_key
    late = other.store.runs.put(make_members(US + 9, parent_run_id=other.beside)).view.artifact.run_id
    data = make_bundle(other.store)
    assert make_bundle(other.store) == data
    members = unpack(data)
    proofs = [name for name in members if name.startswith("proof/")]
    assert proofs == [f"proof/{run_id}.proof.zip" for run_id in sorted([other.first, other.second, other.beside])]
    for name in proofs:
        told, _ = check_bundle(members[name], parse_key(key.text()), [])
        assert name[6:-10] in told[0]
    assert [left.id for left in parse_manifest(members["manifest.json"]).left_out] == [f"proof/{late}.proof.zip"]
    append_log(other.store, key_file, us=US)
    assert len([name for name in unpack(make_bundle(other.store)) if name.startswith("proof/")]) == 4
    take_in(store, data)
    assert sorted(listed_ids(store)) == sorted([other.first, other.second, other.beside, late])


# What is no whole bundle


def make_link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo(f"{DAY}/run_0123456789ab.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "/etc/hostname")


def encrypt(archive: zipfile.ZipFile) -> None:
    archive.infolist()[0].flag_bits |= 1


def swap(members: Members, name: str, content: bytes) -> Members:
    return {**members, name: content}


def first_run(members: Members) -> str:
    return min(name for name in members if name.startswith(DAY))


ATTACKS: dict[str, tuple[Callable[[Members], bytes], str]] = {
    "zip slip": (lambda found: pack(swap(found, "../escape.json", b"{}")), "leads out"),
    "absolute name": (lambda found: pack(swap(found, "/etc/escape.json", b"{}")), "leads out"),
    "drive name": (lambda found: pack(agree(swap(found, "c:/escape.json", b"{}"))), "no member of a bundle"),
    "bomb": (lambda found: pack(agree(swap(found, f"{DAY}/run_0123456789ab.json", bytes(10**7)))), "times its size"),
    "too many entries": (lambda found: pack(swap(found, "a", b"") | {f"{n}/": b"" for n in range(40)}), "entries"),
    "table of contents": (lambda found: pack(swap(found, "a" * 5000, b"")), "broke off"),
    "link": (lambda found: pack(found, make_link), "link"),
    "name twice": (
        lambda found: pack(found, lambda zipped: zipped.writestr(first_run(found), b"{}")),
        "more than once",
    ),
    "clashing case": (lambda found: pack(swap(found, first_run(found).upper(), b"{}")), "in other letters"),
    "encrypted": (lambda found: pack(found, encrypt), "encrypted"),
    "nested": (lambda found: pack(agree(swap(found, "inner.zip", pack(found)))), "no member of a bundle"),
    "altered": (lambda found: pack(swap(found, first_run(found), b"{}")), "does not have the bytes"),
    "missing": (lambda found: pack({name: found[name] for name in found if name != first_run(found)}), "is missing"),
    "extra": (lambda found: pack(swap(found, f"{DAY}/run_0123456789ab.json", b"{}")), "in excess"),
    "no manifest": (lambda found: pack({name: found[name] for name in found if "mani" not in name}), "is missing"),
    "other manifest": (lambda found: pack(swap(found, "manifest.json", b'{"schema":"x/9"}')), "another release"),
    "no sums": (lambda found: pack({name: found[name] for name in found if "SUMS" not in name}), "is missing"),
    "other sums": (lambda found: pack(swap(found, "SHA256SUMS", b"")), "does not say"),
    "forged record": (lambda found: pack(agree(swap(found, first_run(found), b"{}"))), "run_"),
    "token": (lambda found: pack(agree(swap(found, "_tokens/tok_abc123.000001.json", b"{}"))), "no member of a bundle"),
    "two bundles": (lambda found: pack({f"{top}/{name}": found[name] for name in found for top in "ab"}), "several"),
    "newer format": (lambda found: pack(agree(swap(found, "_format.json", b'{"format":2}'))), "format 2"),
    "other compression": (
        lambda found: pack(found, lambda zipped: zipped.writestr("a", b"a", compress_type=zipfile.ZIP_LZMA)),
        "take deflate",
    ),
    **{
        f"other count of {name}": (lambda found, name=name: pack(agree(found, **{name: 99})), "counts other than")
        for name in ("runs", "sessions", "events", "blobs", "proofs", "bytes")
    },
    "no zip": (lambda found: b"G21", "no zip"),
    "broken off": (lambda found: pack(found)[:-30], "no zip"),
}

SELDOM = (
    "drive name",
    "table of contents",
    "no manifest",
    "other manifest",
    "no sums",
    "token",
    "two bundles",
    "newer format",
    *(f"other count of {name}" for name in ("sessions", "events", "blobs", "proofs", "bytes")),
)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "attack", [pytest.param(name, marks=[pytest.mark.long] if name in SELDOM else []) for name in ATTACKS]
)
def test_one_that_is_not_whole_is_refused_as_a_whole_with_one_audit_record_and_its_bytes_kept(
    store: Store, root: Path, other: SmallShop, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    monkeypatch.setattr(checking, "MAX_ENTRIES", 40)
    monkeypatch.setattr(checking, "_MAX_DIRECTORY", 4000)
    forge, reason = ATTACKS[attack]
    data = forge(unpack(make_bundle(other.store)))
    before = files_of(root)
    with pytest.raises(BundleRefused, match=reason):
        take_in(store, data)
    [kept] = (root / "_quarantine").rglob("*.zip")
    assert kept.read_bytes() == data
    key = str(kept.relative_to(root))
    assert {name: found for name, found in files_of(root).items() if name != key} == before
    [(target, error, detail)] = audits(store)
    assert (target, error) == (f"bundle {kept.stem}", "BUNDLE_REFUSED")
    assert (key, reason in (detail or "")) == (name_refused(kept.stem), True)
    assert not [path for path in root.parent.rglob("*") if "escape" in path.name]
    checked = verify_store(store, recheck_s=0)
    assert (checked.ok, checked.quarantined, listed_ids(store)) == (True, [], [])
    with pytest.raises(BundleRefused):  # sent again it is refused again, and kept once
        take_in(store, data)
    assert (len(audits(store)), len(list((root / "_quarantine").rglob("*.zip")))) == (2, 1)


def test_a_bundle_that_somebody_packed_again_comes_in(store: Store, root: Path, other: SmallShop) -> None:
    members = unpack(make_bundle(other.store))
    for top, separator in (("a job for Anna/bundle/", "/"), ("bundle/", "\\")):
        litter = {f"__MACOSX/{top}._{name.rpartition('/')[2]}": b"fork" for name in members}
        renamed = {f"{top}{name}".replace("/", separator): content for name, content in members.items()}
        report = take_in(store, pack({**renamed, **litter, f"{top}.DS_Store": b"Bud1"}))
        assert report.imported + report.there == 3
    assert files_of(root).items() <= files_of(Path(other.store.objects.root)).items()


def test_other_bytes_under_a_known_id_are_named_and_nothing_comes_in(
    store: Store, root: Path, other: SmallShop, tmp_path: Path
) -> None:
    take_in(store, make_bundle(other.store, Scope(run_ids=[other.first])))
    for shop in (store, other.store):  # both shops go on, each in its own way
        add_event(shop, other.first, "advisory", {"advisory_id": str(shop.objects.root)}, actor=ANNA, us=US)
    before = files_of(root)
    with pytest.raises(BundleConflict) as caught:
        take_in(store, make_bundle(other.store))
    assert (caught.value.status, caught.value.members["ids"]) == (409, [other.first])
    assert files_of(root) == before
    assert [error for _, error, _ in audits(store)] == ["BUNDLE_CONFLICT"]


def test_a_session_that_went_on_otherwise_is_named_and_one_that_went_on_there_is_brought_up(
    store: Store, other: SmallShop
) -> None:
    scope = Scope(session_id=other.session)
    take_in(store, make_bundle(other.store, scope))

    def go_on(shop: Store, user: str) -> None:
        shop.sessions.append(
            other.session, "update", lambda _: SessionChange(fields={"user_id": user}), actor=ANNA, us=US
        )

    go_on(other.store, "u3")
    assert take_in(store, make_bundle(other.store, scope)).sessions == 1
    assert store.sessions.record(other.session).session.user_id == "u3"
    go_on(other.store, "u4")
    go_on(store, "u5")
    with pytest.raises(BundleConflict) as caught:
        take_in(store, make_bundle(other.store, scope))
    assert caught.value.members["ids"] == [other.session]


@pytest.mark.long
def test_a_file_larger_than_any_record_goes_along_block_by_block(store: Store, other: SmallShop) -> None:
    chunks = itertools.chain((os.urandom(1024 * 1024) for _ in range(64)), [b"1"])
    blob = other.store.blobs.put(chunks, max_bytes=MAX_OBJECT_BYTES + 1)
    run = make_members(US + 9, attachments=[{"sha256": blob.sha256, "kind": "video"}])
    run_id = other.store.runs.put(run).view.artifact.run_id
    tracemalloc.start()
    planned = plan_bundle(other.store, Scope(run_ids=[run_id]))
    import_bundle(store, planned.write(), folder=Path(store.objects.root), actor=ANNA, us=US)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert store.blobs.verify(blob.sha256).ok
    assert peak < 8 * 1024 * 1024


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A bundle of a small shop."""
    there = open_store(tmp_path_factory.mktemp("there"))
    data = make_bundle(SmallShop(there).store)
    there.index.close()
    return data


@pytest.mark.long
@settings(max_examples=tries(600))
@given(st.data())
def test_a_bundle_of_which_any_byte_was_changed_is_refused_or_is_the_same(
    bundle: bytes, tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    here = open_store(folder)
    data = bytearray(bundle)
    for _ in range(draw.draw(st.integers(1, 3))):
        data[draw.draw(st.integers(0, len(data) - 1))] ^= draw.draw(st.integers(1, 255))
    try:
        take_in(here, bytes(data))
    except BundleRefused:
        assert set(files_of(folder / "runs")) == {name_refused(path.stem) for path in folder.rglob("*.zip")}
    else:
        assert make_bundle(here) == bundle
    here.index.close()
    shutil.rmtree(folder)


@pytest.mark.long
@pytest.mark.parametrize("nth", range(1, 8))
def test_an_import_that_is_killed_at_any_object_loses_nothing_and_is_finished_by_a_second_one(
    store: Store, root: Path, other: SmallShop, tmp_path: Path, nth: int
) -> None:
    data = make_bundle(other.store)
    own = store.runs.put(make_members(US + 7 * ids.DAY_US)).view.artifact.run_id
    kept = files_of(root)
    store.index.close()
    die_at_object(tmp_path / "here", nth, lambda victim: take_in(victim, data))
    after = open_store(tmp_path / "here")
    assert kept.items() <= files_of(root).items()
    assert not [path for path in root.rglob("*") if "tmp" in path.name]
    assert own in listed_ids(after)
    take_in(after, data)
    assert files_of(root).items() == (kept | files_of(Path(other.store.objects.root))).items()
    assert verify_store(after, recheck_s=0).ok
    after.index.close()
