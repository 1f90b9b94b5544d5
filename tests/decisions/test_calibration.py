"""Decisions beside what became of the cuts: the report says what a plain count over the record says."""

import random
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos import ids
from rmos.decisions import calibration
from rmos.decisions.calibration import Calibration, ScrappedJob, calibrate, find_quantile
from rmos.outcomes import ENDED, ESTIMATES, PARTS, REASON_CODES, ReportedOutcome, needs_reason
from rmos.row_models import OutcomeQuery
from rmos.services.outcomes import OutcomeRequest, report_outcome
from rmos.store import Store
from rmos.store.outcomes import list_counting
from tests.makers import ANNA, US, make_decision, make_members, open_store

RISKS = {"OK": ("GREEN", "YELLOW"), "BLOCKED": ("RED", "UNKNOWN"), "ERROR": ("ERROR",)}
HEAT = {"id": "HEAT", "value": 1.2, "limit": 1.6, "margin": 0.4, "unit": "index"}
PROGRAM = {"program": {"estimate_s": {"planned": "100", "feed_only": "50"}}}


def put(store: Store, risk: str = "GREEN", us: int = US, details: Any = PROGRAM, **over: Any) -> str:
    status = next(status for status, risks in RISKS.items() if risk in risks)
    decision = make_decision(status, risk_level=risk, details=details)
    return store.runs.put(make_members(us, status=status, decision=decision, **over)).view.artifact.run_id


def report(store: Store, run_id: str, us: int = US, **said: Any) -> int:
    outcome = ReportedOutcome(**({"ended": "completed", "part": "good"} | said))
    return report_outcome(store, OutcomeRequest(run_id=run_id, reported=outcome), actor=ANNA, us=us).number


def ask(store: Store, **query: Any) -> Calibration:
    return calibrate(store.outcome_lists, store.runs, OutcomeQuery(**query))


def fill_randomly(store: Store, chance: random.Random) -> list[str]:
    """Report, correct and delete at random; return the runs."""
    run_ids = []
    for number in range(10):
        risk = chance.choice(["GREEN", "GREEN", "YELLOW", "RED", "UNKNOWN", "ERROR"])
        machine = chance.choice([None, "Router_1", "router_2"])
        run_id = put(store, risk, US + number * 10**6, machine_id=machine)
        run_ids.append(run_id)
        known: list[int] = []
        for _ in range(chance.randrange(5)):
            said: dict[str, Any] = {"ended": chance.choice(ENDED), "part": chance.choice(PARTS)}
            if needs_reason(said["ended"], said["part"]):
                said["reason_code"] = chance.choice(REASON_CODES)
            said["measured_s"] = chance.choice([None, 90.0, 104.25, 131.0])
            if known and chance.random() < 0.4:
                said["corrects"] = known.pop()
            known.append(report(store, run_id, US + chance.randrange(10**8), **said))
        if chance.random() < 0.2:
            store.deletes.soft(run_id, "a trial of counting", actor=ANNA, us=US)
    return run_ids


def count_plainly(store: Store, run_ids: list[str], *, machine: str | None, since_us: int) -> dict[str, Any]:
    """Say in plain Python what the record of the runs says."""
    parts: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    times: dict[str | None, list[float]] = {}
    for run_id in run_ids:
        view = store.runs.record(run_id, include_deleted=True).view()
        run = view.artifact
        named = run.machine_id.lower() if run.machine_id else None
        if view.deletion is not None or (machine is not None and named != machine):
            continue
        for job in list_counting(view.outcomes):
            if ids.parse_utc(job.created_at_utc) < since_us:
                continue
            parts[run.decision.risk_level, job.outcome.part] += 1
            if (run.decision.risk_level, job.outcome.part) == ("GREEN", "scrap"):
                reasons[str(job.outcome.reason_code)] += 1
            if job.outcome.ended == "completed" and job.outcome.measured_s is not None:
                times.setdefault(named, []).append(job.outcome.measured_s / 100)
    return {"parts": parts, "reasons": reasons, "times": times}


