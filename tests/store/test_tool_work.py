"""What tools did in a job: which figures are known, from where, and which stay unknown."""

from typing import Any

import msgspec
import pytest

from rmos import ids
from rmos.models import Hashes, RunArtifact, RunDecision
from rmos.outcomes import CutOutcome
from rmos.store.tool_work import ProgramExtent, ProgramUse, find_job_work
from tests.makers import US

SHA = "a" * 64
TWO = [
    {"tool_id": "em-3", "cutting_s": "60", "cutting_mm": "1000"},
    {"tool_id": "em-1", "cutting_s": "30", "cutting_mm": "200.5"},
]
ONE = TWO[:1]
RAN = {"ended": "completed", "part": "good"}
OTHERS = [{"tool_id": "other"}, {"tool_id": "em-1"}]
ALIKE = [{"tool_id": "em-3", "serial": "A", "minutes": 1}, {"tool_id": "em-3", "serial": "B"}]
FOREIGN = {"program_matches": False, "program_sha256": "b" * 64}
UNKNOWN = (None, None, None)
STOPPED = {"ended": "cancelled", "part": "scrap"}


def make_run(tools: list[dict[str, str]], **over: Any) -> RunArtifact:
    program = {"sha256": SHA, "lines": 100, "tools": tools, "estimate_s": {"planned": "120", "feed_only": "100"}}
    details = {"program": program | over} if tools else {}
    return RunArtifact(
        run_id=ids.new_run_id(US),
        created_at_utc=ids.utc_text(US),
        status="OK",
        mode="router",
        tool_id="em-3",
        decision=RunDecision(risk_level="GREEN", details=details),
        hashes=Hashes(feasibility_sha256=SHA),
        feasibility=msgspec.Raw(b"{}"),
    )


def find(run: RunArtifact, to_line: ProgramExtent | None = None, **reported: Any) -> tuple[Any, ...]:
    """Return seconds, where they come from and mm of each tool, then the path of the job."""
    outcome = msgspec.convert({"outcome": "done", **reported}, CutOutcome)
    work = find_job_work(run, outcome, to_line=to_line)
    return *((tool.cutting_s, tool.time_origin, tool.cutting_mm) for tool in work.tools), work.cut_mm


HALF = ProgramExtent([ProgramUse("em-3", 24.0, 400.0)], 50.0)
"""As far as a line in the middle."""


@pytest.mark.parametrize(
    ("tools", "reported", "found"),
    [
        # The program tells the share: 60 of 120 s, and the job took twice as long.
        (ONE, {**RAN, "measured_s": 240}, [(120.0, "measured_program", 1000.0), 1000.0]),
        (ONE, RAN, [(60.0, "estimated", 1000.0), 1000.0]),
        (ONE, {**RAN, "tools": [{"tool_id": "EM-3", "minutes": 5}]}, [(300.0, "given", 1000.0), 1000.0]),
        (ONE, {**RAN, "tools": [{"tool_id": "its-twin"}]}, [(60.0, "estimated", 1000.0), 1000.0]),
        (TWO, RAN, [(60.0, "estimated", 1000.0), (30.0, "estimated", 200.5), 1200.5]),
        (TWO, {**RAN, "tools": OTHERS}, [UNKNOWN, (30.0, "estimated", 200.5), 1200.5]),
        # Which of two with one id did what, nobody knows; what was reported stands.
        (
            ONE,
            {**RAN, "measured_s": 240, "tools": ALIKE},
            [(60.0, "given", None), UNKNOWN, 1000.0],
        ),
        # Stopped, and nobody said where: neither path nor, without a clock, minutes.
        (ONE, STOPPED, [UNKNOWN, None]),
        (ONE, {**STOPPED, "measured_s": 60}, [(30.0, "measured_program", None), None]),
        # Stopped at a line: measured up to there; at the last one it is all of it.
        (ONE, {**STOPPED, "last_line": 50}, [(24.0, "estimated", 400.0), 400.0]),
        (ONE, {**RAN, "last_line": 50, "measured_s": 100}, [(48.0, "measured_program", 400.0), 400.0]),
        (ONE, {**STOPPED, "last_line": 100}, [(60.0, "estimated", 1000.0), 1000.0]),
        # Another program ran, or none that is known: all of the time is that of the only tool.
        (ONE, {**RAN, **FOREIGN, "measured_s": 60}, [(60.0, "job_time", None), None]),
        ([], {**RAN, "measured_s": 60}, [(60.0, "job_time", None), None]),
        ([], RAN, [UNKNOWN, None]),
        ([], {**RAN, "measured_s": 60, "tools": OTHERS}, [UNKNOWN, UNKNOWN, None]),
    ],
)
def test_each_figure_says_where_it_comes_from_and_what_nobody_knows_is_none(
    tools: list[dict[str, str]], reported: dict[str, Any], found: list[Any]
) -> None:
    assert list(find(make_run(tools), HALF, **reported)) == found


def test_a_line_of_a_program_that_was_not_measured_up_to_there_leaves_the_path_unknown() -> None:
    run = make_run(ONE)
    assert find(run, **STOPPED, last_line=50) == ((None, None, None), None)
    assert find(run, **STOPPED, last_line=50, measured_s=60) == ((30.0, "measured_program", None), None)


def test_no_tool_cuts_for_longer_than_the_job_ran() -> None:
    run = make_run(ONE, estimate_s={"feed_only": "50", "planned": None})
    assert find(run, **RAN, measured_s=10)[0] == (10.0, "measured_program", 1000.0)
