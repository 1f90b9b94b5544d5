"""What reports look like to programs: decisions beside what became of the cuts."""

from typing import Literal, TypedDict


class Proportion(TypedDict):
    """So many of so many, with the 95 % interval of the share; None where there are none."""

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


class ColourParts(TypedDict):
    """What became of the jobs of a colour; shares are of those whose part somebody has looked at."""

    risk_level: str
    jobs: int
    unjudged: int
    good: Proportion
    rework: Proportion
    scrap: Proportion


class CheckUse(TypedDict):
    """How near a cut came to the limit of a check: q is 1 at the limit."""

    id: str
    value: float
    limit: float
    unit: str
    q: float


class ListedJob(TypedDict):
    """A job of a list."""

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


class ScrappedJob(ListedJob):
    """A GREEN job whose part was scrap."""

    check: CheckUse | None
    check_unknown: str | None


class JobList(TypedDict):
    """How many jobs there are, by a word, and the newest of them."""

    jobs: int
    counts: dict[str, int]
    items: list[ListedJob]


class ScrappedList(TypedDict):
    """How many GREEN jobs were scrapped, by their reason, and the newest of them."""

    jobs: int
    counts: dict[str, int]
    items: list[ScrappedJob]


class ComparedTimes(TypedDict):
    """Measured over estimated time; None of too few jobs."""

    basis: str
    jobs: int
    lower_quartile: float | None
    median: float | None
    upper_quartile: float | None


class MachineTimes(TypedDict):
    """How long the jobs of a machine took against the estimates of their programs."""

    machine_id: str | None
    jobs: int
    compared: list[ComparedTimes]
    not_compared: dict[str, int]


class Calibration(TypedDict):
    """Decisions beside what became of the cuts. It changes no limit."""

    machine_id: str | None
    since_utc: str | None
    jobs: int
    colours: list[ColourParts]
    green_scrapped: dict[Literal["check", "human", "other"], ScrappedList]
    cut_anyway: JobList
    times: list[MachineTimes]
    damaged_runs: int
    least_times: int
    listed: int
    note: str
