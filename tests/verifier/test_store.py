"""What the verifier finds in a whole store without RMOS: each attack on it, and the one that nothing in it can show."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rmos import digest
from rmos.services.evidence import append_log, change_key, make_proof, start_log
from rmos.store.evidence.objects import batch_key, checkpoint_key
from rmos.store.evidence.signing import KeyFile
from rmos.verifier.rmos_verify import DoesNotHold, LogKey, StoreCheck, check_bundle, parse_checkpoint, parse_key
from tests.helpers.bundles import (
    ARTIFACT,
    KEY,
    ORIGIN,
    OTHER_KEY,
    OTHER_RUN_ID,
    PARTITION,
    RUN_ID,
    START,
    TRUSTED,
    LogFolder,
    add_file,
    erase,
    make_line,
    make_run_files,
    replace_once,
)
from tests.makers import ANNA, US, add_event, make_event, make_members, open_store

EVENT = f"{PARTITION}/{RUN_ID}.000001.json"
TOKEN = "_tokens/tok_ab.000002.json"
AUDIT = f"_audit/{PARTITION}/evt_019b4a4e2c0070008000000000000009.json"
ROTATE = "_evidence/log.000002.json"


def verify(folder: Path, key: LogKey = TRUSTED, *saved: bytes) -> tuple[list[str], list[str]]:
    """Return what a store shows, and what is wrong with it."""
    check = StoreCheck(folder, key)
    told, _ = check.check([parse_checkpoint(data) for data in saved])
    return told, check.wrong


def find(folder: Path, *saved: bytes) -> str:
    """Return all that is wrong with a store."""
    try:
        return "\n".join(verify(folder, TRUSTED, *saved)[1])
    except (DoesNotHold, FileNotFoundError) as error:
        return str(error)


@pytest.fixture
def log(tmp_path: Path) -> LogFolder:
    """A log of three batches over two runs, a revoked token and an audit record."""
    log = LogFolder(tmp_path / "runs")
    log.put(make_run_files(2))
    log.append()
    token = make_event("tok_ab", 1, None)
    revoked = make_event("tok_ab", 2, digest.sha256_hex(token), {"kind": "revoke"})
    log.put({"_tokens/tok_ab.000001.json": token, TOKEN: revoked})
    log.append()
    log.put({AUDIT: make_event("evt_019b4a4e2c0070008000000000000009", 1, None), **make_run_files(0, OTHER_RUN_ID)})
    log.append()
    return log


def read_checkpoint(log: LogFolder, number: int) -> bytes:
    """Return a checkpoint, as somebody keeps it elsewhere."""
    return (log.folder / checkpoint_key(number)).read_bytes()


def edit(log: LogFolder, key: str, old: bytes, new: bytes) -> None:
    """Change a file where one of its parts stands once."""
    path = log.folder / key
    path.write_bytes(replace_once(path.read_bytes(), old, new))


def test_a_store_that_rmos_wrote_holds(tmp_path: Path) -> None:
    store, key_file = open_store(tmp_path), KeyFile(tmp_path / "evidence.key")
    run_ids = [store.runs.put(make_members(US + at)).view.artifact.run_id for at in range(300)]
    add_event(store, run_ids[0], "advisory", {"advisory_id": "adv_1"}, actor=ANNA, us=US)
    started = start_log(store, key_file, origin=ORIGIN, actor=ANNA, us=US)
    store.deletes.hard(run_ids[1], "a name in it", actor=ANNA, us=US)
    store.runs.put(make_members(US))
    append_log(store, key_file, us=US)
    store.runs.put(make_members(US))
    told, wrong = verify(tmp_path / "runs", parse_key(started.verifier_key.text()))
    assert wrong == []
    assert told == [
        "recorded: 305 files, 1 of them erased or set aside, as the log says",
        "not in the log yet: 1 files; it says nothing about them",
    ]
    store.index.close()


@pytest.mark.parametrize("lost", [False, True])
def test_a_store_whose_key_rmos_changed_holds(tmp_path: Path, lost: bool) -> None:
    store, key_file = open_store(tmp_path), KeyFile(tmp_path / "evidence.key")
    store.runs.put(make_members(US))
    first = start_log(store, key_file, origin=ORIGIN, actor=ANNA, us=US).verifier_key
    if lost:
        key_file.path.unlink()
    second = change_key(store, key_file, lost=lost, actor=ANNA, us=US)
    run_id = store.runs.put(make_members(US)).view.artifact.run_id
    append_log(store, key_file, us=US)
    keys = [parse_key(key.text()) for key in (first, second)]
    assert verify(tmp_path / "runs", keys[1])[1] == []
    if lost:
        with pytest.raises(DoesNotHold, match="not signed by this key"):
            verify(tmp_path / "runs", keys[0])
    else:
        assert verify(tmp_path / "runs", keys[0])[1] == []
    bundle = make_proof(store, run_id)
    check_bundle(bundle, keys[1], [])
    with pytest.raises(DoesNotHold, match="not signed by this key"):
        check_bundle(bundle, keys[0], [])
    store.index.close()


def test_a_log_of_many_sizes_holds(tmp_path: Path) -> None:
    log = LogFolder(tmp_path)
    saved = []
    for count in range(1, 7):
        log.put({f"_audit/{PARTITION}/evt_{count}_{at}.json": make_event("evt", 1, None) for at in range(count)})
        saved.append(log.append().read_bytes())
    assert verify(tmp_path, TRUSTED, *saved)[1] == []


@pytest.mark.parametrize("key", [ARTIFACT, EVENT, TOKEN, AUDIT, f"{PARTITION}/{OTHER_RUN_ID}.json"])
def test_a_file_that_was_taken_away_is_missed(log: LogFolder, key: str) -> None:
    (log.folder / key).unlink()
    assert find(log.folder) == f"{key} is gone: no event says why."


def test_a_folder_that_was_taken_away_is_missed(log: LogFolder) -> None:
    shutil.rmtree(log.folder / PARTITION)
    assert find(log.folder).count("is gone") == 4


@pytest.mark.parametrize("key", [ARTIFACT, EVENT, TOKEN, AUDIT, START, batch_key(1)])
def test_a_changed_byte_is_found(log: LogFolder, key: str) -> None:
    data = (log.folder / key).read_bytes()
    (log.folder / key).write_bytes(data.replace(b"2025", b"2026", 1))
    assert f"{key} was changed" in find(log.folder)


def test_a_record_that_was_changed_and_sealed_anew_is_found(log: LogFolder) -> None:
    record = json.loads((log.folder / ARTIFACT).read_bytes())
    del record["_sha256"]
    log.put({ARTIFACT: digest.encode_record({**record, "mode": "laser"})})
    assert find(log.folder).startswith(f"{ARTIFACT} was changed")


def test_an_erased_run_is_explained_by_its_own_delete_event(log: LogFolder) -> None:
    files = make_run_files(0, OTHER_RUN_ID)
    artifact = f"{PARTITION}/{OTHER_RUN_ID}.json"
    (log.folder / artifact).unlink()
    erase(files, OTHER_RUN_ID)
    log.put(files)
    assert find(log.folder) == f"{artifact} is gone: no event says why."  # the event is not in the log yet
    log.append()
    assert verify(log.folder)[1] == []


@pytest.mark.parametrize(
    "over",
    [
        {"record_id": RUN_ID},
        {"kind": "advisory"},
        {"data": {"mode": "soft"}},
        {"data": {"mode": "hard", "artifact_sha256": "0" * 64}},
    ],
)
def test_a_forged_delete_event_explains_nothing(log: LogFolder, over: dict[str, object]) -> None:
    files = make_run_files(0, OTHER_RUN_ID)
    artifact = f"{PARTITION}/{OTHER_RUN_ID}.json"
    data = {"mode": "hard", "artifact_sha256": digest.sha256_hex(files[artifact])}
    add_file(files, OTHER_RUN_ID, **{"kind": "delete", "data": data, **over})
    log.put(files)
    log.append()
    (log.folder / artifact).unlink()
    assert find(log.folder) == f"{artifact} is gone: no event says why."


@pytest.mark.parametrize(("outcome", "is_explained"), [("admitted", True), ("refused", False)])
def test_what_repair_set_aside_is_explained_by_its_audit_record(
    log: LogFolder, outcome: str, is_explained: bool
) -> None:
    keys = [[ARTIFACT, digest.sha256_hex((log.folder / ARTIFACT).read_bytes())]]
    record = {"action": "set_aside", "outcome": outcome, "data": {"keys": keys}}
    log.put({f"_audit/{PARTITION}/evt_1.json": digest.encode_record(record)})
    log.append()
    (log.folder / ARTIFACT).unlink()
    assert (find(log.folder) == "") is is_explained


def test_a_run_that_was_slipped_in_is_told_and_once_logged_it_is_the_last(log: LogFolder) -> None:
    log.put(make_run_files(0, "run_019b4a4e2c0070008000000000000000"))
    told, wrong = verify(log.folder)
    assert wrong == []
    assert "not in the log yet: 1 files; it says nothing about them" in told


LINE_ATTACKS: dict[str, Callable[[LogFolder], None]] = {
    "an entry's digest": lambda log: edit(log, batch_key(2), b"  _tokens/tok_ab.000001", b"0  _tokens/tok_ab.000001"),
    "an entry's key": lambda log: edit(log, batch_key(2), b"tok_ab.000001.json", b"tok_ab.000003.json"),
    "the first entry of a batch": lambda log: edit(log, batch_key(1), b"first=0", b"first=1"),
    "the number of a batch": lambda log: edit(log, batch_key(1), b"number=1", b"number=2"),
    "the time of a batch": lambda log: edit(log, batch_key(1), b"at=2025", b"at=2024"),
    "a line that is none": lambda log: edit(log, batch_key(1), make_line(*read(log, EVENT)), b"A  x\n"),
    "a line twice": lambda log: edit(log, batch_key(1), make_line(*read(log, EVENT)), make_line(*read(log, EVENT)) * 2),
    "a checkpoint's size": lambda log: edit(log, checkpoint_key(2), b"\n7\n", b"\n8\n"),
    "a checkpoint's root": lambda log: edit(log, checkpoint_key(1), b"=\n\n", b"x\n\n"),
    "the last signature": lambda log: edit(log, checkpoint_key(3), b"evidence eEML", b"evidence eEMM"),
    "a batch dropped at the end": lambda log: (log.folder / batch_key(3)).unlink(),
    "a checkpoint dropped": lambda log: (log.folder / checkpoint_key(2)).unlink(),
    "a batch dropped in the middle": lambda log: drop(log, 2),
    "two batches swapped": lambda log: swap(log),
    "the whole log": lambda log: shutil.rmtree(log.folder / "_evidence" / "batch"),
}


def read(log: LogFolder, key: str) -> tuple[str, bytes]:
    """Return a file with its key."""
    return key, (log.folder / key).read_bytes()


def drop(log: LogFolder, number: int) -> None:
    """Take a batch away with its checkpoint."""
    (log.folder / batch_key(number)).unlink()
    (log.folder / checkpoint_key(number)).unlink()


def swap(log: LogFolder) -> None:
    """Exchange two batches and their checkpoints."""
    for of in (batch_key, checkpoint_key):
        one, two = (log.folder / of(number) for number in (2, 3))
        first, second = one.read_bytes(), two.read_bytes()
        one.write_bytes(second)
        two.write_bytes(first)


@pytest.mark.parametrize("attack", LINE_ATTACKS)
def test_an_altered_log_does_not_hold(log: LogFolder, attack: str) -> None:
    assert find(log.folder) == ""
    LINE_ATTACKS[attack](log)
    assert find(log.folder) != ""


def test_no_flipped_byte_of_the_log_is_accepted(log: LogFolder) -> None:
    accepted = []
    for key in [key for number in (1, 2, 3) for key in (batch_key(number), checkpoint_key(number))]:
        data = (log.folder / key).read_bytes()
        for at in range(0, len(data), 3):
            flipped = bytearray(data)
            flipped[at] ^= 1 << at % 7
            (log.folder / key).write_bytes(flipped)
            if not find(log.folder):
                accepted.append((key, at))
        (log.folder / key).write_bytes(data)
    # What only a batch's own line would fix is free in the last one, the signatures of older checkpoints are not read.
    last = (log.folder / batch_key(3)).read_bytes()
    free = {(batch_key(3), at) for at in range(last.index(b"at="), last.index(b"\n"))}
    for number in (1, 2):
        note = read_checkpoint(log, number)
        free |= {(checkpoint_key(number), at) for at in range(note.index("—".encode()), len(note))}
    assert set(accepted) <= free


def test_a_log_that_was_cut_back_is_found_by_a_saved_checkpoint_alone(log: LogFolder) -> None:
    saved = read_checkpoint(log, 3)
    drop(log, 3)
    assert find(log.folder) == ""
    assert "not in the log yet: 2 files; it says nothing about them" in verify(log.folder)[0]
    assert find(log.folder, saved) == "The log was cut back: you kept a checkpoint of 10 entries."


def test_a_log_rewritten_with_the_key_is_found_by_a_saved_checkpoint_and_by_nothing_else(
    log: LogFolder, tmp_path: Path
) -> None:
    saved = read_checkpoint(log, 1)
    forged = LogFolder(tmp_path / "forged")
    forged.put(make_run_files(0))  # without the two events
    forged.append()
    forged.put({AUDIT: (log.folder / AUDIT).read_bytes(), **make_run_files(0, OTHER_RUN_ID)})
    forged.append()
    forged.put({"_tokens/tok_ab.000001.json": (log.folder / "_tokens/tok_ab.000001.json").read_bytes()})
    forged.append()
    assert find(forged.folder) == ""
    assert find(forged.folder, saved).startswith("TWO LOGS")
    assert find(log.folder, saved) == ""


def test_a_checkpoint_that_is_no_end_of_a_batch_shows_two_logs(log: LogFolder) -> None:
    saved = read_checkpoint(log, 1)
    drop(log, 1)
    for of in (batch_key, checkpoint_key):
        for number in (2, 3):
            (log.folder / of(number)).unlink()
    other = LogFolder(log.folder)
    other.put({f"_audit/{PARTITION}/evt_9.json": make_event("evt_9", 1, None)})
    other.append()
    assert find(log.folder) == ""
    assert find(log.folder, saved).startswith("TWO LOGS")


def test_another_key_of_the_same_name_is_not_trusted(log: LogFolder, tmp_path: Path) -> None:
    other = LogFolder(tmp_path / "other", OTHER_KEY)
    other.append()
    assert "not signed by this key" in find(other.folder)
    log.signers = [OTHER_KEY]
    log.sign(3)
    assert "not signed by this key" in find(log.folder)


def rotate(log: LogFolder, *, is_lost: bool) -> None:
    """Change the key; a lost one does not sign for its successor."""
    previous = digest.sha256_hex((log.folder / START).read_bytes())
    data = {"verifier_key": OTHER_KEY.verifier_key.text(), "lost": is_lost}
    log.put({ROTATE: make_event("log", 2, previous, {"kind": "rotate", "data": data})})
    log.signers = [OTHER_KEY] if is_lost else [KEY, OTHER_KEY]
    log.append()
    log.signers = [OTHER_KEY]
    log.put(make_run_files(0, "run_019b4a4e2c0070008000000000000003"))
    log.append()


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_key_is_followed_by_one_that_it_signed_for(log: LogFolder, is_lost: bool) -> None:
    rotate(log, is_lost=is_lost)
    assert verify(log.folder, parse_key(OTHER_KEY.verifier_key.text()))[1] == []
    assert ("not signed by this key" in find(log.folder)) is is_lost


def test_the_old_key_no_longer_signs(log: LogFolder) -> None:
    rotate(log, is_lost=False)
    log.signers = [KEY]
    log.sign(5)
    assert "not signed by this key" in find(log.folder)


def test_the_start_of_the_log_must_be_in_the_log(tmp_path: Path) -> None:
    log = LogFolder(tmp_path)
    start = (tmp_path / START).read_bytes()
    (tmp_path / START).unlink()
    log.put({f"_audit/{PARTITION}/evt_9.json": make_event("evt_9", 1, None)})
    log.append()
    log.put({START: start})
    assert "not signed by this key" in find(tmp_path)
