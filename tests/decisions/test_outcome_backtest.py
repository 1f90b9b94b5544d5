"""What an engine would have blocked, by what became of the cuts."""

from pathlib import Path
from typing import Any, cast

import pytest

from rmos.decisions.outcome_backtest import JOB_KINDS, backtest_outcomes, count_runs_with_events
from rmos.engines.plugin import Engine
from rmos.outcomes import ReportedOutcome
from rmos.services.outcomes import OutcomeRequest, report_outcome
from rmos.store import Store
from tests.engines.plugins import FunctionEngine, answer
from tests.makers import ANNA, US, make_members, open_store

FAST, SLOW = 3000, 900


def put(store: Store, feed: int = SLOW, number: int = 0, **over: Any) -> str:
    members = make_members(US + number, design={"feed_mm_min": feed}, **over)
    return store.runs.put(members).view.artifact.run_id


def report(store: Store, run_id: str, part: str, reason: str | None = None, corrects: int | None = None) -> int:
    said = ReportedOutcome(ended="completed", part=cast(Any, part), reason_code=cast(Any, reason), corrects=corrects)
    return report_outcome(store, OutcomeRequest(run_id=run_id, reported=said), actor=ANNA, us=US).number


def fill(store: Store) -> list[str]:
    """Report jobs of fast cuts that were scrapped, and of slow ones that were good, with some that do not count."""
    run_ids = [put(store, feed, number) for number, feed in enumerate((FAST, FAST, SLOW, SLOW))]
    fast, fast_deleted, slow, slow_blocked = run_ids
    wrong = report(store, fast, "good")
    report(store, fast, "scrap", "TOOL_BROKE", corrects=wrong)
    report(store, fast, "scrap", "CHATTER")
    report(store, fast, "scrap", "WRONG_ZERO")
    report(store, fast_deleted, "scrap", "BURN")
    store.deletes.soft(fast_deleted, "a trial of counting", actor=ANNA, us=US)
    for _ in range(3):
        report(store, slow, "good")
    report(store, slow, "unjudged")
    report(store, slow_blocked, "rework")
    blocked = put(store, SLOW, 5, status="BLOCKED")
    report(store, blocked, "good")
    legacy = put(store, FAST, 6, inputs=None)
    report(store, legacy, "scrap", "OTHER")
    return run_ids


def ask(store: Store, status: Any, **options: Any) -> dict[str, tuple[int, int, int, int]]:
    """Return jobs, blocked, blocked as recorded and not evaluated by what came of them."""

    def evaluate(spec: Any, ctx: Any, request_id: str) -> Any:
        return answer(request_id, status=status(spec) if callable(status) else status)

    found = backtest_outcomes(store, cast(Engine, FunctionEngine(evaluate)), timeout_ms=60_000, **options)
    kinds = {kind: getattr(found, kind) for kind in JOB_KINDS}
    assert found.jobs == sum(jobs.jobs for jobs in kinds.values())
    assert all(jobs.blocked.of == jobs.jobs - jobs.not_evaluated for jobs in kinds.values())
    return {
        kind: (jobs.jobs, jobs.blocked.count, jobs.blocked_recorded.count, jobs.not_evaluated)
        for kind, jobs in kinds.items()
    }


def test_an_engine_blocks_nothing_or_everything_or_what_was_scrapped(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    fill(store)
    nothing = {
        "scrap": (3, 0, 0, 1),
        "scrap_human": (1, 0, 0, 0),
        "rework": (1, 0, 0, 0),
        "good": (4, 0, 1, 0),
        "unjudged": (1, 0, 0, 0),
    }
    everything = {
        kind: (jobs, jobs - lacking, recorded, lacking) for kind, (jobs, _, recorded, lacking) in nothing.items()
    }
    for status in ("GREEN", "YELLOW"):
        assert ask(store, status) == nothing
    for status in ("RED", "UNKNOWN", "ERROR"):
        assert ask(store, status) == everything
    strict = ask(store, lambda spec: "RED" if spec["feed_mm_min"] == FAST else "GREEN")
    assert strict == nothing | {"scrap": (3, 2, 0, 1), "scrap_human": (1, 1, 0, 0)}
    assert ask(store, "RED", since="2025-12-24") == dict.fromkeys(JOB_KINDS, (0, 0, 0, 0))


def test_what_is_damaged_is_named_and_every_run_with_events_is_told_of(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    damaged = fill(store)[0]
    path = next(tmp_path.rglob(f"{damaged}.json"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"3000", b"2999"))
    engine = cast(Engine, FunctionEngine(lambda spec, ctx, request_id: answer(request_id)))
    progress: list[int] = []
    found = backtest_outcomes(store, engine, timeout_ms=60_000, progress=progress.append)
    assert (found.damaged, found.unreadable, found.scrap.jobs) == ([damaged], [], 1)
    assert sum(progress) == count_runs_with_events(store) == 6
    assert count_runs_with_events(store, "2025-12-24") == 0


@pytest.mark.long
def test_several_processes_say_the_same(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    fill(store)
    assert ask(store, "RED", workers=2) == ask(store, "RED")
