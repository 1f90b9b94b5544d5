"""Decisions beside what became of the cuts: does GREEN hold, was YELLOW too careful, are the times right?

    report = calibrate(store.outcome_lists, store.runs, OutcomeQuery(machine_id="router_1"))
    report.colours[0].scrap           # Proportion(count=3, of=40, share=0.075, low=0.025836, high=0.198642)
    report.green_scrapped["check"].items[0].check.q

Counts come from the index; of the few GREEN cuts that are listed as scrapped the record is opened, for the check that
the reason points to. What is not known is counted as that. Nothing here changes a limit: that is for people to decide.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeVar, get_args

import msgspec

from rmos import ids
from rmos.decisions.nearest_check import CheckUse, find_nearest_check
from rmos.decisions.proportions import Proportion, make_proportion
from rmos.decisions.reasons import REASON_CLASSES, ReasonClass, classify_reason, list_checks, list_reasons
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.store import RecordDamaged, RecordUnavailable
from rmos.models import RISK_LEVELS
from rmos.outcomes import ESTIMATES
from rmos.row_models import OutcomeQuery
from rmos.store.outcome_lists import OutcomeLists
from rmos.store.rows import DAMAGED_RUNS
from rmos.store.runs import Runs

LISTED: Final = 50
"""How many cuts of a kind are listed; the rest is counted."""
LEAST_TIMES: Final = 5
"""Of how many jobs a machine's median is given (RMOS policy): of fewer it says more of the job than of the machine."""
NOTE: Final = "This report changes no limit; what follows from it is for people to decide."
_PER_MILLE: Final = 1000

CheckUnknown = Literal["no_check", "no_number", "deleted", "damaged", "not_read"]
CHECK_UNKNOWNS: Final = get_args(CheckUnknown)
"""Why nothing is known of a check: the run has none that the reason points to, or none with a number, or its record
was deleted meanwhile, is damaged, or was not given by the storage."""


class ColourParts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the jobs that were decided alike; shares are of those whose part somebody has looked at."""

    risk_level: str
    jobs: int
    unjudged: int
    """Whose part nobody has looked at yet."""
    good: Proportion
    rework: Proportion
    scrap: Proportion


class ListedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job of a list, as the index has it."""

    run_id: str
    number: int
    at_utc: str
    ended: str
    risk_level: str
    reason_code: str | None
    quantity: int
    cut_against_decision: bool
    machine_id: str | None
    material_id: str | None
    tool_ids: list[str]
    note: str | None


class ScrappedJob(ListedJob, frozen=True, kw_only=True):
    """A GREEN job whose part was scrap, with the check that its reason points to and that came nearest to its limit."""

    check: CheckUse | None = None
    check_unknown: CheckUnknown | None = None
    """Why there is none, where the reason points to one."""


class JobList(msgspec.Struct, frozen=True, kw_only=True):
    """How many jobs there are by a word, and the newest of them."""

    jobs: int
    counts: dict[str, int]
    items: Sequence[ListedJob]


class ComparedTimes(msgspec.Struct, frozen=True, kw_only=True):
    """The times of jobs over one kind of estimate: the median and the quartiles, None of too few."""

    basis: str
    jobs: int
    lower_quartile: float | None = None
    median: float | None = None
    upper_quartile: float | None = None


class MachineTimes(msgspec.Struct, frozen=True, kw_only=True):
    """How long the jobs of a machine took against the estimates of their programs."""

    machine_id: str | None
    jobs: int
    compared: list[ComparedTimes]
    not_compared: dict[str, int]
    """Why not, and how many."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report, of the outcomes that count."""

    machine_id: str | None
    since_utc: str | None
    jobs: int
    colours: list[ColourParts]
    green_scrapped: dict[ReasonClass, JobList]
    """By what kind of reason, `counts` by reason. Where checks are about it, the nearest to its limit comes first."""
    cut_anyway: JobList
    """Those that were not GREEN, and are good; `counts` is by colour."""
    times: list[MachineTimes]
    damaged_runs: int
    """Whose record is damaged: whatever was reported of them counts for nothing until it is mended."""
    least_times: int = LEAST_TIMES
    listed: int = LISTED
    note: str = NOTE


