"""problem+json: one form for every error, with the request id and without a path or a traceback."""

import logging
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkSize, NoMoreData
from marshmallow import Schema, ValidationError, fields
from werkzeug.exceptions import Unauthorized

from rmos.auth.roles import OPEN, requires
from rmos.errors.base import RmosError
from rmos.errors.records import VersionConflict
from rmos.errors.store import IndexRebuilding, StorageFailed, StoreLocked
from rmos.http.problems import flatten_errors
from tests.api.conftest import RUNS, Post, make_body
from tests.helpers.problems import check_problem
from tests.helpers.runs import damage_artifact, find_artifact


def test_an_error_of_ours_carries_its_members(client: FlaskClient) -> None:
    problem = check_problem(client.get(f"{RUNS}/run_1"), 404, "RUN_NOT_FOUND")
    assert problem["run_id"] == "run_1"


def test_field_errors_are_under_errors(client: FlaskClient) -> None:
    problem = check_problem(client.post(RUNS, json={"mode": 1, "outputs": {"x": 1}}), 422, "VALIDATION_FAILED")
    assert set(problem["errors"]) == {"mode", "tool_id", "outputs.x"}
    assert problem["detail"] == "Request validation failed: mode: Not a valid string. (2 more in `errors`)"
    one = check_problem(client.get(f"{RUNS}?{'x' * 1000}=1"), 422, "VALIDATION_FAILED")
    assert one["detail"].startswith("Request validation failed: xxx")
    assert len(one["detail"]) == 300
    assert all(isinstance(told, list) for told in problem["errors"].values())


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/rmos", f"{RUNS}/", f"{RUNS}/a/b/c", "/api/rmos/runs%2f..%2f"])
def test_an_unknown_route_is_a_problem(client: FlaskClient, path: str) -> None:
    assert (
        check_problem(client.get(path), 404, "NOT_FOUND")["detail"]
        == "There is nothing here; runs are at /api/rmos/runs."
    )


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    response = client.delete(RUNS)
    assert check_problem(response, 405, "METHOD_NOT_ALLOWED")["detail"] == "Use GET or POST."
    assert check_problem(client.post("/healthz"), 405, "METHOD_NOT_ALLOWED")["detail"] == "Use GET."
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


def test_the_framework_keeps_the_headers_that_belong_to_a_status(app: Flask, client: FlaskClient) -> None:
    def refuse() -> None:
        raise Unauthorized("Who are you?", www_authenticate=None)

    app.add_url_rule("/refuse", view_func=requires(OPEN)(refuse))
    assert check_problem(client.get("/refuse"), 401, "UNAUTHORIZED")["detail"] == "Who are you?"


@pytest.mark.parametrize("raised", [InvalidChunkSize(b"zz"), ChunkMissingTerminator(b"x"), NoMoreData()])
def test_a_body_that_a_view_meets_broken_is_the_clients_fault(
    app: Flask, client: FlaskClient, raised: Exception
) -> None:
    def read() -> None:
        raise raised

    app.add_url_rule("/read", view_func=requires(OPEN)(read))
    check_problem(client.get("/read"), 400, "BAD_REQUEST")


def test_retry_after_is_a_header(app: Flask, client: FlaskClient) -> None:
    def busy() -> None:
        raise StoreLocked("Wait a moment.", retry_after_s=7)

    app.add_url_rule("/busy", view_func=requires(OPEN)(busy))
    response = client.get("/busy")
    check_problem(response, 503, "STORE_LOCKED")
    assert response.headers["Retry-After"] == "7"


@pytest.mark.parametrize(("kind", "level"), [(IndexRebuilding, "WARNING"), (StorageFailed, "ERROR")])
def test_an_index_that_is_being_filled_is_logged_as_no_error(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture, kind: type[RmosError], level: str
) -> None:
    def fail() -> None:
        raise kind("Wait a moment.")

    app.add_url_rule("/fail", view_func=requires(OPEN)(fail))
    check_problem(client.get("/fail"), 503, kind.code)
    assert [record.levelname for record in caplog.records if kind.code in record.getMessage()] == [level]


