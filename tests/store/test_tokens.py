import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos import digest, ids
from rmos.errors.callers import TokenNotFound
from rmos.errors.request import ValidationFailed
from rmos.errors.store import ObjectUnreadable
from rmos.models import ROLES, Role
from rmos.objects.local import LocalObjects
from rmos.store.records import Damage, examine_event
from rmos.store.tokens import BEARER, Tokens
from tests.makers import ANNA, US, write_raw


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    objects = LocalObjects(tmp_path)
    objects.prepare()
    return Tokens(objects)


def make(tokens: Tokens, name: str = "ben", role: Role = "recorder") -> tuple[str, str]:
    """Make a token and return its id and what its caller sends."""
    token, bearer = tokens.create(name, role, expires_at_utc=None, actor=ANNA, us=US)
    return token.token_id, bearer


def path_of(tmp_path: Path, token_id: str, number: int = 1) -> Path:
    return tmp_path / "_tokens" / f"tok_{token_id}.{number:06d}.json"


@pytest.mark.parametrize("role", ROLES)
def test_a_token_is_an_event_that_keeps_the_digest_of_the_secret_only(
    tokens: Tokens, tmp_path: Path, role: Role
) -> None:
    expires = ids.utc_text(US + 1)
    token, bearer = tokens.create("ben", role, expires_at_utc=expires, actor=ANNA, us=US)
    match = BEARER.fullmatch(bearer)
    assert match is not None
    assert match[1] == token.token_id
    data = path_of(tmp_path, token.token_id).read_bytes()
    event, _ = examine_event(data, f"tok_{token.token_id}", 1, None)
    assert event is not None
    assert (event.kind, event.previous_sha256, event.actor) == ("create", None, "anna")
    assert event.data == {
        "name": "ben",
        "role": role,
        "secret_sha256": digest.sha256_hex(match[2].encode()),
        "expires_at_utc": expires,
    }
    assert match[2].encode() not in data
    assert tokens.get(token.token_id).token == token


def test_no_two_secrets_are_alike(tokens: Tokens) -> None:
    assert len({make(tokens)[1] for _ in range(50)}) == 50


def test_a_revoked_token_says_who_and_when_and_stays_so(tokens: Tokens, tmp_path: Path) -> None:
    token_id, _ = make(tokens)
    revoked = tokens.revoke(token_id, actor=ANNA, us=US + 5)
    assert (revoked.revoked_by, revoked.revoked_at_utc) == ("anna", ids.utc_text(US + 5))
    assert tokens.revoke(token_id, actor=ANNA, us=US + 9) == revoked
    assert tokens.get(token_id).token == revoked
    assert not path_of(tmp_path, token_id, 3).exists()


def test_of_racing_revocations_all_succeed_and_the_record_is_whole(tokens: Tokens) -> None:
    token_id, _ = make(tokens)
    with ThreadPoolExecutor(8) as threads:
        revoked = list(threads.map(lambda number: tokens.revoke(token_id, actor=ANNA, us=US + number), range(8)))
    assert {token.token_id for token in revoked} == {token_id}
    record = tokens.get(token_id)
    assert record.damage is None
    assert record.token is not None
    assert record.token.revoked_at_utc is not None


def test_a_store_that_ever_had_a_token_says_so_whatever_became_of_it(tokens: Tokens, tmp_path: Path) -> None:
    assert not tokens.has_any()
    token_id, _ = make(tokens)
    assert tokens.has_any()
    tokens.revoke(token_id, actor=ANNA, us=US)
    assert tokens.has_any()
    write_raw(path_of(tmp_path, token_id), b"")
    assert tokens.has_any()


def test_a_folder_of_tokens_that_cannot_be_read_counts_as_having_some(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> list[str]:
        raise PermissionError(13, "no")

    monkeypatch.setattr(os, "listdir", refuse)
    assert tokens.has_any()
    with pytest.raises(ObjectUnreadable):
        tokens.list_all()


def test_a_token_with_any_byte_changed_is_damaged(tokens: Tokens, tmp_path: Path) -> None:
    token_id, _ = make(tokens)
    path = path_of(tmp_path, token_id)
    whole = path.read_bytes()
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 1
        write_raw(path, bytes(data))
        (record,) = tokens.list_all()
        assert record.token is None, place
        assert record.damage is not None
        with pytest.raises(Damage):
            tokens.revoke(token_id, actor=ANNA, us=US)


def test_a_damaged_token_leaves_the_others_alone(tokens: Tokens, tmp_path: Path) -> None:
    good, bad = make(tokens)[0], make(tokens)[0]
    write_raw(path_of(tmp_path, bad), b"{}")
    assert {record.token_id: record.token is not None for record in tokens.list_all()} == {good: True, bad: False}


def test_a_revocation_without_the_token_it_ends_is_damage(tokens: Tokens, tmp_path: Path) -> None:
    token_id, _ = make(tokens)
    tokens.revoke(token_id, actor=ANNA, us=US)
    path_of(tmp_path, token_id).unlink()
    damage = tokens.get(token_id).damage
    assert damage is not None
    assert damage.kind == "event_hole"


@pytest.mark.parametrize("token_id", ["none", "", "../../etc", "*"])
def test_a_token_that_is_not_there_is_not_found(tokens: Tokens, token_id: str) -> None:
    make(tokens)
    with pytest.raises(TokenNotFound):
        tokens.get(token_id)


BAD_NAMES = ["", " ", "a ", "x" * 65, "a\nb", "a\x1b[31m", "local", "Local", "cli:anna", "\u202eanna", "\ufb01nn"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_could_be_taken_for_anothers_are_refused(tokens: Tokens, name: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        make(tokens, name)
    assert caught.value.errors is not None
    assert "name" in caught.value.errors
    assert not tokens.has_any()


@pytest.mark.parametrize("name", ["anna", "José Ruiz", "press-2", "工房"])
def test_names_of_people_and_machines_are_taken(tokens: Tokens, name: str) -> None:
    token = tokens.get(make(tokens, name)[0]).token
    assert token is not None
    assert token.name == name


@given(st.text(max_size=80))
def test_only_what_has_the_whole_form_is_a_bearer_token(text: str) -> None:
    assert BEARER.fullmatch(text) is None or text.isascii()
