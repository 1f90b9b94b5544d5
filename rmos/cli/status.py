"""`rmos status`: the health of the store on one screen."""

from collections import Counter
from typing import Any

import click
from flask.cli import with_appcontext

from rmos.checks.verify import Report, verify_store
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.findings import in_quarantine, not_looked_at
from rmos.cli.opening import count_runs, open_for_reading, workers_for
from rmos.cli.output import RULE, emit, json_option, progress, say

_LINES = ("orphan_artifacts", "missing_artifacts", "partition_mismatches", "deserialize_failures")


@click.command("status")
@click.option("--quick", is_flag=True, help="Judge by digests alone: decode no artifact and hash no blob.")
@json_option
@with_appcontext
def status(quick: bool, as_json: bool) -> int:
    """Show the health of the store on one screen.

    Judges the whole store as `rmos verify` does and counts what it found;
    `rmos verify` lists it. Creates and changes nothing.

    \b
    Exit codes: 0 HEALTHY, 1 NEEDS_ATTENTION, 2 usage, 10 no store there,
    130 interrupted.
    """
    store = open_for_reading()
    runs = count_runs(store)
    with progress("Judging", runs) as advance:
        report = verify_store(store, strict=not quick, quick=quick, workers=workers_for(runs), progress=advance)
    health = _health(report)
    if as_json:
        emit(health)
    else:
        _say_health(health, not_looked_at(strict=not quick, quick=quick, since=None))
    return DONE if report.ok else FINDINGS


def _health(report: Report) -> dict[str, Any]:
    return {
        "store_root": report.store_root,
        "index_exists": report.index_exists,
        "indexed_runs": report.indexed_runs,
        **{name: len(getattr(report, name)) for name in _LINES},
        "quarantined": len(report.quarantined),
        "findings": dict(sorted(Counter(found.kind for found in report.findings).items())),
        "strict_deserialize": report.strict_deserialize,
        "overall": "HEALTHY" if report.ok else "NEEDS_ATTENTION",
    }


def _say_health(health: dict[str, Any], open_ends: list[str]) -> None:
    say(RULE)
    say("RMOS Runs Store Health Report")
    say(RULE)
    say(f"Store root: {health['store_root']}")
    say(f"Index exists: {'Yes' if health['index_exists'] else 'No'}")
    say(f"Indexed runs: {health['indexed_runs']}")
    for name in _LINES:
        say(f"{name.replace('_', ' ').capitalize()}: {health[name]}")
    say(f"In quarantine: {health['quarantined']}")
    if health["findings"]:
        say(f"Findings: {', '.join(f'{kind} {number}' for kind, number in health['findings'].items())}")
        say("Next: `rmos verify` lists them and says what to do about each.")
    if health["quarantined"]:
        say(f"Note: {in_quarantine(health['quarantined'])}.")
    if open_ends:
        say(f"Note: as far as it was looked at: {'; '.join(open_ends)}.")
    say(f"Overall: {health['overall']}")
    say(RULE)
