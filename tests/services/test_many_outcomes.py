"""Thousands of outcomes with corrections: totals are a plain sum, and an index that is made anew says the same.

Ten thousand at night.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from rmos import ids
from rmos.checks.verify import verify_store
from rmos.errors.workflow import CorrectsUnknown
from rmos.outcomes import REASON_CODES, ReportedOutcome, UsedTool, needs_reason
from rmos.row_models import OUTCOME_GROUPS, OutcomeQuery
from rmos.schemas.outcomes import show_group
from rmos.services.outcomes import OutcomeRequest, report_outcome
from rmos.store import Store
from tests.makers import ANNA, US, make_members, open_store
from tests.trying import tries_at_night

pytestmark = pytest.mark.long

TOOLS: Final = tuple(f"em-{number}" for number in range(7))
DECISION: Final = {
    "risk_level": "GREEN",
    "score": 90.0,
    "block_reason": None,
    "warnings": [],
    "details": {"program": {"lines": 40, "tools": [{"tool_id": "em-0", "cutting_mm": "1250.5", "cutting_s": "60"}]}},
}
Job = dict[str, Any]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store that waits for no disk: nothing here is about power cuts."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    made = open_store(tmp_path)
    yield made
    made.index.close()


def put_runs(store: Store, count: int) -> dict[str, dict[str, str]]:
    """Put runs over weeks, of which a fifth has a program, and return what each is grouped by."""
    found = {}
    for number in range(count):
        of_run = {"machine_id": f"m{number % 3}", "material_id": f"wood_{number % 5}", "tool_id": "em-0"}
        over = {"decision": DECISION} if number % 5 == 0 else {}
        stored = store.runs.put(make_members(US + number * 600_000_000, **of_run, **over))
        found[stored.view.artifact.run_id] = of_run
    return found


def make_report(chance: random.Random, us: int, corrects: int | None) -> ReportedOutcome:
    ended = chance.choice(("completed", "completed", "completed", "cancelled", "failed"))
    part = chance.choice(("good", "good", "scrap", "rework", "unjudged"))
    named = chance.sample(TOOLS, chance.choice((0, 0, 1, 2)))
    return ReportedOutcome(
        ended=ended,
        part=part,
        reason_code=chance.choice(REASON_CODES) if needs_reason(ended, part) else None,
        ended_at_utc=ids.utc_text(us),
        measured_s=chance.choice((None, chance.randint(1, 9000) / 10)),
        tools=[UsedTool(tool_id=name, minutes=chance.choice((None, chance.randint(0, 300) / 4))) for name in named],
        quantity=chance.randint(1, 3),
        corrects=corrects,
    )


def add_up(jobs: list[Job], group_by: str) -> list[Job]:
    """Add up in plain Python, from what was reported and what the answer to each report said of tools and paths."""
    groups: dict[str, list[tuple[Job, float | None, float | None]]] = {}
    for job in jobs:
        if group_by == "tool":
            for tool in job["tool_work"]:
                groups.setdefault(tool["tool_id"], []).append((job, tool.get("cutting_s"), tool.get("cutting_mm")))
        else:
            groups.setdefault(job[group_by], []).append((job, job.get("measured_s"), job.get("cut_mm")))
    shown = []
    for name, mine in sorted(groups.items()):
        times = [round(seconds * 1000) for _, seconds, _ in mine if seconds is not None]
        paths = [round(path * 1000) for _, _, path in mine if path is not None]
        shown.append(
            {
                "group": name,
                "jobs": len(mine),
                "good": sum(job["quantity"] for job, _, _ in mine if job["part"] == "good"),
                "scrap": sum(job["quantity"] for job, _, _ in mine if job["part"] == "scrap"),
                "minutes": round(sum(times) / 60_000, 2) if times else None,
                "timed_jobs": len(times),
                "metres": round(sum(paths) / 1e6, 2) if paths else None,
                "measured_jobs": len(paths),
                "longest_s": max(times) / 1000 if times else None,
            }
        )
    return shown


def answer(store: Store) -> tuple[Any, ...]:
    """Return all that lists and totals say."""
    totals = {
        by: [show_group(group) for group in store.outcome_lists.totals(OutcomeQuery(), by)] for by in OUTCOME_GROUPS
    }
    items, before = [], None
    while True:
        page = store.outcome_lists.page(OutcomeQuery(), limit=500, cursor=before)
        items += page.items
        if (before := page.next_cursor) is None:
            return totals, items


def test_totals_of_thousands_with_corrections_are_a_plain_sum_and_a_rebuild_says_the_same(
    store: Store, tmp_path: Path
) -> None:
    outcomes = tries_at_night(10_000, 2_500)
    chance = random.Random(21)
    runs = put_runs(store, outcomes // 5)
    counted: dict[tuple[str, int], Job] = {}
    for place in range(outcomes):
        run_id = chance.choice(list(runs))
        mine = [number for of, number in counted if of == run_id]
        corrects = chance.choice(mine) if mine and chance.random() < 0.3 else None
        us = US + place * 600_000_000
        reported = make_report(chance, us, corrects)
        entry = report_outcome(store, OutcomeRequest(run_id=run_id, reported=reported), actor=ANNA, us=us).entry
        if corrects is not None:
            del counted[run_id, corrects]
            if place % 50 == 0:  # what was corrected once is not corrected again
                with pytest.raises(CorrectsUnknown):
                    report_outcome(store, OutcomeRequest(run_id=run_id, reported=reported), actor=ANNA, us=us)
        of_run = {name.removesuffix("_id"): value for name, value in runs[run_id].items() if name != "tool_id"}
        counted[run_id, entry["number"]] = {**entry, **of_run, "month": ids.utc_text(us)[:7]}
    assert outcomes // 2 < len(counted) < outcomes * 4 // 5
    for run_id in list(runs)[::200]:
        store.deletes.soft(run_id, "a trial cut", actor=ANNA, us=US + outcomes * 600_000_000)
        counted = {key: job for key, job in counted.items() if key[0] != run_id}
    before = answer(store)
    assert len(before[1]) == len(counted)
    for group_by in OUTCOME_GROUPS:
        assert before[0][group_by] == add_up(list(counted.values()), group_by), group_by
    assert sum(group["measured_jobs"] for group in before[0]["material"]) > 100
    work = store.index.tool_work.tools().value
    store.index.close()
    for path in tmp_path.rglob("_index.sqlite*"):
        path.unlink()
    again = open_store(tmp_path)
    assert answer(again) == before
    assert again.index.tool_work.tools().value == work
    assert verify_store(again, recheck_s=0).ok
    again.index.close()
