"""Runs for the tests of the edge: many at even intervals, lists as CSV, artifacts on the disk."""

import csv
import io
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from rmos import ids
from rmos.http.streams import CSV
from rmos.store import Store
from tests.api.conftest import RUNS
from tests.makers import make_members

START = ids.parse_utc("2025-12-23T09:46:13.123456Z")
MINUTE_US = 60_000_000


def put_runs(store: Store, count: int, step_us: int = MINUTE_US, **over: Any) -> list[str]:
    """Put runs at even intervals and return their ids, oldest first."""
    return [
        store.runs.put(make_members(START + number * step_us, **over)).view.artifact.run_id for number in range(count)
    ]


def read_csv(client: FlaskClient, query: str = "", path: str = RUNS) -> list[dict[str, str]]:
    """Return the rows of a list as CSV."""
    response = client.get(f"{path}?{query}", headers={"Accept": CSV})
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.get_data().decode(), newline="")))


def find_artifact(app: Flask, run_id: str) -> Path:
    """Return where the artifact lies."""
    return next(Path(app.extensions["rmos"].settings.runs_dir).glob(f"*/{run_id}.json"))


def damage_artifact(path: Path) -> None:
    """Change one byte of an artifact."""
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"mode":"router"', b'"mode":"rooter"'))
