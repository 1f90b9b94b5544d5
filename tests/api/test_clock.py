"""A clock that is ahead, set back, behind and set right: the service goes on all the time, and the record is whole."""

import time
from collections.abc import Callable
from typing import Final

import pytest
from flask.testing import FlaskClient

from rmos.checks.verify import verify_store
from rmos.store import Store
from tests.api.conftest import RUNS, Post
from tests.helpers.attachments import SHA256, make_upload

SESSIONS: Final = "/api/workflow-sessions"
HOUR_S: Final = 3600
DAY_S: Final = 24 * HOUR_S
STEPS_S: Final = (0, 2 * HOUR_S, 0, 40 * DAY_S, 0, -DAY_S, 0)
"""How far off the clock is, one after the other."""
SetClock = Callable[[int], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Set the wall clock off by so many seconds; the one that only goes on is as it is."""
    genuine = time.time_ns

    def set_off(seconds: int) -> None:
        monkeypatch.setattr(time, "time_ns", lambda: genuine() + seconds * 1_000_000_000)
        monkeypatch.setattr(time, "time", lambda: time.time_ns() / 1e9)

    return set_off


def test_trap_46_whatever_the_clock_does_everything_is_taken_given_and_listed(
    client: FlaskClient, post: Post, service_store: Store, set_clock: SetClock
) -> None:
    runs: list[str] = []
    sessions: list[str] = []
    for offset_s in STEPS_S:
        set_clock(offset_s)
        runs.append(f"{RUNS}/{post(key=f'key-{len(runs)}').json['run_id']}")
        made = client.post(SESSIONS, json={})
        sessions.append(f"{SESSIONS}/{made.json['session_id']}")
        for session in sessions:
            tag = client.get(session).headers["ETag"]
            change = {"design": {"operation": "channel", "note": str(offset_s)}}
            assert client.patch(session, json=change, headers={"If-Match": tag}).status_code == 200
        for number, run in enumerate(runs):
            assert post(key=f"key-{number}").json["run_id"] == run.rpartition("/")[2]
            assert client.post(f"{run}/attachments", json=make_upload()).status_code in (200, 201)
            explained = client.post(f"{run}/suggest-and-attach", json={"generate_explanation": True}).json
            assert explained["explanation_status"] == client.get(run).json["explanation_status"] == "READY"
        asked = {"items": [{"run_id": runs[0].rpartition("/")[2], "sha256": SHA256}]}
        link = client.post("/api/rmos/links", json=asked).json["links"][0]
        assert client.get(link["url"]).status_code == 200
        assert client.delete(f"{runs[-1]}?reason=a+trial+cut").status_code == 200
        assert client.post(f"{runs[-1]}/restore", json={"reason": "no cause"}).status_code == 200
        assert {f"{RUNS}/{item['run_id']}" for item in client.get(RUNS).json["items"]} == set(runs)
        assert len(client.get(SESSIONS).json["items"]) == len(sessions)
        service_store.reconcile()
        assert verify_store(service_store, recheck_s=0).findings == []
