"""Figures, their targets, the table and the JSON document: pure functions, so that tests can hold them.

figure = Figure("verify", 61_000.0, "runs/s", runs=100_000, target=AtLeast(40_000))
table([figure])                           # Markdown, as printed and as kept in docs/performance.md
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

FORM: Final = "rmos.bench/1"
_COLUMNS: Final = ("figure", "runs", "value", "lowest to highest", "target", "besides")
_RIGHT: Final = frozenset({"runs", "value"})


@dataclass(frozen=True)
class AtLeast:
    """A target that a figure reaches from below."""

    bound: float

    def is_met(self, value: float) -> bool:
        """Tell whether the value is high enough."""
        return value >= self.bound

    def __str__(self) -> str:
        return f">= {number(self.bound)}"


@dataclass(frozen=True)
class AtMost:
    """A target that a figure must not exceed."""

    bound: float

    def is_met(self, value: float) -> bool:
        """Tell whether the value is low enough."""
        return value <= self.bound

    def __str__(self) -> str:
        return f"<= {number(self.bound)}"


@dataclass(frozen=True)
class Figure:
    """One line of the table: a median, in `unit`, at a store of `runs` runs, and the samples that it comes from."""

    name: str
    value: float
    unit: str
    runs: int | None = None
    target: AtLeast | AtMost | None = None
    samples: Sequence[float] = ()
    besides: Mapping[str, float | str] = field(default_factory=dict)
    """Further measures, shown at the end of the line: name with its unit → value."""

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without a target."""
        return None if self.target is None else self.target.is_met(self.value)


def measured(
    name: str,
    samples: Sequence[float],
    unit: str,
    *,
    runs: int | None = None,
    target: AtLeast | AtMost | None = None,
    besides: Mapping[str, float | str] | None = None,
) -> Figure:
    """Return the figure that is the median of its samples.

    Raises:
        ValueError: there are no samples, or one of them is not a number.
    """
    if not samples or not all(math.isfinite(sample) for sample in samples):
        raise ValueError(f"{name}: no samples, or one that is not a number: {list(samples)}")
    return Figure(name, statistics.median(samples), unit, runs, target, tuple(samples), dict(besides or {}))


def ratio(
    name: str,
    above: Sequence[float],
    below: Sequence[float],
    *,
    runs: int | None = None,
    target: AtLeast | AtMost | None = None,
    besides: Mapping[str, float | str] | None = None,
) -> Figure:
    """Return median by median, with the ratios of the pairs, which were measured one after the other, as samples."""
    pairs = [first / second for first, second in zip(above, below, strict=True)]
    value = statistics.median(above) / statistics.median(below)
    return Figure(name, value, "", runs, target, tuple(pairs), dict(besides or {}))


def number(value: float) -> str:
    """Return a number as a person reads it: thousands apart, no more digits than were measured."""
    if value == 0 or abs(value) >= 99.95:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table, its columns aligned."""
    rows = [_cells(figure) for figure in figures]
    widths = [max(len(line[place]) for line in [_COLUMNS, *rows]) for place in range(len(_COLUMNS))]
    rule = [
        "-" * (width - 1) + ":" if name in _RIGHT else "-" * width for name, width in zip(_COLUMNS, widths, strict=True)
    ]
    return "\n".join(_line(cells, widths) for cells in [_COLUMNS, rule, *rows])


def _cells(figure: Figure) -> tuple[str, ...]:
    spread = ""
    if len(figure.samples) > 1:
        spread = f"{number(min(figure.samples))} to {number(max(figure.samples))} ({len(figure.samples)})"
    target = "" if figure.target is None else f"{figure.target} {'met' if figure.is_met else 'MISSED'}"
    return (
        figure.name,
        "" if figure.runs is None else number(figure.runs),
        f"{number(figure.value)} {figure.unit}".strip(),
        spread,
        target,
        ", ".join(
            f"{name} {value if isinstance(value, str) else number(value)}" for name, value in figure.besides.items()
        ),
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = [
        cell.rjust(width) if name in _RIGHT else cell.ljust(width)
        for name, cell, width in zip(_COLUMNS, cells, widths, strict=True)
    ]
    return f"| {' | '.join(shown)} |"


def verdict(figures: Sequence[Figure]) -> str:
    """Return one sentence on the targets."""
    aimed = [figure for figure in figures if figure.is_met is not None]
    missed = [figure for figure in aimed if not figure.is_met]
    if not aimed:
        return "No figure here has a target."
    if not missed:
        return f"All targets are met ({len(aimed)})."
    named = (f"{figure.name} ({number(figure.runs)} runs)" if figure.runs else figure.name for figure in missed)
    return f"{len(missed)} of {len(aimed)} targets missed: {'; '.join(named)}."


def document(figures: Sequence[Figure], machine: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is written as JSON: the machine, what was asked for, and each figure with its samples."""
    return {
        "form": FORM,
        "machine": dict(machine),
        "asked": dict(asked),
        "figures": [
            {
                "name": figure.name,
                "runs": figure.runs,
                "value": figure.value,
                "unit": figure.unit,
                "samples": list(figure.samples),
                "target": None if figure.target is None else str(figure.target),
                "met": figure.is_met,
                "besides": dict(figure.besides),
            }
            for figure in figures
        ],
    }
