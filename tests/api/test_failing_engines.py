"""Whatever an engine does, its run is recorded as an ERROR and the service goes on."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.config import Settings
from rmos.context import Rmos
from rmos.engines.registry import Registry


@pytest.fixture(scope="module")
def engines() -> Iterator[Registry]:
    """The built-in engine and a plug-in that fails as its design says."""
    engines = Registry([("faulty", "tests.engines.faulty:Faulty")])
    yield engines
    engines.close()


def client_of(app: Flask, settings: Settings, engines: Registry, timeout_ms: int) -> FlaskClient:
    """Return a client of the service with these engines and a time limit."""
    app.extensions["rmos"].close()
    own = Settings(instance_path=settings.instance_path, runs_dir=settings.runs_dir, engine_timeout_ms=timeout_ms)
    app.extensions["rmos"] = Rmos(own, engines)
    return app.test_client()


@pytest.mark.parametrize(
    ("design", "timeout_ms", "told"),
    [
        ({"act": "raise_error", "error": "ValueError"}, 60_000, "raised ValueError"),
        ({"act": "odd", "odd": "NaN"}, 60_000, "broke the contract: overall_score is not a finite number"),
        ({"act": "leave"}, 60_000, "exited with status 3"),
        ({"act": "spin_in_c"}, 200, "did not answer within 200 ms"),
    ],
    ids=["raises", "breaks the contract", "ends", "hangs"],
)
def test_an_engine_that_fails_leaves_an_error_run_and_the_service_alive(
    app: Flask, settings: Settings, engines: Registry, design: dict[str, str], timeout_ms: int, told: str
) -> None:
    client = client_of(app, settings, engines, timeout_ms)
    body = {"mode": "router", "tool_id": "em-3175-2f", "engine_id": "plugin", "design": design, "context": {}}
    made = client.post("/api/rmos/runs", json=body)
    assert (made.status_code, made.json["run_status"], made.json["risk_level"]) == (201, "ERROR", "ERROR")
    assert made.json["score"] is None
    assert made.json["block_reason"].startswith(f"The engine plugin {told}")
    drawing = {"mode": "art_studio", "tool_id": "x", "design": {"operation": "drawing_only"}}
    sound = client.post("/api/rmos/runs", json=drawing)
    assert (sound.status_code, sound.json["risk_level"]) == (201, "GREEN")
