"""What became of many cuts, added up and compared with the decisions: CPU time over an index of 100 000 outcomes.

The rows are those of a shop of some years. The newest cuts are real runs, since the report opens the record of the few
GREEN ones that it lists as scrapped. Each sample has a connection of its own, so no answer comes from the query cache.
"""

import functools
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks import stores
from benchmarks.cuts import ACTOR, small_members, small_templates
from benchmarks.figures import AtMost, Figure, measured
from benchmarks.stores import Say
from rmos import digest, ids
from rmos.decisions.calibration import calibrate, make_colours, make_times
from rmos.models import RunArtifact
from rmos.outcomes import CutOutcome, ReportedOutcome, classify_outcome
from rmos.row_models import OUTCOME_GROUPS, OutcomeGroup, OutcomeQuery, RunRow
from rmos.schemas.runs import dump_summary
from rmos.services.outcomes import OutcomeRequest, report_outcome
from rmos.store import Store
from rmos.store.artifacts import decode_sealed
from rmos.store.folding import fold
from rmos.store.outcomes import CountingOutcome, dump_outcome_rows, list_jobs
from rmos.store.rows import make_row

JOBS: Final = 100_000
_TARGET_MS: Final = 100
_BATCH: Final = 10_000
_SEED: Final = 20_260_301
_STEP_US: Final = 600_000_000
_REAL: Final = 60
_ALL: Final = OutcomeQuery()
_RISKS: Final = {"GREEN": 70, "YELLOW": 20, "RED": 7, "UNKNOWN": 3}
_PARTS: Final = {"good": 85, "scrap": 8, "rework": 4, "unjudged": 3}
_REASONS: Final = ("TOOL_BROKE", "BURN", "WORK_MOVED", "WRONG_ZERO", "TEAR_OUT", "OTHER")
_ESTIMATED_S: Final = 400


def figures(below: Path, rounds: int, say: Say, *, jobs: int = JOBS) -> list[Figure]:
    """Measure totals and the report over an index of outcomes."""
    say(f"outcomes: an index of {jobs}")
    store = _make_store(below / "outcomes", jobs)
    say("outcomes: asking")
    asked: dict[str, Callable[[Store], object]] = {
        f"totals by {by}": functools.partial(_add_up, by) for by in OUTCOME_GROUPS
    }
    asked |= {"table and times of the report": _count_for_report, "the report, 50 records opened": _make_report}
    return [
        measured(f"outcomes: {name}, CPU", _measure_ms(store, rounds, ask), "ms", runs=jobs, target=AtMost(_TARGET_MS))
        for name, ask in asked.items()
    ]


def _add_up(by: OutcomeGroup, store: Store) -> object:
    return store.outcome_lists.totals(_ALL, by)


def _count_for_report(store: Store) -> object:
    """Ask for the report without what only few cuts are listed for."""
    return make_colours(store.outcome_lists, _ALL), make_times(store.outcome_lists, _ALL)


def _make_report(store: Store) -> object:
    return calibrate(store.outcome_lists, store.runs, _ALL)


def _measure_ms(store: Store, rounds: int, ask: Callable[[Store], object]) -> list[float]:
    samples = []
    for _ in range(rounds + 1):
        store.index.close()  # and with it what its connection has cached
        store.index.state()
        started = time.process_time_ns()
        ask(store)
        samples.append((time.process_time_ns() - started) / 1e6)
    return samples[1:]  # the first one compiles what is asked


def _make_store(folder: Path, jobs: int) -> Store:
    store = Store.open(stores.settings_of(folder), summarise=dump_summary)
    store.reconcile()
    chance, now_us = random.Random(_SEED), ids.now_us()
    rows: list[RunRow] = []
    for row in _make_rows(jobs - _REAL, now_us, chance):
        rows.append(row)
        if len(rows) == _BATCH:
            store.index.runs.upsert(rows)
            rows.clear()
    store.index.runs.upsert(rows)
    green = [template for template in small_templates() if template["decision"]["risk_level"] == "GREEN"]
    for place in range(_REAL):
        run_id = store.runs.put(small_members(green, place, now_us + place)).view.artifact.run_id
        said = ReportedOutcome(ended="completed", part="scrap", reason_code="TOOL_BROKE")
        report_outcome(store, OutcomeRequest(run_id=run_id, reported=said), actor=ACTOR, us=now_us + place)
    return store


def _make_rows(jobs: int, now_us: int, chance: random.Random) -> Iterator[RunRow]:
    """Yield the rows of runs with one job each, as the store makes them."""
    (template, *_) = small_templates()
    data = digest.encode_record(small_members([template], 0, now_us))
    run_id = msgspec.json.decode(data)["run_id"]
    pattern = decode_sealed(data, run_id, ids.partition_of(now_us))
    row = make_row(fold(pattern, []), ids.partition_of(now_us), dump_summary)
    for place in range(jobs):
        us = now_us - (jobs - place) * _STEP_US
        run = _vary_run(pattern.run, us, place, chance)
        yield msgspec.structs.replace(
            row,
            run_id=run.run_id,
            created_us=us,
            partition=ids.partition_of(us),
            risk_level=run.decision.risk_level,
            machine_id=run.machine_id,
            material_id=run.material_id,
            outcomes=dump_outcome_rows(run, list_jobs(run, [_make_job(us, chance)])),
        )


def _vary_run(run: RunArtifact, us: int, place: int, chance: random.Random) -> RunArtifact:
    (risk,) = chance.choices(list(_RISKS), list(_RISKS.values()))
    details = {"program": {"estimate_s": {"feed_only": "300", "planned": str(_ESTIMATED_S)}}}
    return msgspec.structs.replace(
        run,
        run_id=ids.new_run_id(us),
        decision=msgspec.structs.replace(run.decision, risk_level=risk, details=details),
        machine_id=f"machine_{place % 5}",
        material_id=f"wood_{place % 12}",
        tool_id=f"em-{place % 20:02d}",
    )


def _make_job(us: int, chance: random.Random) -> CountingOutcome:
    (part,) = chance.choices(list(_PARTS), list(_PARTS.values()))
    said: dict[str, Any] = {
        "ended": "completed" if part in ("good", "scrap") else "cancelled",
        "part": part,
        "reason_code": chance.choice(_REASONS) if part == "scrap" else None,
        "measured_s": round(_ESTIMATED_S * chance.lognormvariate(0.05, 0.1), 1),
    }
    outcome = CutOutcome(**said, outcome=classify_outcome(said["ended"], part))
    return CountingOutcome(1, ids.utc_text(us), "anna", outcome)
