"""Advisories over HTTP: a digest of what is there, or a reference to something elsewhere."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from rmos.config import Settings
from rmos.store import Store
from tests.api.conftest import RUNS, Post
from tests.helpers.attachments import DRAWING, SHA256
from tests.makers import make_earlier_artifact, write_raw

FIELDS = {
    *("advisory_id", "kind", "title", "mime", "filename", "size_bytes", "created_at_utc", "request_id"),
    *("engine_id", "engine_version"),
}


def test_an_advisory_keeps_its_title_type_and_file_name(client: FlaskClient, run: str, service_store: Store) -> None:
    service_store.blobs.put_bytes(DRAWING)
    body = {
        "advisory_id": SHA256,
        "kind": "advisory",
        "title": "Slower here",
        "filename": "a.svg",
        "engine_id": "shop",
        "engine_version": "2",
    }
    response = client.post(f"{run}/attach-advisory", json=body, headers={"X-Request-Id": "req-7"})
    assert (response.status_code, response.json) == (
        200,
        {"run_id": run.rpartition("/")[2], "advisory_id": SHA256, "status": "attached"},
    )
    listed = client.get(f"{run}/advisories").json
    assert listed["count"] == 1
    (advisory,) = listed["advisories"]
    assert set(advisory) == FIELDS
    told = {"mime": "image/svg+xml", "size_bytes": len(DRAWING), "request_id": "req-7"}
    assert advisory | body | told == advisory
    (recorded,) = client.get(run).json["advisory_inputs"]
    assert recorded["advisory_id"] == SHA256


def test_attaching_the_same_again_is_a_success_and_writes_nothing(client: FlaskClient, run: str) -> None:
    for title in ("one", "two"):
        response = client.post(f"{run}/attach-advisory", json={"advisory_id": "feed-1", "title": title})
        assert response.status_code == 200
    assert client.get(f"{run}/events").json["count"] == 1
    (advisory,) = client.get(f"{run}/advisories").json["advisories"]
    assert (advisory["title"], advisory["kind"], advisory["mime"]) == ("one", "unknown", None)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advisory_id": "/etc/passwd"},
        {"advisory_id": "../../x"},
        {"advisory_id": "a/b"},
        {"advisory_id": "a\x01b"},
        {"advisory_id": ""},
        {"advisory_id": "x" * 129},
        {"advisory_id": "feed\n"},
        {"advisory_id": 7},
        {"advisory_id": "x", "kind": "surprise"},
        {"advisory_id": "x", "title": "a\nb"},
        {"advisory_id": "x", "surprise": 1},
    ],
)
def test_trap_23_what_is_no_id_of_an_advisory_is_refused(client: FlaskClient, run: str, body: dict[str, Any]) -> None:
    assert client.post(f"{run}/attach-advisory", json=body).status_code == 422
    assert client.get(f"{run}/advisories").json["count"] == 0


def test_a_digest_of_nothing_is_not_attached(client: FlaskClient, run: str) -> None:
    response = client.post(f"{run}/attach-advisory", json={"advisory_id": "0" * 64})
    assert (response.status_code, response.json["error"]) == (404, "ATTACHMENT_NOT_FOUND")
    missing = client.post(f"{RUNS}/run_{'0' * 32}/attach-advisory", json={"advisory_id": "0" * 64})
    assert missing.json["error"] == "RUN_NOT_FOUND"


def test_links_of_the_earlier_system_are_shown_with_what_they_have(
    client: FlaskClient, settings: Settings, post: Post
) -> None:
    post()
    folder = settings.runs_dir / "2025-12-23"
    write_raw(folder / "run_361afb660060.json", make_earlier_artifact())
    write_raw(folder / "run_361afb660060_advisory_adv_1.json", b'{"advisory_id": "adv_1", "kind": "note"}')
    listed = client.get(f"{RUNS}/run_361afb660060/advisories").json
    assert listed["advisories"] == [dict.fromkeys(FIELDS) | {"advisory_id": "adv_1", "kind": "note"}]