def test_a_member_never_replaces_what_every_problem_has(app: Flask, client: FlaskClient) -> None:
    def odd() -> None:
        raise VersionConflict("Read it again.", status="mine", error="mine", version=3)

    app.add_url_rule("/odd", view_func=requires(OPEN)(odd))
    assert check_problem(client.get("/odd"), 409, "VERSION_CONFLICT")["version"] == 3


def every_leaf() -> list[type[RmosError]]:
    """Return every error of the tree that is raised as it is."""
    found, todo = [], [RmosError]
    while todo:
        kind = todo.pop()
        found.append(kind)
        todo += [leaf for leaf in kind.__subclasses__() if leaf.__module__.startswith("rmos.errors.")]
    return found


def test_every_error_of_the_tree_becomes_a_problem(app: Flask, client: FlaskClient) -> None:
    kinds = every_leaf()

    def fail(place: int) -> None:
        raise kinds[place]("A sentence.", run_id="run_x")

    app.add_url_rule("/fail/<int:place>", view_func=requires(OPEN)(fail))
    for place, kind in enumerate(kinds):
        check_problem(client.get(f"/fail/{place}"), kind.status, kind.code)


def test_what_nobody_foresaw_is_logged_with_its_traceback_and_answered_without(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        Path("/srv/secret/place").read_bytes()

    app.add_url_rule("/fail", view_func=requires(OPEN)(fail))
    response = client.get("/fail", headers={"X-Request-Id": "find-me"})
    detail = check_problem(response, 500, "INTERNAL_ERROR")["detail"]
    assert detail == "Unexpected error; quote request id find-me to an operator."
    assert "secret" not in response.text
    assert "FileNotFoundError" not in response.text
    record = next(record for record in caplog.records if record.exc_info)
    assert record.levelno == logging.ERROR
    assert "secret" in str(record.exc_info[1])  # type: ignore[index]


def test_trap_30_no_error_body_leaks_a_path_of_the_server(
    app: Flask, client: FlaskClient, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = post().json["run_id"]
    responses = [
        client.get("/nowhere"),
        client.get(f"{RUNS}/run_1"),
        client.get(f"{RUNS}?limit=x&cursor=y"),
        client.post(RUNS, data=b"{"),
        client.post(RUNS, data=b"{", content_type="application/json"),
        client.post(RUNS, json=make_body(engine_id="../etc")),
        client.put(RUNS),
    ]
    damage_artifact(find_artifact(app, run_id))
    responses.append(client.get(f"{RUNS}/{run_id}"))
    find_artifact(app, run_id).unlink()
    responses.append(client.get(f"{RUNS}/{run_id}"))
    path_of_run = Path(app.extensions["rmos"].settings.runs_dir) / f"{run_id[4:]}"
    assert not path_of_run.exists()

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "runs" / "x"))

    with monkeypatch.context() as patched:
        patched.setattr("os.link", refuse)
        responses.append(client.post(RUNS, json=make_body()))
    with monkeypatch.context() as patched:
        patched.setattr(app.extensions["rmos"].store.runs, "record", refuse)
        responses.append(client.get(f"{RUNS}/{run_id}"))
    for response in responses:
        assert response.status_code >= 400
        assert response.headers["Content-Type"] == "application/problem+json"
        text = response.text + str(response.headers)
        for secret in (str(tmp_path), str(Path(__file__).parents[2]), "Traceback", ".py", "_index.sqlite"):
            assert secret not in text
    assert {response.status_code for response in responses} == {400, 404, 405, 415, 422, 500, 503}


def test_nested_and_whole_object_errors_are_flattened_by_field() -> None:
    class Inner(Schema):
        n = fields.Integer()

    class Outer(Schema):
        inner = fields.Nested(Inner)
        many = fields.List(fields.Nested(Inner))

    def errors_of(value: Any) -> dict[str, list[str]]:
        with pytest.raises(ValidationError) as caught:
            Outer().load(value)
        return flatten_errors(caught.value)

    assert set(errors_of({"inner": {"n": "x"}, "many": [{"n": 1}, {"n": "x"}]})) == {"inner.n", "many.1.n"}
    assert set(errors_of({"inner": 5})) == {"inner"}
    assert set(errors_of([])) == {"body"}
