"""What became of the demo's cuts, and what happened to two of its tools. Nothing is reported here.

    jobs = DemoJobs(seed)
    jobs.of(run, "GREEN")                # the bodies of reports, each with how long after the run: mostly none
    for reset in RESETS:
        reset.tool_id, reset.before_us, reset.action

A cut in five was reported. Most went well; some were spoilt, one or two of them although they were GREEN, and what was
said in a hurry was corrected afterwards. What is reported follows from the seed and the decisions alone.
"""

import itertools
import random
from typing import Any, Final

import msgspec

from rmos import ids
from rmos.demo import DemoRun
from rmos.store.tool_records import ToolAction

_MINUTE_US: Final = 60 * 1_000_000
_DAY_US: Final = 24 * 60 * _MINUTE_US
_SHARES: Final = {"GREEN": 0.2, "YELLOW": 0.35, "RED": 0.06}
"""How many of the cuts of each colour somebody reported."""

_GOOD: Final = {"ended": "completed", "part": "good"}
_STORIES: Final[tuple[tuple[dict[str, Any], ...], ...]] = (
    ({**_GOOD, "rating": 5},),
    (_GOOD,),
    ({"ended": "failed", "part": "scrap", "reason_code": "TOOL_BROKE", "note": "It sang, and then it was gone."},),
    (_GOOD,),
    ({**_GOOD, "note": "Fits after a stroke with the file."},),
    (
        {"ended": "completed", "part": "scrap", "reason_code": "FIT_LOOSE", "note": "Too loose by two tenths."},
        {
            "ended": "completed",
            "part": "rework",
            "reason_code": "FIT_LOOSE",
            "note": "A strip of veneer beside it will do.",
        },
    ),
    (_GOOD,),
    ({**_GOOD, "rating": 4},),
    ({"ended": "cancelled", "part": "unjudged", "note": "The hose of the dust cleared itself off; stopped by hand."},),
    (_GOOD,),
    (
        {
            "ended": "completed",
            "part": "scrap",
            "reason_code": "WRONG_ZERO",
            "note": "Z was still that of the last piece.",
        },
    ),
    (_GOOD,),
    (_GOOD, {**_GOOD, "quantity": 2, "note": "Two of one blank."}),
    ({"ended": "completed", "part": "rework", "reason_code": "TEAR_OUT", "note": "Fuzz where the grain runs out."},),
    (_GOOD,),
    (_GOOD,),
    (_GOOD,),
    (
        {
            "ended": "completed",
            "part": "scrap",
            "reason_code": "BURN",
            "note": "Brown edge; smelled it before I saw it.",
        },
    ),
    ({"ended": "interrupted", "part": "good", "reason_code": "POWER", "note": "Fuse; went on from the same line."},),
)
"""What is reported one after the other, each with its correction where there was one."""


class DemoJob(msgspec.Struct, frozen=True, kw_only=True):
    """A report as clients send it, but for `corrects`; `us` is when."""

    us: int
    body: dict[str, Any]
    corrects_previous: bool = False


class DemoReset(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a tool, so long ago."""

    tool_id: str
    before_us: int
    action: ToolAction
    note: str


RESETS: Final = (
    DemoReset(tool_id="em-3175-2f", before_us=13 * _DAY_US, action="new", note="Of the box that came in spring."),
    DemoReset(tool_id="saw-254-24t", before_us=8 * _DAY_US, action="sharpened", note="By the grinder in town."),
    DemoReset(
        tool_id="em-3175-2f", before_us=5 * _DAY_US, action="new", note="The last one was rounded at the corners."
    ),
)


class DemoJobs:
    """What is reported of runs, one after the other."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"outcomes {seed}")
        self._stories = itertools.cycle(_STORIES)

    def of(self, run: DemoRun, risk_level: str, *, now_us: int) -> list[DemoJob]:
        """Return the reports of a run, none of most; the second one corrects the first."""
        chance, minutes = self._rng.random(), self._rng.uniform(1.5, 14)
        wait = self._rng.uniform(20, 90)
        is_cut = run.deletion is None and run.request.design.get("operation") != "drawing_only"
        if not is_cut or chance >= _SHARES.get(risk_level, 0):
            return []
        ended_us = run.us + round((wait + minutes) * _MINUTE_US)
        if ended_us > now_us - 10 * _MINUTE_US:
            return []
        story = next(self._stories) if risk_level == "GREEN" else (_GOOD,)
        times = {"ended_at_utc": ids.utc_text(ended_us), "measured_s": round(minutes * 60, 1)}
        tool: dict[str, Any] = {"tool_id": run.request.tool_id, "minutes": round(minutes * 0.8, 2)}
        if any(body.get("reason_code") == "TOOL_BROKE" for body in story):
            tool["broke"] = True
        return [
            DemoJob(
                us=ended_us + (1 + 6 * place) * _MINUTE_US,
                body={**body, **times, "tools": [tool]},
                corrects_previous=place > 0,
            )
            for place, body in enumerate(story)
        ]
