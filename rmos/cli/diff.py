"""`rmos diff`: how two runs differ."""

import json
from typing import Any, Final

import click
import msgspec
from flask.cli import with_appcontext

from rmos.cli.exits import DONE
from rmos.cli.opening import open_for_reading
from rmos.cli.output import emit, escape_for_stream, json_option, say, say_table, terminal_width
from rmos.cli.run_ids import find_run_id
from rmos.cli.tables import Column, cut_text
from rmos.counts import count_of
from rmos.diff import PathDiff, RunDiff
from rmos.schemas.diffs import diff_records

_CELL: Final = 48
"""Cells of a value that the table shows; --json has more."""
_BEFORE_A_SIDE: Final = 7
_COLUMNS: Final = (Column("SEVERITY"), Column("PATH"), Column("A"), Column("B"))


@click.command("diff")
@click.argument("run_a")
@click.argument("run_b")
@json_option
@with_appcontext
def diff(run_a: str, run_b: str, as_json: bool) -> int:
    """Compare two runs: what differs, and how much it matters.

    Each is named by its id, by a beginning of it, or as @latest.

    CRITICAL: whether the machine may run, or what it would run (status,
    risk, block reason, G-code, toolpaths). WARNING: what the cut is evaluated
    by, and how (tool, material, machine, score, warnings, feasibility).
    INFO: the rest. Ids and times are no differences. Changes nothing.

    \b
    Exit codes: 0 compared, whatever was found; 1 there is no such run, it
    was deleted or its record is damaged, 2 usage, 10 no store there,
    130 interrupted.
    """
    store = open_for_reading()
    a, b = (store.runs.record(find_run_id(store, run)) for run in (run_a, run_b))
    found = diff_records(a, b)
    if as_json:
        emit(msgspec.to_builtins(found))
    else:
        _say_diff(found)
    return DONE


def _say_diff(found: RunDiff) -> None:
    differ = count_of(found.changed_count, "path differs", "paths differ")
    say(f"{found.diff_severity}: {differ}." if found.diff else "NONE: the runs are alike.")
    if not found.diff:
        return
    width = terminal_width()
    cells = _CELL if width is None else width - _BEFORE_A_SIDE
    rows = [[entry.severity, path, *_sides(entry, cells)] for path, entry in found.diff.items()]
    if width is None:
        say_table(_COLUMNS, rows)
    else:
        _say_stacked(rows)
    if found.note:
        say(found.note)


def _say_stacked(rows: list[list[str]]) -> None:
    """Write both sides below their path: beside each other neither would be whole on a terminal."""
    for severity, path, a, b in rows:
        say(f"{severity:<8}  {path}")
        say(f"    A  {a or '(absent)'}")
        say(f"    B  {b or '(absent)'}")


def _sides(entry: PathDiff, cells: int) -> tuple[str, str]:
    cut = {} if isinstance(entry.cut, msgspec.UnsetType) else entry.cut
    return _text(entry.a, "a" in cut, cells), _text(entry.b, "b" in cut, cells)


def _text(value: Any, cut: bool, cells: int) -> str:
    """Return a value as it is written in JSON, nothing where there is none."""
    if value is msgspec.UNSET:
        return ""
    return cut_text(escape_for_stream(value if cut else json.dumps(value, ensure_ascii=False)), cells)
