"""Findings for people: grouped by kind, each with its path and detail, the next step once."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from rmos.cli.output import say
from rmos.models import Finding

SHOWN: Final = 50
"""Entries of a list that people get to see; --json has all."""


def say_findings(findings: Iterable[Finding]) -> None:
    """Write findings grouped by kind; more than `SHOWN` are counted, not listed."""
    ordered = sorted(findings, key=lambda found: (found.kind, found.path))
    counts = {kind: len(list(group)) for kind, group in groupby(ordered, lambda found: found.kind)}
    for kind, group in groupby(ordered[:SHOWN], lambda found: found.kind):
        members = list(group)
        say()
        say(f"{kind} ({counts[kind]})")
        for found in members:
            say(f"  {found.path or '(the whole store)'}")
            say(f"      {found.detail}")
        say(f"  next: {members[0].next}")
    say_more(len(ordered))


def say_listed(lines: Sequence[str]) -> None:
    """Write lines of a list, at most `SHOWN` of them."""
    for line in lines[:SHOWN]:
        say(f"  {line}")
    say_more(len(lines))


def say_more(total: int) -> None:
    """Write how much was left out."""
    if total > SHOWN:
        say()
        say(f"... and {total - SHOWN} more; --json shows all.")