def require_same(report: Calibration, plain: dict[str, Any]) -> None:
    parts = Counter({(row.risk_level, "unjudged"): row.unjudged for row in report.colours})
    for row in report.colours:
        of_row = {part: getattr(row, part) for part in ("good", "rework", "scrap")}
        parts.update({(row.risk_level, part): share.count for part, share in of_row.items()})
        assert {share.of for share in of_row.values()} == {row.jobs - row.unjudged}
    assert +parts == plain["parts"]
    assert report.jobs == plain["parts"].total()
    assert sum((Counter(jobs.counts) for jobs in report.green_scrapped.values()), Counter()) == plain["reasons"]
    assert all(len(jobs.items) == jobs.jobs for jobs in report.green_scrapped.values())
    anyway = {pair: count for pair, count in plain["parts"].items() if pair[0] != "GREEN" and pair[1] == "good"}
    assert report.cut_anyway.counts == {risk: count for (risk, _), count in anyway.items()}
    assert len(report.cut_anyway.items) == report.cut_anyway.jobs == sum(anyway.values())
    for machine in report.times:
        found = sorted(plain["times"].get(machine.machine_id, []))
        assert machine.jobs == sum(compared.jobs for compared in machine.compared) + sum(machine.not_compared.values())
        assert sum(compared.jobs for compared in machine.compared) == len(found)
        for compared in machine.compared:
            quartiles = [None] * 3 if len(found) < 5 else statistics.quantiles(found, n=4, method="inclusive")
            said = [compared.lower_quartile, compared.median, compared.upper_quartile]
            assert said == pytest.approx(quartiles, abs=0.001)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
def test_the_report_is_a_plain_count_over_the_record_and_is_so_after_a_rebuild(tmp_path: Path, seed: int) -> None:
    store = open_store(tmp_path)
    run_ids = fill_randomly(store, random.Random(seed))
    for machine, since_us in ((None, 0), ("router_1", 0), (None, US + 4 * 10**7)):
        plain = count_plainly(store, run_ids, machine=machine, since_us=since_us)
        query = {"machine_id": machine and machine.upper(), "since_us": since_us or None}
        report = ask(store, **query)
        require_same(report, plain)
        store.reconcile(full=True)
        assert ask(store, **query) == report


def test_the_scrapped_come_with_the_check_of_their_reason_the_nearest_to_its_limit_first(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    checks = [HEAT, HEAT | {"id": "CHIP_RUBBING", "value": 2.0, "margin": 0.4}, HEAT | {"id": "FORCE"}]
    near, far = put(store, feasibility={"assessments": checks}), put(store, feasibility={"assessments": checks[:1]})
    without, blank = put(store), put(store, feasibility={"assessments": [{"id": "HEAT"}]})
    for run_id in (far, near, without, blank):
        report(store, run_id, part="scrap", reason_code="BURN")
    report(store, near, part="scrap", reason_code="WRONG_ZERO")
    report(store, near, part="scrap", reason_code="TEAR_OUT")
    report(store, near, part="good", ended="failed", reason_code="BURN")
    found = ask(store).green_scrapped
    assert {of_class: jobs.counts for of_class, jobs in found.items()} == {
        "check": {"BURN": 4},
        "human": {"WRONG_ZERO": 1},
        "other": {"TEAR_OUT": 1},
    }
    items = [job for job in found["check"].items if isinstance(job, ScrappedJob)]
    assert [(job.run_id, job.check and (job.check.id, job.check.q)) for job in items[:2]] == [
        (near, ("CHIP_RUBBING", 0.8)),
        (far, ("HEAT", 0.75)),
    ]
    assert {(job.run_id, job.check_unknown) for job in items[2:]} == {(without, "no_check"), (blank, "no_number")}
    assert [job.run_id for job in found["human"].items] == [near]


def test_what_cannot_be_read_is_listed_as_that_and_what_is_not_listed_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "LISTED", 2)
    store = open_store(tmp_path)
    run_ids = [put(store, us=US + number) for number in range(3)]
    for number, run_id in enumerate(run_ids):
        report(store, run_id, US + number, part="scrap", reason_code="BURN")
    path = next(tmp_path.rglob(f"{run_ids[2]}.json"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"ebony", b"ivory"))
    scrapped = ask(store).green_scrapped["check"]
    assert scrapped.jobs == 3
    assert {job.run_id: getattr(job, "check_unknown", "") for job in scrapped.items} == {
        run_ids[2]: "damaged",
        run_ids[1]: "no_check",
    }
    assert ask(store).damaged_runs == 0
    store.reconcile(full=True)
    assert (ask(store).jobs, ask(store).damaged_runs) == (2, 1)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=12), st.sampled_from((1, 2, 3)))
def test_a_quantile_of_counted_values_is_that_of_the_values(values: list[int], quarter: int) -> None:
    expected = statistics.quantiles(values, n=4, method="inclusive")[quarter - 1]
    assert find_quantile(Counter(values), quarter, 4) == pytest.approx(expected)


def test_a_store_without_outcomes_has_an_empty_report(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    put(store)
    found = ask(store, machine_id="Router_1", since_us=US)
    assert found == calibration.make_empty_report(OutcomeQuery(machine_id="router_1", since_us=US))
    assert (found.jobs, found.machine_id, found.since_utc) == (0, "router_1", ids.utc_text(US))
    assert set(ESTIMATES) == {"planned", "feed_only"}
    assert "changes no limit" in msgspec.json.encode(found).decode()