Job = TypeVar("Job", bound=ListedJob)


def calibrate(outcomes: OutcomeLists, runs: Runs, query: OutcomeQuery) -> Calibration:
    """Return what became of cuts beside what was decided on them.

    Args:
        query: whose outcomes: of a machine, since when.

    Raises:
        IndexRebuilding: the index is not complete.
    """
    colours = make_colours(outcomes, query)
    good = {row.risk_level: row.good.count for row in colours if row.risk_level != "GREEN" and row.good.count}
    return msgspec.structs.replace(
        make_empty_report(query),
        jobs=sum(row.jobs for row in colours),
        colours=colours,
        green_scrapped=_list_green_scrapped(outcomes, runs, query),
        cut_anyway=JobList(jobs=sum(good.values()), counts=good, items=_list_cut_anyway(outcomes, query, list(good))),
        times=make_times(outcomes, query),
        damaged_runs=runs.count(DAMAGED_RUNS),
    )


def make_empty_report(query: OutcomeQuery) -> Calibration:
    """Return the report of a store without outcomes."""
    none = JobList(jobs=0, counts={}, items=[])
    return Calibration(
        machine_id=query.machine_id,
        since_utc=None if query.since_us is None else ids.utc_text(query.since_us),
        jobs=0,
        colours=[],
        green_scrapped=dict.fromkeys(REASON_CLASSES, none),
        cut_anyway=none,
        times=[],
        damaged_runs=0,
    )


def _narrow(query: OutcomeQuery, **more: Any) -> OutcomeQuery:
    return msgspec.structs.replace(query, **more)


def _list_newest(outcomes: OutcomeLists, query: OutcomeQuery, of: type[Job]) -> list[Job]:
    text = outcomes.page(query, limit=LISTED).text
    return msgspec.json.decode(f"[{text}]", type=list[of])  # type: ignore[valid-type]


# Colours


def make_colours(outcomes: OutcomeLists, query: OutcomeQuery) -> list[ColourParts]:
    """Return what became of each colour, in the order of colours."""
    found: dict[str, dict[str, int]] = {}
    for counted in outcomes.count_groups(query, ("risk_level", "part")):
        risk, part = map(str, counted.values)
        found.setdefault(risk, {})[part] = counted.jobs
    order = [*RISK_LEVELS, *sorted(found.keys() - set(RISK_LEVELS))]
    return [_make_colour(risk, found[risk]) for risk in order if risk in found]


def _make_colour(risk: str, parts: Mapping[str, int]) -> ColourParts:
    jobs, unjudged = sum(parts.values()), parts.get("unjudged", 0)
    shares = {part: make_proportion(parts.get(part, 0), jobs - unjudged) for part in ("good", "rework", "scrap")}
    return ColourParts(risk_level=risk, jobs=jobs, unjudged=unjudged, **shares)


# What was GREEN and is scrap, what was not and is good


def _list_green_scrapped(outcomes: OutcomeLists, runs: Runs, query: OutcomeQuery) -> dict[ReasonClass, JobList]:
    green = _narrow(query, risk_level="GREEN", part="scrap")
    counts: dict[ReasonClass, Counter[str]] = {of_class: Counter() for of_class in REASON_CLASSES}
    for counted in outcomes.count_groups(green, ("reason_code",)):
        code = None if counted.values[0] is None else str(counted.values[0])
        counts[classify_reason(code)][code or "NONE"] += counted.jobs
    listed: dict[ReasonClass, JobList] = {}
    for of_class, of_reason in counts.items():
        items: list[ScrappedJob] = []
        if of_reason:
            # Where no reason was given none can be asked for: those are counted.
            items = _list_newest(outcomes, _narrow(green, reasons=list_reasons(of_class)), ScrappedJob)
        if of_class == "check":
            items = sorted((_add_check(job, runs) for job in items), key=_find_rank)
        listed[of_class] = JobList(jobs=of_reason.total(), counts=dict(sorted(of_reason.items())), items=items)
    return listed


