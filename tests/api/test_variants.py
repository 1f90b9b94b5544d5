"""Variants over HTTP: reviewed, rejected, promoted, one by one or many at once, with their history."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from rmos import digest
from rmos.config import Settings
from tests.api.conftest import RUNS, Post
from tests.helpers.attachments import DRAWING, HOSTILE, SHA256, attach, damage_blob, make_upload


@pytest.fixture
def variants(client: FlaskClient, run: str) -> str:
    """The URL of the variants of a run that has one."""
    client.post(f"{run}/attachments", json=make_upload(kind="svg_variant"))
    return f"{run}/advisory/variants"


def status(client: FlaskClient, variants: str, sha256: str = SHA256) -> str:
    found = {item["sha256"]: item["status"] for item in client.get(variants).json["items"]}
    return str(found[sha256])


def test_a_variant_is_reviewed_and_says_by_whom(client: FlaskClient, variants: str) -> None:
    assert status(client, variants) == "NEW"
    response = client.post(f"{variants}/{SHA256}/review", json={"rating": 4, "notes": "Even."})
    assert response.status_code == 200
    told = response.json
    assert (told["status"], told["rating"], told["notes"], told["reviewed_by"]) == ("REVIEWED", 4, "Even.", "local")
    (item,) = client.get(variants).json["items"]
    assert item == {name: value for name, value in told.items() if name != "run_id"}
    assert [entry["action"] for entry in item["history"]] == ["review"]


def test_a_rejection_is_undone_and_the_history_keeps_both(client: FlaskClient, variants: str) -> None:
    client.post(f"{variants}/{SHA256}/review", json={"rating": 2})
    rejected = client.post(f"{variants}/{SHA256}/reject", json={"reason_code": "AESTHETIC", "detail": "Too busy."})
    assert (rejected.json["status"], rejected.json["reason_code"]) == ("REJECTED", "AESTHETIC")
    blocked = client.post(f"{variants}/{SHA256}/promote")
    assert (blocked.status_code, blocked.json["error"], blocked.json["blocked_by"]) == (
        409,
        "VARIANT_BLOCKED",
        "rejected",
    )
    assert client.post(f"{variants}/{SHA256}/unreject").json["status"] == "REVIEWED"
    promoted = client.post(f"{variants}/{SHA256}/promote").json
    assert promoted["status"] == "PROMOTED"
    assert [entry["action"] for entry in promoted["history"]] == ["review", "reject", "unreject", "promote"]
    assert promoted["history"][1]["reason_code"] == "AESTHETIC"


def test_doing_the_same_again_writes_nothing(client: FlaskClient, run: str, variants: str) -> None:
    for action, body in (
        ("review", {"rating": 3}),
        ("reject", {"reason_code": "DUPLICATE"}),
        ("unreject", None),
        ("promote", None),
    ):
        versions = []
        for _ in range(2):
            assert client.post(f"{variants}/{SHA256}/{action}", json=body).status_code == 200
            versions.append(client.get(run).json["version"])
        assert versions[0] == versions[1], action


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("review", {}),
        ("review", {"rating": 0}),
        ("review", {"rating": 6}),
        ("review", {"rating": 4.5}),
        ("review", {"rating": "4"}),
        ("review", {"notes": ""}),
        ("reject", {}),
        ("reject", {"reason_code": "UGLY"}),
        ("reject", {"reason_code": "OTHER"}),
        ("reject", {"reason_code": "AESTHETIC", "rating": 1}),
    ],
)
def test_what_an_action_does_not_take_is_refused(
    client: FlaskClient, variants: str, action: str, body: dict[str, Any]
) -> None:
    assert client.post(f"{variants}/{SHA256}/{action}", json=body).status_code == 422
    assert status(client, variants) == "NEW"


def test_nothing_is_promoted_that_something_speaks_against(
    client: FlaskClient, run: str, variants: str, settings: Settings, post: Post
) -> None:
    hostile = attach(client, run, HOSTILE, kind="svg_variant")
    assert client.post(f"{variants}/{hostile}/promote").json["blocked_by"] == "event_handler"
    damage_blob(settings, SHA256)
    assert client.post(f"{variants}/{SHA256}/promote").json["blocked_by"] == "damaged"
    red = f"{RUNS}/{post(design={}).json['run_id']}"
    other = attach(client, red, DRAWING + b"\n")
    assert client.get(red).json["status"] != "OK"
    assert client.post(f"{red}/advisory/variants/{other}/promote").json["blocked_by"] == "risk"


def test_only_drawings_of_the_run_are_variants(client: FlaskClient, run: str, variants: str, post: Post) -> None:
    note = attach(client, run, b"no drawing", content_type="text/plain", kind="note")
    assert client.get(variants).json["count"] == 1
    for url in (f"{variants}/{note}", f"{variants}/{'0' * 64}", f"{variants}/x"):
        assert client.post(f"{url}/promote").status_code == 404
    other = f"{RUNS}/{post().json['run_id']}/advisory/variants"
    assert client.post(f"{other}/{SHA256}/promote").status_code == 404


def test_many_at_once_are_counted_and_each_stands_for_itself(client: FlaskClient, run: str, variants: str) -> None:
    second = attach(client, run, DRAWING + b"\n", kind="svg_variant")
    hostile = attach(client, run, HOSTILE, kind="svg_variant")
    absent = digest.sha256_hex(b"absent")
    items = [{"sha256": sha256} for sha256 in (SHA256, hostile, absent, second)]
    response = client.post(f"{variants}/bulk", json={"action": "promote", "items": items})
    assert response.status_code == 200
    counts = {name: response.json[name] for name in ("total", "succeeded", "failed", "blocked")}
    assert counts == {"total": 4, "succeeded": 2, "failed": 1, "blocked": 1}
    told = [(result["sha256"], result["ok"], result["error"]) for result in response.json["results"]]
    assert told == [
        (SHA256, True, None),
        (hostile, False, "VARIANT_BLOCKED"),
        (absent, False, "ATTACHMENT_NOT_FOUND"),
        (second, True, None),
    ]
    assert (status(client, variants), status(client, variants, hostile)) == ("PROMOTED", "NEW")


@pytest.mark.parametrize(
    "body",
    [
        {"action": "promote", "items": []},
        {"action": "promote", "items": [{"sha256": SHA256}] * 101},
        {"action": "promote", "items": [{"sha256": "x"}]},
        {"action": "promote", "items": [{"sha256": SHA256, "rating": 3}]},
        {"action": "review", "items": [{"sha256": SHA256}]},
        {"action": "reject", "items": [{"sha256": SHA256, "reason_code": "OTHER"}]},
        {"action": "erase", "items": [{"sha256": SHA256}]},
        {"items": [{"sha256": SHA256}]},
    ],
)
def test_what_many_cannot_be_asked_is_refused_as_a_whole(
    client: FlaskClient, variants: str, body: dict[str, Any]
) -> None:
    assert client.post(f"{variants}/bulk", json=body).status_code == 422
    assert status(client, variants) == "NEW"
