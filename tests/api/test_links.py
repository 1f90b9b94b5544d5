"""Signed links over HTTP: one file, one purpose, for a while, for whoever holds them."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import ids
from rmos.config import Settings
from tests.api.conftest import RUNS, Post
from tests.helpers.attachments import DRAWING, SHA256, damage_blob, make_upload

LINKS = "/api/rmos/links"


def asked(run: str, **over: Any) -> dict[str, Any]:
    return {"run_id": run.rpartition("/")[2], "sha256": SHA256, **over}


def sign(client: FlaskClient, *items: dict[str, Any], **over: Any) -> Any:
    response = client.post(LINKS, json={"items": list(items), **over})
    assert response.status_code == 200, response.text
    return response.json


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """A client without a token, from another machine's address."""
    client = FlaskClient(app, app.response_class)
    client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    client.environ_base["HTTP_HOST"] = "shop.example"
    return client


def test_whoever_holds_a_link_gets_the_file_and_nothing_else(
    client: FlaskClient, stranger: FlaskClient, run: str
) -> None:
    client.post(f"{run}/attachments", json=make_upload())
    signed = sign(client, asked(run, filename="for the saw.svg"), ttl_seconds=60)
    (link,) = signed["links"]
    assert signed["skipped"] == {}
    assert link | asked(run, scope="download", filename="for the saw.svg") == link
    remaining_s = (ids.parse_utc(link["expires_at_utc"]) - ids.now_us()) / 1e6
    assert 50 < remaining_s <= 60
    response = stranger.get(link["url"])
    assert (response.status_code, response.data) == (200, DRAWING)
    assert response.headers["Content-Disposition"] == 'attachment; filename="for the saw.svg"'
    assert response.headers["Content-Security-Policy"].startswith("sandbox")
    assert stranger.head(link["url"]).status_code == 200
    assert stranger.get(link["url"], headers={"Range": "bytes=0-3"}).data == DRAWING[:4]
    assert stranger.get(f"{run}/attachments/{SHA256}").status_code in (401, 403)


def test_a_link_is_good_for_its_purpose_only(client: FlaskClient, stranger: FlaskClient, run: str) -> None:
    client.post(f"{run}/attachments", json=make_upload())
    (link,) = sign(client, asked(run, scope="head"))["links"]
    assert stranger.head(link["url"]).headers["Content-Length"] == str(len(DRAWING))
    refused = stranger.get(link["url"])
    assert (refused.status_code, refused.json["error"]) == (403, "LINK_INVALID")
    assert stranger.post(link["url"]).status_code == 405


def test_an_altered_link_is_refused(client: FlaskClient, stranger: FlaskClient, run: str) -> None:
    client.post(f"{run}/attachments", json=make_upload())
    (link,) = sign(client, asked(run))["links"]
    token = link["token"]
    for place in range(0, len(token) - 1, 5):
        other = "A" if token[place] != "A" else "B"
        response = stranger.get(f"{LINKS}/{token[:place]}{other}{token[place + 1 :]}")
        assert (response.status_code, response.json["error"]) == (403, "LINK_INVALID"), place
    for text in ("x", "x.y", "." * 5000, "%ff", "..%2f..%2fetc"):
        assert stranger.get(f"{LINKS}/{text}").status_code in (400, 403, 404)


def test_a_link_ends_in_time_and_with_its_run(
    app: Flask, client: FlaskClient, stranger: FlaskClient, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(f"{run}/attachments", json=make_upload())
    (link,) = sign(client, asked(run), ttl_seconds=60)["links"]
    (longer,) = sign(client, asked(run), ttl_seconds=86_400)["links"]
    now = ids.now_us()
    with monkeypatch.context() as later:
        later.setattr(ids, "now_us", lambda: now + 61_000_000)
        response = stranger.get(link["url"])
        assert (response.status_code, response.json["error"]) == (410, "LINK_EXPIRED")
        assert stranger.get(longer["url"]).status_code == 200
    client.delete(f"{run}?reason=a trial cut")
    assert stranger.get(longer["url"]).json["error"] == "RUN_DELETED"


def test_what_cannot_be_linked_is_skipped_and_counted(
    client: FlaskClient, run: str, post: Post, settings: Settings
) -> None:
    client.post(f"{run}/attachments", json=make_upload())
    deleted = f"{RUNS}/{post().json['run_id']}"
    client.delete(f"{deleted}?reason=a trial cut")
    other = f"{RUNS}/{post().json['run_id']}"
    items = [asked(run), asked(run, sha256="0" * 64), asked(other), asked(deleted), asked(f"x/run_{'0' * 32}")]
    signed = sign(client, *items)
    assert len(signed["links"]) == 1
    assert signed["skipped"] == {"attachment_not_found": 2, "run_deleted": 1, "run_not_found": 1}
    damage_blob(settings, SHA256)
    assert sign(client, asked(run))["skipped"] == {"record_damaged": 1}


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {},
        {"items": [{}]},
        {"items": [{"run_id": "x", "sha256": SHA256}]},
        {"items": [{"run_id": "run_" + "0" * 32, "sha256": "x"}]},
        {"items": [{"run_id": "run_" + "0" * 32, "sha256": SHA256, "scope": "write"}]},
        {"items": [{"run_id": "run_" + "0" * 32, "sha256": SHA256}], "ttl_seconds": 86_401},
        {"items": [{"run_id": "run_" + "0" * 32, "sha256": SHA256}], "ttl_seconds": 0},
        {"items": [{"run_id": "run_" + "0" * 32, "sha256": SHA256}] * 201},
    ],
)
def test_what_no_link_can_be_made_of_is_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    assert client.post(LINKS, json=body).status_code == 422
