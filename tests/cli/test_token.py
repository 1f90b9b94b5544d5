"""`rmos token`: make, list, revoke; the secret is shown once and kept nowhere."""

import json
import re
from pathlib import Path

import pytest

from rmos import ids
from tests.cli.conftest import Command, command_on, document, flip
from tests.helpers.failing import failing_to_open

BEARER = re.compile(r"rmos_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


def test_a_token_is_shown_once_and_its_secret_is_kept_nowhere(run: Command, root: Path) -> None:
    made = run("token", "create", "anna", "--role", "operator", "--expires", "90d")
    assert made.exit_code == 0
    match = BEARER.fullmatch(made.stdout.strip())
    assert match is not None
    assert "not shown again" in made.stderr
    assert match[2] not in made.stderr
    for path in root.rglob("*"):
        if path.is_file():
            assert match[2].encode() not in path.read_bytes(), path.name
    for listed in (run("token", "list"), run("token", "list", "--json")):
        assert match[1] in listed.stdout
        assert match[2] not in listed.output
    assert run("verify").exit_code == 0


def test_json_gives_the_token_and_when_it_ends(run: Command) -> None:
    made = document(run("token", "create", "press", "--role", "recorder", "--expires", "12h", "--json"))
    assert BEARER.fullmatch(made["token"])
    lifetime_us = ids.parse_utc(made["expires_at_utc"]) - ids.parse_utc(made["created_at_utc"])
    assert lifetime_us == 12 * 3600 * 1_000_000
    assert (made["name"], made["role"], made["state"]) == ("press", "recorder", "in force")
    assert made["created_by"].startswith("cli:")
    assert "secret_sha256" not in made


def test_a_revoked_token_is_listed_as_that(run: Command) -> None:
    made = document(run("token", "create", "anna", "--role", "viewer", "--json"))
    for spelt in (made["token_id"], f"tok_{made['token_id']}"):
        ended = run("token", "revoke", spelt)
        assert ended.exit_code == 0
        assert "within 5 seconds" in ended.stdout
    (listed,) = document(run("token", "list", "--json"))["items"]
    assert listed["state"] == "revoked"
    assert listed["revoked_by"].startswith("cli:")


def test_a_damaged_token_is_listed_and_named_and_cannot_be_revoked(run: Command, root: Path) -> None:
    made = document(run("token", "create", "anna", "--role", "viewer", "--json"))
    flip(next((root / "_tokens").iterdir()), at=200)
    listed = run("token", "list")
    assert listed.exit_code == 0
    assert "damaged" in listed.stdout
    assert run("token", "revoke", made["token_id"]).exit_code == 1
    report = document(run("verify", "--json"))
    assert [found["kind"] for found in report["findings"]] == ["event_corrupt"]
    plan = document(run("repair", "--dry-run", "--json"))
    assert not plan["actions"]


def test_trap_49_a_token_that_the_disk_does_not_give_is_not_called_damaged(
    run: Command, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = document(run("token", "create", "anna", "--role", "viewer", "--json"))
    with failing_to_open(monkeypatch, "tok_"):
        listed = run("token", "list", "--json")
        revoked = run("token", "revoke", made["token_id"], "--json")
        health = document(run("status", "--json"))
    assert (listed.exit_code, [token["state"] for token in document(listed)["items"]]) == (1, ["unavailable"])
    assert (revoked.exit_code, document(revoked)["error"]) == (1, "STORAGE_UNAVAILABLE")
    assert health["tokens_in_force"] is None
    assert document(run("token", "list", "--json"))["items"][0]["state"] == "in force"


@pytest.mark.parametrize("name", ["", "local", "cli:anna", "a\nb", "x" * 65])
def test_a_name_that_cannot_be_used_is_refused_and_nothing_is_made(run: Command, root: Path, name: str) -> None:
    assert run("token", "create", name, "--role", "viewer").exit_code == 2
    assert not (root / "_tokens").exists()


@pytest.mark.parametrize("span", ["", "90", "0d", "-1d", "90days", "99999d"])
def test_a_length_of_time_that_is_none_is_refused(run: Command, root: Path, span: str) -> None:
    assert run("token", "create", "anna", "--role", "viewer", "--expires", span).exit_code == 2
    assert not (root / "_tokens").exists()


def test_a_token_typed_in_the_place_of_its_id_is_not_shown_again(run: Command) -> None:
    bearer = document(run("token", "create", "anna", "--role", "viewer", "--json"))["token"]
    refused = run("token", "revoke", bearer)
    assert refused.exit_code == 2
    assert bearer[20:] not in refused.output


def test_without_a_store_nothing_is_listed_and_the_first_token_makes_the_folder(tmp_path: Path) -> None:
    run = command_on(tmp_path / "absent")
    assert run("token", "list").exit_code == 10
    assert run("token", "revoke", "abc").exit_code == 10
    assert not (tmp_path / "absent").exists()
    assert run("token", "create", "anna", "--role", "admin").exit_code == 0
    assert json.loads(run("token", "list", "--json").stdout)["items"][0]["name"] == "anna"


def test_a_store_without_tokens_says_who_is_served(run: Command) -> None:
    assert "this machine only" in run("token", "list").stdout
    assert run("token", "revoke", "abc").exit_code == 1
