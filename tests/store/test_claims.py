import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rmos import digest, ids
from rmos.errors.request import IdempotencyKeyReused
from rmos.models import CLAIM_SCHEMA
from rmos.objects.local import LocalObjects
from rmos.store import layout
from rmos.store.claims import Claims
from rmos.store.records import Damage
from tests.makers import US, write_raw
from tests.store.processes import in_processes

BODY, OTHER = "a" * 64, "b" * 64
RUN_ID, SESSION_ID = ids.new_run_id(US), ids.new_session_id(US)


@pytest.fixture
def claims(tmp_path: Path) -> Claims:
    objects = LocalObjects(tmp_path)
    objects.prepare()
    return Claims(objects)


def test_a_claim_names_a_run_of_its_moment_and_is_found_again(claims: Claims, tmp_path: Path) -> None:
    first = claims.take_run_id("anna", "key", BODY, US)
    assert ids.moment_of(first) == US
    assert claims.take_run_id("anna", "key", BODY, US + 5_000_000) == first
    assert Claims(LocalObjects(tmp_path)).take_run_id("anna", "key", BODY, US + 1) == first


def test_another_body_under_the_same_key_is_refused_and_names_the_run(claims: Claims) -> None:
    first = claims.take_run_id("anna", "key", BODY, US)
    with pytest.raises(IdempotencyKeyReused) as caught:
        claims.take_run_id("anna", "key", OTHER, US + 1)
    assert caught.value.members["run_id"] == first
    assert claims.take_run_id("anna", "key", BODY, US + 2) == first


def test_a_claim_on_a_session_names_one_of_its_moment_and_no_run(claims: Claims) -> None:
    first = claims.take_session_id("anna", "key", BODY, US)
    assert ids.moment_of_session(first) == US
    assert claims.take_session_id("anna", "key", BODY, US + 1) == first
    with pytest.raises(IdempotencyKeyReused) as caught:
        claims.take_run_id("anna", "key", BODY, US + 2)
    assert caught.value.members["session_id"] == first
    run_id = claims.take_run_id("anna", "other", BODY, US)
    with pytest.raises(IdempotencyKeyReused) as caught:
        claims.take_session_id("anna", "other", BODY, US)
    assert caught.value.members["run_id"] == run_id


@pytest.mark.parametrize("named", [{}, {"run_id": RUN_ID, "session_id": SESSION_ID}, {"session_id": "ws_0123456789ab"}])
def test_a_claim_names_a_run_or_a_session_and_not_both(claims: Claims, tmp_path: Path, named: dict[str, str]) -> None:
    members = {"schema": CLAIM_SCHEMA, "request_sha256": BODY, "created_at_utc": ids.utc_text(US), **named}
    write_raw(tmp_path / layout.claim_key("anna", "key"), digest.encode_record(members))
    with pytest.raises(Damage, match="names no run and no session, or both"):
        claims.take_session_id("anna", "key", BODY, US)


def test_a_key_belongs_to_its_caller(claims: Claims) -> None:
    assert claims.take_run_id("anna", "key", BODY, US) != claims.take_run_id("ben", "key", BODY, US)


@pytest.mark.parametrize("key", ["../../../etc/passwd", "/", "*", "a/b", "a_b", "x" * 255])
def test_trap_09_keys_never_become_names_and_never_collide(claims: Claims, tmp_path: Path, key: str) -> None:
    claims.take_run_id("anna", key, BODY, US)
    claims.take_run_id("anna", key + "!", BODY, US)
    names = [name for _, _, files in os.walk(tmp_path) for name in files]
    assert len(names) == 2
    assert all(len(name) == 69 for name in names)


def test_of_many_racing_threads_all_get_the_same_run(claims: Claims) -> None:
    with ThreadPoolExecutor(32) as threads:
        taken = list(threads.map(lambda number: claims.take_run_id("anna", "key", BODY, US + number), range(32)))
    assert len(set(taken)) == 1


def take(argument: tuple[Path, int]) -> list[str | None]:
    folder, worker = argument
    claims = Claims(LocalObjects(folder))
    taken: list[str | None] = []
    for number in range(30):
        try:
            taken.append(claims.take_run_id("anna", f"key {number}", BODY if worker % 2 else OTHER, ids.now_us()))
        except IdempotencyKeyReused:
            taken.append(None)
    return taken


def test_of_racing_processes_with_two_bodies_one_body_wins_each_key(tmp_path: Path) -> None:
    LocalObjects(tmp_path).prepare()
    by_worker = in_processes(take, [(tmp_path, worker) for worker in range(4)])
    for outcomes in zip(*by_worker, strict=True):
        winners = [run_id for run_id in outcomes if run_id is not None]
        assert len(winners) == 2
        assert winners[0] == winners[1]
        assert (outcomes[0] is None) == (outcomes[2] is None) != (outcomes[1] is None)


@pytest.mark.parametrize("data", [b"", b"{}\n", b"junk", b'{"_sha256":"' + b"0" * 64 + b'"}\n'])
def test_a_damaged_claim_is_damage_and_never_a_free_key(claims: Claims, tmp_path: Path, data: bytes) -> None:
    claims.take_run_id("anna", "key", BODY, US)
    path = write_raw(tmp_path / layout.claim_key("anna", "key"), data)
    with pytest.raises(Damage):
        claims.take_run_id("anna", "key", BODY, US)
    assert path.read_bytes() == data


def test_something_else_in_the_place_of_a_claim_is_damage(claims: Claims, tmp_path: Path) -> None:
    place = tmp_path / layout.claim_key("anna", "key")
    place.parent.mkdir(parents=True)
    os.mkfifo(place)
    with pytest.raises(Damage):
        claims.take_run_id("anna", "key", BODY, US)


def test_the_claim_is_durable_before_the_run_is_made(claims: Claims, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    genuine = os.fsync

    def recording(fd: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{fd}"))
        genuine(fd)

    monkeypatch.setattr(os, "fsync", recording)
    claims.take_run_id("anna", "key", BODY, US)
    folder = os.path.dirname(layout.claim_key("anna", "key"))
    assert synced[-1].endswith(folder)
    synced.clear()
    claims.take_run_id("anna", "key", BODY, US)  # whoever made it may have died before that
    assert synced[-1].endswith(folder)
