"""Judging the tokens: names, events and what they say; damage of a token is found like that of a run."""

from collections import Counter
from collections.abc import Iterator

from rmos import digest
from rmos.checks.findings import finding
from rmos.checks.runs import Judged
from rmos.errors.objects import ObjectMissing, ObjectUnreadable
from rmos.models import Event, Finding
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.records import Damage, judge_event
from rmos.store.tokens import fold_token, numbered


def judge_tokens(objects: Objects) -> Judged:
    """Return the counts and findings of the tokens' folder."""
    judged = Judged(Counter(), [])
    names = []
    try:
        for name, kind in sorted(objects.entries(layout.TOKENS)):
            path = f"{layout.TOKENS}/{name}"
            if layout.kind_of(name) == "debris":
                judged.counts["debris"] += 1
            elif layout.token_event(name) is None:
                judged.findings.append(finding("stray", path, "no event of a token has such a name"))
            elif kind != "file":
                judged.findings.append(finding("not_a_file", path, f"a {kind} stands where a token's event should be"))
            else:
                names.append(name)
    except ObjectUnreadable as error:
        judged.findings.append(finding("unreadable", layout.TOKENS, error.detail))
    for token_id, numbers in numbered(names).items():
        judged.counts["tokens"] += 1
        judged.findings.extend(_judge_token(objects, token_id, numbers))
    return judged


def _judge_token(objects: Objects, token_id: str, numbers: list[int]) -> Iterator[Finding]:
    """Give what is wrong with a token, going on behind a damaged event; a chain has two known ends."""
    record_id = f"tok_{token_id}"
    events: list[Event] = []
    previous, known, expected = "", True, 1
    for number in numbers:
        key = layout.event_key(layout.TOKENS, record_id, number)
        if number != expected:
            detail = f"events {expected} to {number - 1} of the token are not there, but event {number} is"
            yield finding("event_hole", key, detail)
            known = False
        expected = number + 1
        try:
            data = objects.read(key)
            stored = judge_event(data, record_id, number, previous or None)
            events.append(stored.event)
            previous, known = stored.file_sha256, True
        except ObjectMissing:
            known = False  # it was taken away just now: the second look will tell
        except ObjectUnreadable as error:
            yield finding("unreadable", key, error.detail)
            known = False
        except Damage as damage:
            if damage.kind != "event_chain_broken" or known:
                yield finding(damage.kind, key, damage.detail)
            known = damage.kind == "event_chain_broken"
            previous = digest.sha256_hex(data)
    if len(events) != expected - 1:
        return
    try:
        fold_token(token_id, events)
    except Damage as damage:
        yield finding(damage.kind, layout.event_key(layout.TOKENS, record_id, 1), damage.detail)
