"""Findings for people: grouped by kind, each with its path and detail, the next step once; and the last sentence."""

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
            say(f"      {found.detail}", hang=" " * 6)
        say(f"  next: {members[0].next}", hang=" " * 8)
    say_more(len(ordered))


def say_listed(lines: Sequence[str], *, err: bool = False) -> None:
    """Write lines of a list, at most `SHOWN` of them."""
    for line in lines[:SHOWN]:
        say(f"  {line}", hang=" " * 6, err=err)
    say_more(len(lines), err=err)


def describe_quarantine(number: int) -> str:
    """Return what it means that objects are in quarantine."""
    if number == 1:
        return "1 object is in quarantine, and its run cannot be read in full until it is restored"
    return f"{number} objects are in quarantine, and their runs cannot be read in full until they are restored"


def list_unchecked(*, strict: bool, quick: bool, since: str | None) -> list[str]:
    """Return what a report leaves open because of how it was asked for."""
    return [
        *([f"only runs from {since} on"] if since else []),
        *(["blobs were not hashed"] if quick else []),
        *([] if strict else ["records were not decoded"]),
    ]


def describe_sound_store(open_ends: Sequence[str], quarantined: int) -> str:
    """Return the sentence for a store without findings: it claims no more than was looked at."""
    aside = describe_quarantine(quarantined) if quarantined else ""
    if open_ends:
        return f"OK as far as it was looked at: {'; '.join([*open_ends, aside] if aside else open_ends)}."
    return f"OK: nothing new is wrong; {aside}." if aside else "OK: the record is whole."


def say_more(total: int, *, err: bool = False) -> None:
    """Write how much was left out."""
    if total > SHOWN:
        say(err=err)
        say(f"... and {total - SHOWN} more; --json shows all.", err=err)
