"""Whatever an engine does, its run is recorded as an ERROR within the time limit and the worker goes on."""

import time

import pytest
from flask import Flask

from rmos.config import Settings
from rmos.context import Rmos
from rmos.engines.registry import Registry
from tests.engines import plugins
from tests.engines.plugins import Plugin

FAILING = {
    "raises": plugins.raise_error,
    "hangs": plugins.spin,
    "sleeps": plugins.sleep,
    "recurses": plugins.recurse,
    "garbage": lambda *_: {"status": "GREEN"},
    "nan": lambda spec, ctx, request_id: plugins.answer(request_id, overall_score=float("nan")),
}


@pytest.fixture
def shop(app: Flask, settings: Settings) -> Flask:
    """The service with one engine for each way to fail, and 100 ms for each."""
    engines = Registry([(name, Plugin(compute, engine_id=name)) for name, compute in FAILING.items()])
    app.extensions["rmos"].close()
    quick = Settings(instance_path=settings.instance_path, runs_dir=settings.runs_dir, engine_timeout_ms=100)
    app.extensions["rmos"] = Rmos(quick, engines)
    return app


def test_every_failing_engine_leaves_an_error_run_in_time_and_the_worker_alive(shop: Flask) -> None:
    client = shop.test_client()
    for name in FAILING:
        started = time.monotonic()
        body = {"mode": "router", "tool_id": "em-3175-2f", "engine_id": name, "design": {}, "context": {}}
        made = client.post("/api/rmos/runs", json=body)
        assert time.monotonic() - started < 5
        assert (made.status_code, made.json["run_status"], made.json["risk_level"]) == (201, "ERROR", "ERROR"), name
        assert made.json["score"] is None
        drawing = {"mode": "art_studio", "tool_id": "x", "design": {"operation": "drawing_only"}}
        sound = client.post("/api/rmos/runs", json=drawing)
        assert (sound.status_code, sound.json["risk_level"]) == (201, "GREEN")
