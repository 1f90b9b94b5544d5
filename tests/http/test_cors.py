"""Scripts of other sites: off by default; on for the origins that settings name, with a token and never a cookie."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from rmos import create_app
from rmos.config import Settings
from tests.makers import BEARER, write_token

RUNS = "/api/rmos/runs"
FRIEND, STRANGER = "https://shop.example", "https://evil.example"
ASK = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture
def open_client(tmp_path: Path) -> Iterator[FlaskClient]:
    app = create_app(Settings(instance_path=tmp_path / "i", runs_dir=tmp_path / "runs", cors_origins=(FRIEND,)))
    write_token(tmp_path / "runs", role="recorder")
    yield app.test_client()
    app.extensions["rmos"].close()


def test_by_default_no_script_of_another_site_may_read_or_write(client: FlaskClient) -> None:
    for response in (
        client.get(RUNS, headers={"Origin": FRIEND}),
        client.options(RUNS, headers={"Origin": FRIEND, **ASK}),
    ):
        assert not [name for name in response.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118 - names repeat


def test_an_origin_that_is_named_may_ask_and_then_call_with_a_token(open_client: FlaskClient) -> None:
    asked = open_client.options(RUNS, headers={"Origin": FRIEND, **ASK})
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in asked.headers
    headers = {"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"}
    body = {"mode": "router", "tool_id": "x"}
    assert open_client.post(RUNS, json=body, headers=headers).status_code == 401
    made = open_client.post(RUNS, json=body, headers={**headers, "Authorization": f"Bearer {BEARER}"})
    assert made.status_code == 201
    assert made.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "Location" in made.headers["Access-Control-Expose-Headers"]
    assert "Origin" in ", ".join(made.headers.getlist("Vary"))


def test_another_origin_is_told_nothing(open_client: FlaskClient) -> None:
    for response in (
        open_client.options(RUNS, headers={"Origin": STRANGER, **ASK}),
        open_client.get(RUNS, headers={"Origin": STRANGER, "Authorization": f"Bearer {BEARER}"}),
    ):
        assert "Access-Control-Allow-Origin" not in response.headers
        assert "Origin" in ", ".join(response.headers.getlist("Vary"))
    refused = open_client.post(RUNS, json={}, headers={"Origin": STRANGER, "Authorization": f"Bearer {BEARER}"})
    assert (refused.status_code, refused.json["error"]) == (403, "CROSS_SITE_REQUEST")