def _add_check(job: ScrappedJob, runs: Runs) -> ScrappedJob:
    """Return a job with the check that its reason points to, which stands in the record of its run."""
    unknown: CheckUnknown
    try:
        nearest = find_nearest_check(runs.record(job.run_id).view().artifact, list_checks(job.reason_code))
    except (RunNotFound, RunDeleted):
        unknown = "deleted"
    except RecordUnavailable:
        unknown = "not_read"
    except RecordDamaged:
        unknown = "damaged"
    else:
        if nearest.use is not None:
            return msgspec.structs.replace(job, check=nearest.use)
        unknown = "no_number" if nearest.is_recorded else "no_check"
    return msgspec.structs.replace(job, check_unknown=unknown)


def _find_rank(job: ScrappedJob) -> float:
    """Return what the job nearest to its limit has least of; among equals the newest stays the first."""
    return 1.0 if job.check is None else -job.check.q


def _list_cut_anyway(outcomes: OutcomeLists, query: OutcomeQuery, risks: Sequence[str]) -> list[ListedJob]:
    found: list[ListedJob] = []
    for risk in risks:
        found += _list_newest(outcomes, _narrow(query, risk_level=risk, part="good"), ListedJob)
    return sorted(found, key=lambda job: job.at_utc, reverse=True)[:LISTED]


# Times


def make_times(outcomes: OutcomeLists, query: OutcomeQuery) -> list[MachineTimes]:
    """Return the times of each machine, in the order of names; what names no machine comes first."""
    found: dict[Any, dict[str, Counter[int]]] = {}
    for counted in outcomes.count_groups(query, ("machine_id", "time_basis", "time_ratio")):
        machine_id, basis, ratio = counted.values
        found.setdefault(machine_id, {}).setdefault(str(basis), Counter())[int(ratio or 0)] += counted.jobs
    return [
        MachineTimes(
            machine_id=machine_id,
            jobs=sum(ratios.total() for ratios in of_basis.values()),
            compared=[_summarise_times(basis, of_basis[basis]) for basis in ESTIMATES if basis in of_basis],
            not_compared={basis: ratios.total() for basis, ratios in of_basis.items() if basis not in ESTIMATES},
        )
        for machine_id, of_basis in found.items()
    ]


def _summarise_times(basis: str, ratios: Mapping[int, int]) -> ComparedTimes:
    jobs = sum(ratios.values())
    if jobs < LEAST_TIMES:
        return ComparedTimes(basis=basis, jobs=jobs)
    lower, median, upper = (find_quantile(ratios, quarter, 4) / _PER_MILLE for quarter in (1, 2, 3))
    return ComparedTimes(basis=basis, jobs=jobs, lower_quartile=lower, median=median, upper_quartile=upper)


def find_quantile(counts: Mapping[int, int], part: int, parts: int) -> float:
    """Return the value below which `part` of `parts` of the values lie, between two values in proportion.

    As `statistics.quantiles(method="inclusive")` does, of values that come with how often they are there.
    """
    place, beyond = divmod((sum(counts.values()) - 1) * part, parts)
    ordered = sorted(counts)
    passed, number = 0, 0
    while passed + counts[ordered[number]] <= place:
        passed += counts[ordered[number]]
        number += 1
    low = ordered[number]
    is_last_of_its_kind = passed + counts[low] == place + 1
    high = ordered[number + 1] if beyond and is_last_of_its_kind else low
    return low + (high - low) * beyond / parts
