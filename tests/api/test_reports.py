"""`/api/rmos/reports/calibration`: decisions beside what became of the cuts."""

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import RUNS, Post, make_named
from tests.helpers.packs import quicken, store_slot

REPORT = "/api/rmos/reports/calibration"
SCRAP = {"ended": "completed", "part": "scrap", "reason_code": "TOOL_BROKE"}


def test_a_scrapped_cut_comes_with_the_check_that_its_reason_points_to(client: FlaskClient, post: Post) -> None:
    run_id = post(**make_named()).json["run_id"]
    assert client.get(REPORT).json["jobs"] == 0
    client.post(f"{RUNS}/{run_id}/outcomes", json=SCRAP)
    answer = client.get(f"{REPORT}?machine_id=RIGID_ROUTER&since=2025-12-01")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-cache")
    report = answer.json
    assert (report["machine_id"], report["since_utc"]) == ("rigid_router", "2025-12-01T00:00:00.000000Z")
    (colour,) = report["colours"]
    assert (colour["risk_level"], colour["jobs"], colour["scrap"]["share"]) == ("GREEN", 1, 1.0)
    (job,) = report["green_scrapped"]["check"]["items"]
    checks = {check["id"]: check for check in client.get(f"{RUNS}/{run_id}").json["feasibility"]["assessments"]}
    named = [checks[name] for name in ("TOOL_BREAK", "DEFLECTION", "CHIP_OVERLOAD")]
    nearest = max(named, key=lambda check: float(check["value"]) / float(check["limit"]))
    assert (job["run_id"], job["check"]["id"]) == (run_id, nearest["id"])
    assert job["check"]["q"] == pytest.approx(nearest["value"] / nearest["limit"], abs=0.001)
    assert "changes no limit" in report["note"]
    client.delete(f"{RUNS}/{run_id}?reason=a+trial")
    assert client.get(REPORT).json["jobs"] == 0


def test_five_times_of_a_program_are_a_median_and_four_are_not(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    quicken(monkeypatch)
    run_id = store_slot(client)
    run = client.get(f"{RUNS}/{run_id}").json
    estimate = run["decision"]["details"]["program"]["estimate_s"]
    basis = "feed_only" if estimate["planned"] is None else "planned"
    for number in range(5):
        said = {"ended": "completed", "part": "good", "measured_s": float(estimate[basis]) * (1 + number / 10)}
        client.post(f"{RUNS}/{run_id}/outcomes", json=said)
        (machine,) = client.get(REPORT).json["times"]
        (compared,) = machine["compared"]
        assert (compared["basis"], compared["jobs"]) == (basis, number + 1)
        assert (compared["median"] is None) is (number < 4)
    quartiles = [compared[name] for name in ("lower_quartile", "median", "upper_quartile")]
    assert quartiles == pytest.approx([1.1, 1.2, 1.3], abs=0.001)
    client.post(f"{RUNS}/{run_id}/outcomes", json={"ended": "cancelled", "part": "unjudged"})
    report = client.get(REPORT).json
    assert report["times"][0]["not_compared"] == {"not_completed": 1}
    assert (report["colours"][0]["jobs"], report["colours"][0]["good"]["of"]) == (6, 5)


@pytest.mark.parametrize(
    "query", ["machine_id=", "since=soon", "until=2026-01-01", "since=2026-01-01&since=2026-01-01"]
)
def test_what_it_does_not_take_is_refused_by_name(client: FlaskClient, query: str) -> None:
    answer = client.get(f"{REPORT}?{query}")
    assert (answer.status_code, list(answer.json["errors"])) == (422, [query.partition("=")[0]])
