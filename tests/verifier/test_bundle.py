"""What the verifier accepts of a run's bundle, and every way of tampering with one that it refuses."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest

from rmos import digest
from rmos.services.evidence import append_log, make_bundle, start_log
from rmos.services.evidence_files import make_zip
from rmos.store.evidence.signing import KeyFile
from rmos.verifier import rmos_verify
from rmos.verifier.rmos_verify import DoesNotHold, LogKey, check_bundle, parse_checkpoint, parse_key
from tests.helpers.bundles import (
    KEY,
    ORIGIN,
    OTHER_KEY,
    OTHER_RUN_ID,
    PARTITION,
    RUN_ID,
    START,
    Files,
    add_file,
    erase,
    make_line,
    make_members_of,
    make_run_files,
    make_start,
)
from tests.makers import ANNA, US, add_event, make_earlier_artifact, make_event, open_store
from tests.makers import make_members as make_run
from tests.trying import some_of

SCRIPT = Path(rmos_verify.__file__)
TRUSTED = parse_key(KEY.verifier_key.text())
ARTIFACT = f"{PARTITION}/{RUN_ID}.json"
SUMS = "SHA256SUMS"
PROOF = f"{ARTIFACT}.tlog-proof"


def check(members: Files, key: LogKey = TRUSTED) -> list[str]:
    """Check a bundle of these members."""
    return check_bundle(make_zip(members), key, [])[0]


def change(data: bytes, old: bytes, new: bytes) -> bytes:
    """Replace what is there once."""
    assert data.count(old) == 1
    return data.replace(old, new)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[bytes, str, LogKey]]:
    """A bundle that RMOS makes, of a run with two events in a store with 40 more; the run's id, and the log's key."""
    folder = tmp_path_factory.mktemp("shop")
    store, key_file = open_store(folder), KeyFile(folder / "evidence.key")
    for at in range(40):
        store.runs.put(make_run(US + at))
    started = start_log(store, key_file, origin=ORIGIN, actor=ANNA, us=US)
    run_id = store.runs.put(make_run(US)).view.artifact.run_id
    for number in (1, 2):
        add_event(store, run_id, "advisory", {"advisory_id": f"adv_{number}"}, actor=ANNA, us=US)
    append_log(store, key_file, us=US)
    yield make_bundle(store, run_id), run_id, parse_key(started.verifier_key.text())
    store.index.close()


def test_a_bundle_that_rmos_makes_holds(shop: tuple[bytes, str, LogKey]) -> None:
    data, run_id, key = shop
    told, checkpoint = check_bundle(data, key, [])
    assert told[0].startswith(f"run {run_id} OK 2025-12-23T")
    assert [line.split(",")[0] for line in told[1:]] == ["event 1: advisory", "event 2: advisory"]
    assert (checkpoint.origin, checkpoint.size) == (ORIGIN, 45)


def test_no_flipped_byte_of_a_bundle_is_accepted(shop: tuple[bytes, str, LogKey]) -> None:
    data, _, key = shop
    check_bundle(data, key, [])
    accepted = []
    for at in some_of(range(len(data)), 1):
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        try:
            check_bundle(bytes(flipped), key, [])
        except DoesNotHold:
            continue
        accepted.append(at)
    assert accepted == []


@pytest.mark.long
def test_no_changed_byte_is_accepted_in_a_zip_that_was_packed_anew() -> None:
    members = make_members_of(make_run_files(1))
    accepted = []
    for name in [name for name in members if name not in ("verifier-key", "README.txt")]:  # neither proves anything
        for at in range(len(members[name])):
            data = bytearray(members[name])
            data[at] ^= 1 << at % 7
            try:
                check({**members, name: bytes(data)})
            except (DoesNotHold, LookupError, ValueError):
                continue
            accepted.append((name, at))
    assert accepted == []


@pytest.mark.parametrize("events", [0, 1, 3])
def test_a_run_with_its_events_holds(events: int) -> None:
    assert len(check(make_members_of(make_run_files(events)))) == (1 + events)


def test_one_object_holds_alone_and_says_so() -> None:
    files = {"_audit/2025-12-23/evt_1.json": make_event("evt_1", 1, None)}
    assert check(make_members_of(files)) == ["_audit/2025-12-23/evt_1.json alone"]
    assert check(make_members_of({})) == []


def test_what_the_legacy_system_wrote_holds_with_its_links() -> None:
    name = f"{PARTITION}/run_361afb660060"
    files = {f"{name}.json": make_earlier_artifact(), f"{name}_advisory_adv_1.json": b'{"advisory_id":"adv_1"}'}
    assert check(make_members_of(files)) == ["run run_361afb660060  "]
    with pytest.raises(DoesNotHold, match="not those of one run"):
        check(make_members_of({**files, f"{PARTITION}/run_000000000000_advisory_adv_1.json": b"{}"}))


@pytest.mark.parametrize("is_logged", [True, False])
def test_an_erased_run_holds_by_its_delete_event(is_logged: bool) -> None:
    files = make_run_files(1)
    artifact = erase(files)
    told = check(make_members_of(files, absent={ARTIFACT: artifact} if is_logged else {}))
    assert told[0] == f"run {RUN_ID} was erased for good, as its delete event says"


def forge_delete(**over: object) -> tuple[Files, bytes]:
    """Make a run whose artifact was taken out, and whose last event says something near a hard delete of it."""
    files = make_run_files(1)
    return files, erase(files, **over)


@pytest.mark.parametrize("over", [{"mode": "soft"}, {"artifact_sha256": "0" * 64}, {"artifact_sha256": None}])
def test_an_artifact_that_was_left_out_is_missed(over: dict[str, object]) -> None:
    files, artifact = forge_delete(**over)
    for absent in ({}, {ARTIFACT: artifact}):
        with pytest.raises(DoesNotHold, match="was left out"):
            check(make_members_of(files, absent=absent))


def test_an_event_of_another_kind_does_not_explain_a_missing_artifact() -> None:
    files = make_run_files(0)
    data = {"mode": "hard", "artifact_sha256": digest.sha256_hex(files[ARTIFACT])}
    add_file(files, kind="advisory", data=data)
    artifact = files.pop(ARTIFACT)
    with pytest.raises(DoesNotHold, match="was left out"):
        check(make_members_of(files, absent={ARTIFACT: artifact}))


def test_an_event_that_was_left_out_is_missed() -> None:
    files = make_run_files(3)
    middle = list(files)[2]
    gone = {middle: files.pop(middle)}
    with pytest.raises(DoesNotHold, match="one is missing"):
        check(make_members_of(files))
    with pytest.raises(DoesNotHold, match="not those of one run"):
        check(make_members_of(files, absent=gone))


@pytest.mark.parametrize(
    "over", [{"previous_sha256": "0" * 64}, {"record_id": OTHER_RUN_ID}, {"number": 1}, {"previous_sha256": None}]
)
def test_an_event_that_does_not_follow_is_refused_though_it_is_logged(over: dict[str, object]) -> None:
    files = make_run_files(1)
    add_file(files, **over)
    with pytest.raises(DoesNotHold, match="does not follow"):
        check(make_members_of(files))


def test_files_of_two_runs_are_no_evidence_of_one() -> None:
    for other in (make_run_files(0, OTHER_RUN_ID), make_run_files(1, OTHER_RUN_ID)):
        with pytest.raises(DoesNotHold):
            check(make_members_of({**make_run_files(1), **other}))
    renamed = {ARTIFACT: make_run_files(0, OTHER_RUN_ID)[f"{PARTITION}/{OTHER_RUN_ID}.json"]}
    add_file(renamed)
    with pytest.raises(DoesNotHold, match="not those of one run"):
        check(make_members_of(renamed))


def test_a_record_whose_own_digest_does_not_hold_is_refused_though_it_is_logged() -> None:
    files = make_run_files(0)
    files[ARTIFACT] = change(files[ARTIFACT], b'"mode":"router"', b'"mode":"rooter"')
    with pytest.raises(DoesNotHold, match="_sha256 does not hold"):
        check(make_members_of(files))


def seal_anew(members: Files) -> Files:
    record = {name: value for name, value in json.loads(members[ARTIFACT]).items() if name != "_sha256"}
    return {**members, ARTIFACT: digest.encode_record({**record, "mode": "laser"})}


def follow_with_sums(members: Files) -> Files:
    members = seal_anew(members)
    line = make_line(ARTIFACT, members[ARTIFACT])
    old = next(line for line in members[SUMS].splitlines(keepends=True) if ARTIFACT.encode() in line)
    return {**members, SUMS: change(members[SUMS], old, line)}


def of_another_log(members: Files) -> Files:
    return {**members, PROOF: make_members_of(make_run_files(1), size=38)[PROOF]}


def lines_of_proof(members: Files, edit: Callable[[list[bytes]], list[bytes]]) -> Files:
    head, _, note = members[PROOF].partition(b"\n\n")
    return {**members, PROOF: b"\n".join(edit(head.split(b"\n"))) + b"\n\n" + note}


ATTACKS: dict[str, tuple[str, Callable[[Files], Files]]] = {
    "changed and sealed anew": ("was changed", seal_anew),
    "changed, sealed anew, and SHA256SUMS too": ("another root", follow_with_sums),
    "the proof of another log": ("one checkpoint", of_another_log),
    "a proof too long": ("too long", lambda all: lines_of_proof(all, lambda lines: [*lines, lines[-1]])),
    "a proof too short": ("too short", lambda all: lines_of_proof(all, lambda lines: lines[:-1])),
    "a proof of another place": (
        "another root",
        lambda all: lines_of_proof(all, lambda _: [*_[:1], b"index 0", *_[2:]]),
    ),
    "a proof at index = size": ("larger log", lambda all: lines_of_proof(all, lambda _: [*_[:1], b"index 37", *_[2:]])),
    "an index with a zero": ("damaged", lambda all: lines_of_proof(all, lambda _: [*_[:1], b"index 012", *_[2:]])),
    "an extra line": ("damaged", lambda all: lines_of_proof(all, lambda _: [*_[:1], b"extra AA==", *_[1:]])),
    "a hash spelt otherwise": (
        "larger log",
        lambda all: lines_of_proof(all, lambda _: [*_[:2], _[2][:-2] + bytes([_[2][-2] + 1]) + b"=", *_[3:]]),
    ),
    "a proof missing": ("not whole", lambda all: {name: all[name] for name in all if name != PROOF}),
    "a file that nothing names": ("does not name", lambda all: {**all, "more.json": b"{}"}),
    "a file one folder up": ("does not name", lambda all: {**all, "../more.json": b"{}"}),
    "SHA256SUMS without an end": ("does not name", lambda all: {**all, SUMS: all[SUMS][:-1]}),
    "SHA256SUMS with a carriage return": (
        "does not name",
        lambda all: {**all, SUMS: all[SUMS].replace(b"\n", b"\r\n")},
    ),
    "SHA256SUMS in capitals": ("does not name", lambda all: {**all, SUMS: all[SUMS].upper()}),
    "SHA256SUMS with a binary sign": ("does not name", lambda all: {**all, SUMS: all[SUMS].replace(b"  ", b" *")}),
    "a line twice": ("does not name", lambda all: {**all, SUMS: all[SUMS] + all[SUMS][-92:]}),
    "a comment": ("does not name", lambda all: {**all, SUMS: b"# more\n" + all[SUMS]}),
    "no start of the log": ("not whole", lambda all: {n: all[n] for n in all if not n.startswith(START)}),
    "no SHA256SUMS": ("not whole", lambda all: {name: all[name] for name in all if name != SUMS}),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_bundle_that_was_tampered_with_is_refused(attack: str) -> None:
    members = make_members_of(make_run_files(1))
    check(members)
    message, tamper = ATTACKS[attack]
    with pytest.raises(DoesNotHold, match=message):
        check(tamper(members))


def test_a_key_of_the_same_name_does_not_make_a_bundle_hold() -> None:
    with pytest.raises(DoesNotHold, match="not signed by this key"):
        check(make_members_of(make_run_files(1), key=OTHER_KEY))


def test_the_start_must_be_that_of_this_log() -> None:
    start = make_event("log", 1, None, {"kind": "start", "data": {"origin": "shed.example/evidence"}})
    members = make_members_of({**make_run_files(0), START: start})
    with pytest.raises(DoesNotHold, match="start of the log"):
        check(members)


@pytest.mark.parametrize("name", ["../up.json", "/root.json", "a/../b.json", "a//b.json", "./a.json", "..%2f/../x"])
def test_a_name_that_leads_out_of_the_folder_is_refused_though_it_is_logged(name: str) -> None:
    with pytest.raises(DoesNotHold):
        check(make_members_of({name: make_event("evt_1", 1, None)}))


def pack(members: Files, *more: tuple[zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    """Pack members as any program may, in any order, and more behind them."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", how) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
        for info, data in more:
            archive.writestr(info, data)
    return target.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_trick_of_a_zip_is_accepted() -> None:
    members = {name: data for name, data in sorted(make_members_of(make_run_files(1)).items())}
    good = make_zip(members)
    check_bundle(good, TRUSTED, [])
    link = zipfile.ZipInfo("z-link")
    link.external_attr = 0o120777 << 16
    late = zipfile.ZipInfo("z-late", (2026, 1, 1, 0, 0, 0))
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("SHA256SUMS", bytes(50_000_000))
    tricks = {
        "packed": pack(members, how=zipfile.ZIP_DEFLATED),
        "a name twice": pack(members, (zipfile.ZipInfo(ARTIFACT), b"{}")),
        "a link": pack(members, (link, b"/etc/passwd")),
        "a moment": pack(members, (late, b"")),
        "another order": pack(dict(reversed(members.items()))),
        "a bomb": bomb.getvalue(),
        "before": b"#!/bin/sh\n" + good,
        "behind": good + b"\0",
        "a comment": good[:-2] + b"\1\0x",
        "cut": good[:-22],
        "half": good[: len(good) // 2],
        "hidden from the list": good[: good.index(b"PK\1\2")] + make_zip({"a": b""})[31:],
        "nothing": b"",
        "no zip": b"PK",
    }
    for trick, data in tricks.items():
        with pytest.raises(DoesNotHold):
            pytest.fail(f"{trick}: {check_bundle(data, TRUSTED, [])}")


def test_a_saved_checkpoint_must_be_the_one_that_the_bundle_is_under() -> None:
    members = make_members_of(make_run_files(1))
    data, mine = make_zip(members), parse_checkpoint(members["checkpoint"])
    check_bundle(data, TRUSTED, [mine])
    larger = parse_checkpoint(make_members_of(make_run_files(1), size=38)["checkpoint"])
    with pytest.raises(DoesNotHold, match="of 38 entries, this has 37"):
        check_bundle(data, TRUSTED, [mine, larger])
    fork = parse_checkpoint(make_members_of(make_run_files(2))["checkpoint"])
    with pytest.raises(DoesNotHold, match="TWO LOGS"):
        check_bundle(data, TRUSTED, [fork])


def run_script(*arguments: object) -> tuple[int, str]:
    """Run the script as a stranger does, without RMOS and in no environment; return exit status and output."""
    command = [sys.executable, "-I", "-S", SCRIPT, *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env={})
    return done.returncode, done.stdout + done.stderr


def test_the_script_tells_a_stranger_what_holds_and_what_does_not(tmp_path: Path) -> None:
    members, bundle, saved = make_members_of(make_run_files(1)), tmp_path / "run.zip", tmp_path / "saved"
    bundle.write_bytes(make_zip(members))
    saved.write_bytes(members["checkpoint"])
    key = KEY.verifier_key.text()
    status, told = run_script("proof", bundle, "--key", key, "--checkpoint", saved)
    assert (status, told.splitlines()[0]) == (0, "HOLDS, as it was recorded:")
    assert f"log {ORIGIN}, 37 entries, root " in told
    status, told = run_script("proof", bundle, "--key", OTHER_KEY.verifier_key.text())
    assert (status, told.splitlines()[0]) == (1, "DOES NOT HOLD (1):")
    bundle.write_bytes(make_zip(make_members_of({START: digest.encode_record({"data": ["\x1b[2J"]})})))
    status, told = run_script("proof", bundle, "--key", key)
    assert status == 1
    assert "Traceback" not in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["proof"],
        ["proof", "x.zip"],
        ["proof", "missing.zip", "--key", KEY.verifier_key.text()],
        ["proof", SCRIPT, "--key", "shop.example/evidence"],
        ["proof", SCRIPT, "--key", KEY.verifier_key.text(), "--checkpoint", SCRIPT],
        ["prove", SCRIPT, "--key", KEY.verifier_key.text()],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[object]) -> None:
    status, told = run_script(*arguments)
    assert status == 2
    assert "usage:" in told


def test_terminal_signs_in_what_was_recorded_are_not_printed(tmp_path: Path) -> None:
    files = make_run_files(0)
    add_file(files, actor="\x1b]0;HOLDS\x07é")
    bundle = tmp_path / "run.zip"
    bundle.write_bytes(make_zip(make_members_of(files)))
    status, told = run_script("proof", bundle, "--key", KEY.verifier_key.text())
    assert status == 0
    assert "by ?]0;HOLDS??" in told


def test_the_script_is_one_page_that_needs_nothing() -> None:
    lines = SCRIPT.read_text("utf-8").splitlines()
    assert len(lines) < 280
    imported = {line.split()[1].partition(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)
    compile(SCRIPT.read_bytes(), SCRIPT, "exec", dont_inherit=True)
    assert make_start()[START].startswith(b'{"_sha256":"')
