"""`GET` and `POST /api/rmos/bundles`."""

import io
import zipfile
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import create_app
from rmos.config import Settings
from rmos.store import Store
from tests.api.conftest import RUNS, Post, TokenClient
from tests.helpers.shop_bundles import make_bundle
from tests.makers import write_token

BUNDLES = "/api/rmos/bundles"


@pytest.fixture
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """The service of another shop, whose admin asks."""
    folder = tmp_path_factory.mktemp("there")
    app = create_app(Settings(instance_path=folder, runs_dir=folder / "runs", max_bundle_bytes=60_000))
    write_token(folder / "runs", role="admin", name="ada")
    app.test_client_class = TokenClient
    yield app.test_client()
    app.extensions["rmos"].close()


def send(client: FlaskClient, data: bytes, **fields: str) -> TestResponse:
    return client.post(BUNDLES, data={**fields, "file": (io.BytesIO(data), "job.zip")})


def test_a_bundle_goes_from_one_service_to_another_and_back_as_the_same_bytes(
    client: FlaskClient, post: Post, there: FlaskClient, service_store: Store
) -> None:
    session = client.post("/api/workflow-sessions", json={}).json["session_id"]
    run_ids = [post(workflow_session_id=session).json["run_id"] for _ in range(2)]
    given = client.get(f"{BUNDLES}?workflow_session_id={session}")
    assert (given.status_code, given.mimetype) == (200, "application/zip")
    assert given.headers["Content-Disposition"] == f'attachment; filename="{session}.bundle.zip"'
    taken = send(there, given.data)
    assert taken.status_code == 200, taken.json
    counts = {name: taken.json[name] for name in ("imported", "there", "sessions", "blobs")}
    assert counts == {"imported": 2, "there": 0, "sessions": 1, "blobs": 0}
    for run_id in run_ids:
        path = f"{RUNS}/{run_id}/download"
        assert there.get(path).data == client.get(path).data
    assert there.get(f"{BUNDLES}?workflow_session_id={session}").data == given.data
    assert client.get(f"{BUNDLES}?run_ids={','.join(run_ids)}").data != given.data  # its manifest has another scope
    assert send(there, given.data).json["imported"] == 0
    again = client.get(f"{BUNDLES}?workflow_session_id={session}", headers={"If-None-Match": given.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.head(f"{BUNDLES}?workflow_session_id={session}").headers["ETag"] == given.headers["ETag"]


@pytest.mark.parametrize(
    ("query", "status", "error"),
    [
        ("", 422, "VALIDATION_FAILED"),
        ("?created_from=2025-12-23&run_ids=run_0123456789ab", 422, "VALIDATION_FAILED"),
        ("?run_ids=../etc", 422, "VALIDATION_FAILED"),
        ("?run_ids=run_0123456789ab", 404, "RUN_NOT_FOUND"),
        ("?workflow_session_id=ws_0123456789ab", 404, "SESSION_NOT_FOUND"),
        ("?created_from=2999-01-01", 404, "BUNDLE_EMPTY"),
    ],
)
def test_a_scope_that_cannot_be_bundled_says_why(client: FlaskClient, query: str, status: int, error: str) -> None:
    answer = client.get(f"{BUNDLES}{query}")
    assert (answer.status_code, answer.json["error"]) == (status, error)


def test_what_is_not_whole_collides_or_is_too_large_is_refused(
    client: FlaskClient, post: Post, there: FlaskClient, service_store: Store
) -> None:
    run_id = post().json["run_id"]
    data = make_bundle(service_store)
    target = io.BytesIO(data)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("setup.exe", b"MZ")
    refused = send(there, target.getvalue())
    assert (refused.status_code, refused.json["error"], "setup.exe" in refused.json["detail"]) == (
        422, "BUNDLE_REFUSED", True,
    )  # fmt: skip
    assert send(there, data, note="x").json["errors"] == {"note": ["Unknown field."]}
    assert send(there, bytes(70_000)).json["error"] == "PAYLOAD_TOO_LARGE"
    assert there.post(BUNDLES, json={}).status_code == 415
    assert there.get(RUNS).json["items"] == []
    assert send(there, data).status_code == 200
    for service, text in ((there, "here"), (client, "there")):
        body = {"advisory_id": text, "kind": "note"}
        assert service.post(f"{RUNS}/{run_id}/attach-advisory", json=body).status_code == 200
    collides = send(there, client.get(f"{BUNDLES}?run_ids={run_id}").data)
    assert (collides.status_code, collides.json["error"], collides.json["ids"]) == (409, "BUNDLE_CONFLICT", [run_id])


@pytest.mark.parametrize(("role", "out", "into"), [("recorder", 403, 403), ("operator", 404, 403), ("admin", 404, 422)])
def test_who_may_take_runs_out_as_a_bundle_and_who_may_take_one_in(
    app: Flask, settings: Settings, role: str, out: int, into: int
) -> None:
    app.test_client_class = TokenClient
    write_token(settings.runs_dir, role=role)
    assert app.test_client().get(f"{BUNDLES}?created_from=2025-12-23").status_code == out
    assert send(app.test_client(), b"x").status_code == into
