"""How long a job took against the estimate of its program.

    compare_times(run, outcome, 440.0)      # TimeComparison("planned", 1048): 4.8 % longer than a planner says

What cannot be compared says why, and is counted as that.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from rmos.models import RunArtifact
from rmos.outcomes import ESTIMATES, CutOutcome, TimeBasis, read_decimal

_PER_MILLE: Final = 1000
_LARGEST: Final = 1e15
"""No program's estimate gives more; an artifact of other hands may say any number."""


class TimeComparison(NamedTuple):
    """By which estimate a job is compared or why it is not, and its time over the estimate in thousandths."""

    basis: TimeBasis
    ratio: int | None = None


def compare_times(run: RunArtifact, outcome: CutOutcome, seconds: float | None) -> TimeComparison:
    """Return how long a job took against its program's estimate: a planner's where there is one, else by feeds alone.

    Only a job that ran one known program of the run to its end, at the feeds of that program, tells of the estimate.

    Args:
        seconds: how long it ran, None where nobody knows.
    """
    if outcome.ended != "completed":
        return TimeComparison("not_completed")
    if seconds is None:
        return TimeComparison("not_timed")
    if outcome.program_matches is False:
        return TimeComparison("other_program")
    if outcome.feed_override_pct not in (None, 100):
        return TimeComparison("feed_overridden")
    sha256 = outcome.program_sha256
    programs = [program for program in run.decision.list_programs() if sha256 in (None, program.get("sha256"))]
    if sha256 is None and len(programs) > 1:
        return TimeComparison("which_program")
    return _divide(seconds, programs[0].get("estimate_s")) if programs else TimeComparison("no_estimate")


def _divide(seconds: float, estimate: object) -> TimeComparison:
    members: Mapping[str, Any] = estimate if isinstance(estimate, dict) else {}
    for basis in ESTIMATES:
        estimated = read_decimal(members.get(basis))
        if estimated:
            ratio = seconds / estimated * _PER_MILLE
            return TimeComparison(basis, round(ratio)) if ratio < _LARGEST else TimeComparison("no_estimate")
    return TimeComparison("no_estimate")
